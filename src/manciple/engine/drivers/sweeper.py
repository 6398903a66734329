"""The sweeper: removes what is old, once an hour, beside the driver."""

import logging
import threading

from manciple.engine.retention import sweep
from manciple.store.database import Database

_LOG = logging.getLogger(__name__)

_HOUR = 3600.0
_DAY = 86_400_000


class Sweeper:
    """Keeps what operations leave behind for so many days; for ever if that is 0."""

    def __init__(self, database: Database, days: int, seconds: float = _HOUR) -> None:
        self._database = database
        self._days = days
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to sweep, first in an hour."""
        self._stopping.clear()
        if self._days:
            self._thread = threading.Thread(target=self._run, name="manciple-sweeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop, after the round under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                sweep(self._database, self._days * _DAY)
            except Exception:  # noqa: BLE001 (a database that is away comes back)
                _LOG.exception("What is old could not be removed.")
