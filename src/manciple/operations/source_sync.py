"""The ticks on which products that follow a repository look for new commits.

Runs beside the driver, in every process that works. Whoever moves a connection's next look on in time has it; so each
is looked at once, however many processes there are.
"""

import logging
import threading

import sqlalchemy as sa

from manciple.catalog.source_connections import SourceConnection
from manciple.operations.call import Caller, Context, Runtime, writing
from manciple.operations.source_connections import Look, Source, look, period, settle
from manciple.store.rows import PRODUCTS
from manciple.store.source_connections import SOURCE_CONNECTIONS
from manciple.store.tables.source_connections import SOURCE_CONNECTION

_LOG = logging.getLogger(__name__)
_AT_ONCE = 50
_DUE = (
    SOURCE_CONNECTIONS.select.where(SOURCE_CONNECTION.c.next_sync_time <= sa.bindparam("now"))
    .order_by(SOURCE_CONNECTION.c.next_sync_time)
    .limit(_AT_ONCE)
)


class SourceSync:
    """Looks at what is due, again and again, until it is stopped."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="manciple-sources", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop working, and wait until that is so; a look under way is finished first."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        pause = min(period(self._runtime) / 1000, 1.0)
        while not self._stopping.wait(pause):
            try:
                self._tick()
            except Exception:  # noqa: BLE001 (whatever it is, the next tick tries again)
                _LOG.exception("Looking for new commits failed.")

    def _tick(self) -> None:
        with self._runtime.database.read() as tx:
            due = [SOURCE_CONNECTIONS.of(row) for row in tx.all(_DUE, now=self._runtime.now())]
        for connection in due:
            if self._stopping.is_set():
                return
            if self._take(connection):
                self._sync(connection)

    def _take(self, connection: SourceConnection) -> bool:
        """Have this look, if no other process has it."""
        with self._runtime.database.write() as tx:
            later = self._runtime.now() + period(self._runtime)
            expected = {"next_sync_time": connection.next_sync_time}
            return SOURCE_CONNECTIONS.change(tx, connection, expect=expected, next_sync_time=later) is not None

    def _sync(self, connection: SourceConnection) -> None:
        runtime = self._runtime
        with runtime.database.read() as tx:
            product = PRODUCTS.get(tx, connection.account, connection.region, connection.product_id)
        if product is None:
            return
        found = self._look(connection, product.type)
        root = f"arn:aws:iam::{connection.account}:root"
        caller = Caller(connection.account, connection.region, root, root)
        with writing(runtime, caller) as tx:
            current = SOURCE_CONNECTIONS.get(tx, connection.account, connection.region, connection.product_id)
            if current is not None and _is_same(current, connection):
                settle(Context(runtime, caller, tx, runtime.now(), "source-sync"), product, current, found)

    def _look(self, connection: SourceConnection, product_type: str) -> Look:
        """Look where the connection leads today; the operator may have taken it back."""
        base = self._runtime.settings.source_connections.get(connection.connection_arn, "")
        source = Source(
            base, connection.connection_arn, connection.repository, connection.branch, connection.artifact_path
        )
        if not base:
            return Look(source, error=f"The connection {connection.connection_arn} is not known here any more.")
        return look(self._runtime, product_type, source, seen=connection.revision)


def _is_same(one: SourceConnection, other: SourceConnection) -> bool:
    """Do two follow the same file? A connection may be replaced while it is looked at."""
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("connection_arn", "repository", "branch", "artifact_path", "revision")
    )
