"""The SQL statements that a server really runs, and how a database would find their rows."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from manciple.store.database import Database, Transaction

OF_THE_ENGINE = ("manciple-", "provider")
"""How the names of the engine's threads begin."""


@dataclass(frozen=True)
class Statement:
    """One statement with its parameters as the driver got them."""

    text: str
    parameters: Any
    thread: str


@dataclass
class Recorder:
    """Statements in the order in which they ran in one database; other tests' servers may run beside it."""

    url: sa.URL
    statements: list[Statement] = field(default_factory=list)

    def note(self, connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, is_many: bool) -> None:
        """SQLAlchemy's event `before_cursor_execute`."""
        looks_for_rows = text.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
        if looks_for_rows and connection.engine.url == self.url:
            first = parameters[0] if is_many else parameters
            self.statements.append(Statement(text, first, threading.current_thread().name))

    def of_operations(self, start: int = 0) -> list[Statement]:
        """The statements that operations ran, from one on."""
        return [found for found in self.statements[start:] if not found.thread.startswith(OF_THE_ENGINE)]

    def of_thread(self, name: str) -> list[Statement]:
        """The statements of the threads whose names begin so."""
        return [found for found in self.statements if found.thread.startswith(name)]


@contextmanager
def recording(url: str) -> Iterator[Recorder]:
    """Record every statement of this process in the database of a URL while the block runs."""
    recorder = Recorder(sa.make_url(url))
    sa.event.listen(sa.Engine, "before_cursor_execute", recorder.note)
    try:
        yield recorder
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", recorder.note)


@dataclass(frozen=True)
class Access:
    """How the rows of one table are found: by which conditions on an index; None for a scan of the table."""

    table: str
    condition: str | None

    @property
    def is_owned(self) -> bool:
        """Does the search in the index begin with whose the rows are?"""
        return self.condition is not None and all(name in self.condition for name in ("account", "region"))


def accesses(database: Database, statement: Statement) -> list[Access]:
    """How a database would find the rows of a statement."""
    with database.read() as tx:
        return list(_on_sqlite(tx, statement) if database.is_sqlite else _on_postgresql(tx, statement))


def _on_sqlite(tx: Transaction, statement: Statement) -> Iterator[Access]:
    """Read lines like `SEARCH record USING INDEX ix (account=? AND region=?)` and `SCAN record`."""
    rows = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.text}", statement.parameters)
    for row in rows.all():
        action, table = row.detail.split()[:2]
        if action == "SEARCH":
            yield Access(table, row.detail.partition("(")[2].rstrip(")"))
        elif action == "SCAN" and table in _tables(tx):
            yield Access(table, None)


def _on_postgresql(tx: Transaction, statement: Statement) -> Iterator[Access]:
    tx.execute(sa.text("SET LOCAL enable_seqscan = off"))
    explained = tx.connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement.text}", statement.parameters)
    (plan,) = explained.scalar_one()
    yield from _of_node(plan["Plan"], "")


def _of_node(node: dict[str, Any], table: str) -> Iterator[Access]:
    table = node.get("Relation Name", table)
    kind = node["Node Type"]
    if kind == "Seq Scan":
        yield Access(table, None)
    elif "Index" in kind:
        yield Access(table, node.get("Index Cond"))
    for inner in node.get("Plans", ()):
        yield from _of_node(inner, table)


def _tables(tx: Transaction) -> set[str]:
    return set(sa.inspect(tx.connection).get_table_names())
