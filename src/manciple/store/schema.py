"""The tables' versions: bring a database up to date, refuse one from the future.

Migrations expand first and contract a release later, so that two versions of the program can share a database.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from manciple.store.database import Database, Transaction

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0013"
"""The newest migration; a house test holds it against the folder `migrations/versions`."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_062_416_259_410_512_896
"""Any number that no other program locks on: processes that start together migrate one after the other."""

_FIND_REVISION = sa.text("SELECT version_num FROM alembic_version")


class SchemaError(Exception):
    """The database was written by a newer version of the program."""


def upgrade(database: Database) -> None:
    """Bring the tables to HEAD; does nothing, quickly, when they are there.

    Raises SchemaError if the database has a revision that this version does not know.
    """
    with database.read() as tx:
        revision = find_revision(tx)
    if revision == HEAD:
        return
    with database.write() as tx:
        if tx.is_postgresql:
            tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _migrate(tx)


def find_revision(tx: Transaction) -> str | None:
    """The newest migration that a database has seen; None if it has seen none."""
    if not sa.inspect(tx.connection).has_table("alembic_version"):
        return None
    revision = tx.scalar(_FIND_REVISION)
    return None if revision is None else str(revision)


def alembic_settings(tx: Transaction) -> "Config":
    """What Alembic's commands take: where our migrations are, and the transaction that they run in."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = tx.connection
    return settings


def _migrate(tx: Transaction) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    settings = alembic_settings(tx)
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    revision = find_revision(tx)
    if revision is not None and revision not in known:
        raise SchemaError(
            f"The database is at version {revision}, this version of Manciple knows versions up to {HEAD}: "
            "use the version of Manciple that wrote it, or a newer one."
        )
    command.upgrade(settings, "head")
