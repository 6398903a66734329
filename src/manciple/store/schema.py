"""The tables' versions: bring a database up to date, refuse one from the future.

Migrations expand first and contract a release later, so that two versions of the program can share a database.
"""

from pathlib import Path

import sqlalchemy as sa

from manciple.store.database import Database

HEAD = "0001"
"""The newest migration; a house test holds it against the folder `migrations/versions`."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_062_416_259_410_512_896
"""Any number that no other program locks on: processes that start together migrate one after the other."""


class SchemaError(Exception):
    """The database was written by a newer version of the program."""


def upgrade(database: Database) -> None:
    """Bring the tables to HEAD; does nothing, quickly, when they are there.

    Raises SchemaError if the database has a revision that this version does not know.
    """
    if _revision(database) == HEAD:
        return
    with database.write() as tx:
        if tx.is_postgresql:
            tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _migrate(tx.connection)


def _revision(database: Database) -> str | None:
    with database.read() as tx:
        if not sa.inspect(tx.connection).has_table("alembic_version"):
            return None
        revision = tx.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if revision is None else str(revision)


def _migrate(connection: sa.Connection) -> None:
    from alembic import command, config, util

    settings = config.Config()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except util.CommandError as error:
        raise SchemaError(f"The database cannot be used by this version of Manciple: {error}.") from error
