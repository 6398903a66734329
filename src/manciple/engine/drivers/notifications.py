"""Wakes across processes on PostgreSQL: NOTIFY with the operation's id, LISTEN on a connection of its own."""

import logging
import threading
from collections.abc import Callable

import psycopg
import sqlalchemy as sa

from manciple.store.database import Database

CHANNEL = "manciple_operation"

_LOG = logging.getLogger(__name__)
_NOTIFY = sa.text("SELECT pg_notify(:channel, :operation)")
_PATIENCE = 0.5
"""Seconds between two looks at whether to stop, and before a lost connection is made again."""


def notify(database: Database, operation_id: str) -> None:
    """Tell every listening process of an operation."""
    with database.write() as tx:
        tx.execute(_NOTIFY, {"channel": CHANNEL, "operation": operation_id})


class Notifications:
    """Listens on a thread until stopped; a lost connection is made anew (the poll finds what was missed)."""

    def __init__(self, url: sa.URL, on_operation: Callable[[str], None]) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._on_operation = on_operation
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="manciple-listen", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._hear(connection)
            except psycopg.OperationalError:
                _LOG.warning("The connection that listens for operations was lost.")
                self._stopping.wait(_PATIENCE)

    def _hear(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        while not self._stopping.is_set():
            for found in connection.notifies(timeout=_PATIENCE):
                self._on_operation(found.payload)
