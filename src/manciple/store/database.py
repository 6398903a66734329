"""Connections and transactions, the same for SQLite and PostgreSQL.

SQLite has one writer: all writes go through one kept connection behind one fair lock (BEGIN IMMEDIATE, WAL,
synchronous=FULL), so nobody ever meets "database is locked"; readers come from a pool and see a snapshot. PostgreSQL
uses one pool for both. A transaction is short: no network call and no evaluation happens inside one.
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.pool import NullPool, QueuePool


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


JSON_OPTIONS: dict[str, Any] = {"json_serializer": _to_json, "json_deserializer": msgspec.json.decode}
"""How a dialect of SQLAlchemy writes and reads JSON columns."""

_OPTIONS: dict[str, Any] = {**JSON_OPTIONS, "hide_parameters": True}  # an error's text goes to the log

Params = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class FairLock:
    """A lock that is handed over in the order of asking (threading.Lock promises no order)."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._held = False

    def acquire(self) -> None:
        """Wait for the turn and take the lock."""
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def release(self) -> None:
        """Hand the lock to whoever has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


class Transaction:
    """One open transaction: runs statements, knows the database's clock, remembers what to do about its commit.

    What `before_commit` holds is done last in the transaction, `after_commit` when that was committed.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.is_postgresql = connection.dialect.name == "postgresql"
        self.after_commit: list[Callable[[], None]] = []
        self.before_commit: dict[object, Callable[[Transaction], None]] = {}

    @property
    def driver(self) -> Any:
        """The driver's own connection."""
        return self.connection.connection.driver_connection

    def execute(self, statement: sa.Executable, parameters: Params = None) -> sa.CursorResult[Any]:
        """Run a statement; with a list of mappings, once for each."""
        return self.connection.execute(statement, parameters, execution_options=_KEEP_COUNTS)

    def all(self, statement: sa.Executable, **parameters: Any) -> Sequence[sa.Row[Any]]:
        """Every row."""
        return self.connection.execute(statement, parameters).all()

    def first(self, statement: sa.Executable, **parameters: Any) -> sa.Row[Any] | None:
        """The first row, or None."""
        return self.connection.execute(statement, parameters).first()

    def scalar(self, statement: sa.Executable, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        return self.connection.execute(statement, parameters).scalar()

    def finish(self) -> None:
        """Do what is to be done last."""
        for action in self.before_commit.values():
            action(self)

    def now(self) -> int:
        """Milliseconds since the epoch by the database's clock, which all processes share."""
        return int(self.scalar(_CLOCKS[self.is_postgresql]))


_KEEP_COUNTS = {"preserve_rowcount": True}  # psycopg forgets how many rows an INSERT made once its cursor is closed

_SNAPSHOT = "REPEATABLE READ"  # PostgreSQL's default shows every statement another state

_CLOCKS = {
    True: sa.text("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"),
    False: sa.text("SELECT CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"),
}


class Database:
    """A database by its SQLAlchemy URL: `sqlite:///file` or `postgresql+psycopg://…`."""

    def __init__(self, url: str, pool_size: int = 20) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = FairLock()
        self._writer: sa.Connection | None = None
        self._readers: list[sa.Connection] = []  # idle ones; taking from the pool and giving back costs 30 us
        self.engine = _sqlite_engine(self.url, pool_size) if self.is_sqlite else _postgresql_engine(self.url, pool_size)
        self._snapshots = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level=_SNAPSHOT)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A read snapshot; never takes the write lock."""
        if self.is_sqlite:
            with self._any_reader() as connection, _begun(connection, "BEGIN"):
                yield Transaction(connection)
        else:
            with self._snapshots.begin() as connection:
                yield Transaction(connection)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A write transaction: committed if the block ends, rolled back if it raises; then `after_commit` runs."""
        if self.is_sqlite:
            with self._only_writer() as connection, _begun(connection, "BEGIN IMMEDIATE"):
                yield (transaction := Transaction(connection))
                transaction.finish()
        else:
            with self.engine.begin() as connection:
                yield (transaction := Transaction(connection))
                transaction.finish()
        for action in transaction.after_commit:
            action()

    @contextmanager
    def _only_writer(self) -> Iterator[sa.Connection]:
        self._lock.acquire()
        try:
            if self._writer is None:
                self._writer = self.engine.connect()
            yield self._writer
        finally:
            self._lock.release()

    @contextmanager
    def _any_reader(self) -> Iterator[sa.Connection]:
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self.engine.connect()
        try:
            yield connection
        finally:
            self._readers.append(connection)

    def close(self) -> None:
        """Close every connection."""
        for connection in (*self._readers, *([self._writer] if self._writer else [])):
            connection.close()
        self._readers.clear()
        self._writer = None
        self.engine.dispose()


@contextmanager
def _begun(connection: sa.Connection, statement: str) -> Iterator[None]:
    """A transaction that the driver begins: as SQLAlchemy's event it would make every statement look for listeners."""
    with connection.begin():
        driver: Any = connection.connection.driver_connection
        driver.execute(statement)
        yield


_PATIENCE = 30
"""Seconds to wait for another process that has SQLite's file locked."""
_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_PATIENCE * 1000}", "cache_size=-16000")


def _sqlite_engine(url: sa.URL, pool_size: int) -> sa.Engine:
    engine = sa.create_engine(
        url,
        poolclass=QueuePool if url.database else NullPool,
        pool_size=pool_size,
        max_overflow=-1,
        **_OPTIONS,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": _PATIENCE},
    )

    @sa.event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        _use_wal(connection)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; while another process does so, SQLite refuses at once and does not wait by itself."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _postgresql_engine(url: sa.URL, pool_size: int) -> sa.Engine:
    return sa.create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, **_OPTIONS)
