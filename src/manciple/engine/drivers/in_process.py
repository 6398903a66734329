"""The in-process driver: a heap of wake times and a pool of threads that run slices.

After a commit `wake` is called with the operation's id; on PostgreSQL other processes hear of it by NOTIFY. Below both
lies a net: a poll of the index over (not_before, lease) finds what nobody was woken for, after a crash for instance.
Any number of processes may share a PostgreSQL: leases keep them apart.
"""

import heapq
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import sqlalchemy as sa

from manciple.engine.drivers.notifications import Notifications, notify
from manciple.engine.drivers.sole_driver import SoleDriver
from manciple.engine.limits import Limits
from manciple.engine.operation import FORMAT
from manciple.engine.reconcile import Done, Engine
from manciple.engine.targets.target import Wake
from manciple.store.database import Database
from manciple.store.tables.engine import OPERATION

_LOG = logging.getLogger(__name__)

_DUE = (
    sa.select(OPERATION.c.id)
    .where(
        OPERATION.c.not_before <= sa.bindparam("at"),
        OPERATION.c.lease <= sa.bindparam("at"),
        OPERATION.c.format <= FORMAT,
    )
    .order_by(OPERATION.c.not_before)
    .limit(sa.bindparam("most"))
)


class Worker(Protocol):
    """Something that works on its own while a driver does."""

    def start(self) -> None:
        """Begin to work."""
        ...

    def stop(self) -> None:
        """Stop working, and wait until that is so."""
        ...


class InProcessDriver:
    """Runs slices in this process until it is stopped, and what works `beside` them."""

    def __init__(self, engine: Engine, beside: Sequence[Worker] = ()) -> None:
        self.engine = engine
        self._beside = list(beside)
        self._database: Database = engine.parts.database
        self._limits: Limits = engine.parts.limits
        self._changed = threading.Condition()
        self._heap: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}
        self._running: set[str] = set()
        self._called: set[str] = set()
        self._stopping = False
        self._threads: list[threading.Thread] = []
        self._pool: ThreadPoolExecutor | None = None
        self._notifications: Notifications | None = None
        self._ahead = 0
        self._sole = SoleDriver(self._database)

    def take_along(self, worker: Worker) -> None:
        """Have something else work beside the slices, from the next start on."""
        self._beside.append(worker)

    def start(self) -> None:
        """Begin to work, first on what an earlier process left behind."""
        self._stopping = False
        self.engine.parts.runners.closing.clear()
        self._sole.take()
        self._pool = ThreadPoolExecutor(self._limits.slices, thread_name_prefix="manciple-slice")
        if not self._database.is_sqlite:
            self._notifications = Notifications(self._database.url, self._schedule_now)
            self._notifications.start()
        self._threads = [
            threading.Thread(target=self._dispatch, name="manciple-driver", daemon=True),
            threading.Thread(target=self._poll, name="manciple-poll", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        for worker in self._beside:
            worker.start()

    def stop(self) -> None:
        """Let the slices under way end and stop; what is not done is found at the next start.

        Runners of service actions may take long: they are broken off, and called again at the next start.
        """
        self.engine.parts.runners.closing.set()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for worker in self._beside:
            worker.stop()
        for thread in self._threads:
            thread.join()
        if self._notifications is not None:
            self._notifications.stop()
        if self._pool is not None:
            self._pool.shutdown()
        self._sole.release()
        self._threads, self._pool = [], None

    def wake(self, operation_id: str) -> None:
        """Let someone look at an operation now: this process, or on PostgreSQL any other. Never waits."""
        self._schedule_now(operation_id)
        if not self._threads and not self._database.is_sqlite:
            notify(self._database, operation_id)

    def _schedule_now(self, operation_id: str) -> None:
        self._schedule(operation_id, 0.0)

    def _schedule(self, operation_id: str, delay: float) -> None:
        """Look at an operation after a delay, or sooner if that is planned already."""
        at = time.monotonic() + delay
        with self._changed:
            if operation_id in self._running:
                self._called.add(operation_id)
            elif at < self._due.get(operation_id, float("inf")):
                self._due[operation_id] = at
                heapq.heappush(self._heap, (at, operation_id))
                self._changed.notify_all()  # the poll waits here too; a single notify could wake it alone

    def _dispatch(self) -> None:
        while operation_id := self._next():
            assert self._pool is not None
            self._pool.submit(self._run, operation_id)

    def _next(self) -> str | None:
        """Wait for the next operation that is due; None when stopping."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                if self._heap and self._heap[0][0] <= now:
                    at, operation_id = heapq.heappop(self._heap)
                    if self._due.get(operation_id) == at:
                        del self._due[operation_id]
                        self._running.add(operation_id)
                        return operation_id
                else:
                    self._changed.wait(self._heap[0][0] - now if self._heap else None)
        return None

    def _run(self, operation_id: str) -> None:
        answer: Done | Wake = Wake(0)
        try:
            answer = self.engine.reconcile(operation_id)
        except Exception:  # noqa: BLE001 (a database that is away comes back)
            _LOG.exception("Operation %s could not be reconciled.", operation_id)
        finally:
            delay = self._delay(answer)
            with self._changed:
                self._running.discard(operation_id)
                called = operation_id in self._called
                self._called.discard(operation_id)
            if called:
                self._schedule_now(operation_id)
            elif delay is not None:
                self._schedule(operation_id, delay)

    def _delay(self, answer: Done | Wake) -> float | None:
        """Seconds until an operation is due, by the database's clock as last polled; None once it is done."""
        if isinstance(answer, Done):
            return None
        return max(answer.at - self._ahead - _milliseconds(), 0) / 1000 if answer.at else self._limits.poll / 1000

    def _poll(self) -> None:
        while not self._stopping:
            self._poll_once()
            with self._changed:
                if not self._stopping:
                    self._changed.wait_for(lambda: self._stopping, self._limits.poll / 1000)

    def _poll_once(self) -> None:
        try:
            with self._database.read() as tx:
                now = tx.now()
                self._ahead = now - _milliseconds()
                found = tx.all(_DUE, at=now, most=self._limits.slices * 4)
        except sa.exc.SQLAlchemyError:
            _LOG.exception("The database could not be asked for work.")
            return
        for row in found:
            self._schedule_now(row.id)


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
