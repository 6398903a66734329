"""The tables as the code declares them and as the migrations make them are the same, on both databases."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from manciple.store import objects, schema, tables  # noqa: F401 (importing fills METADATA)
from manciple.store.database import Database
from manciple.store.metadata import METADATA
from tests.house.tree import ROOT

UPGRADE = """
import sys
from manciple.store import schema
from manciple.store.database import Database
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
schema.upgrade(database)
"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database."""
    opened = Database(database_url)
    yield opened
    opened.close()


def layout(database: Database) -> dict[str, Any]:
    """Every table with its columns, keys and indexes, as the database itself tells them."""
    with database.read() as tx:
        inspector = sa.inspect(tx.connection)
        return {
            name: (
                [(column["name"], repr(column["type"]), column["nullable"]) for column in inspector.get_columns(name)],
                inspector.get_pk_constraint(name),
                sorted(inspector.get_indexes(name), key=lambda index: str(index["name"])),
                inspector.get_unique_constraints(name),
                inspector.get_foreign_keys(name),
            )
            for name in inspector.get_table_names()
            if name != "alembic_version"
        }


def set_revision(database: Database, revision: str) -> None:
    with database.write() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_alembic_finds_no_difference_between_migrations_and_tables(database: Database) -> None:
    schema.upgrade(database)

    with database.read() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)

    assert differences == []


def test_migrations_make_the_very_tables_that_the_code_declares(database: Database) -> None:
    schema.upgrade(database)
    migrated = layout(database)
    with database.write() as tx:
        METADATA.drop_all(tx.connection)
        METADATA.create_all(tx.connection)

    assert migrated == layout(database)


def test_head_is_the_newest_migration(database: Database) -> None:
    schema.upgrade(database)

    with database.read() as tx:
        newest = ScriptDirectory.from_config(schema.alembic_settings(tx)).get_current_head()
        revision = schema.find_revision(tx)

    assert newest == schema.HEAD == revision


def test_a_migrated_database_is_left_alone(database: Database) -> None:
    schema.upgrade(database)
    before = layout(database)

    schema.upgrade(database)

    assert layout(database) == before


def test_every_migration_can_be_taken_back_and_made_again(database: Database) -> None:
    schema.upgrade(database)
    before = layout(database)

    with database.write() as tx:
        command.downgrade(schema.alembic_settings(tx), "base")
    emptied = layout(database)
    schema.upgrade(database)

    assert emptied == {}
    assert layout(database) == before


def test_a_database_from_the_future_is_refused_in_one_sentence(database: Database) -> None:
    schema.upgrade(database)
    set_revision(database, "9999")

    with pytest.raises(schema.SchemaError) as refused:
        schema.upgrade(database)

    assert str(refused.value) == (
        f"The database is at version 9999, this version of Manciple knows versions up to {schema.HEAD}: "
        "use the version of Manciple that wrote it, or a newer one."
    )


def test_processes_that_start_together_migrate_once(database: Database, database_url: str) -> None:
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, database_url],
            cwd=ROOT / "src",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in starting:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

    for process in starting:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [(process.communicate()[1], process.returncode) for process in starting]

    assert ended == [("", 0)] * 3
    with database.read() as tx:
        assert tx.all(sa.text("SELECT version_num FROM alembic_version")) == [(schema.HEAD,)]
