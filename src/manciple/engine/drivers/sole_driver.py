"""On SQLite a database has one driver at a time: whoever holds the lock beside the file knows that no other one lives.

So what a killed process left behind can be taken over at once, without waiting for its leases to run out.
"""

import fcntl
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from manciple.store.database import Database
from manciple.store.tables.engine import OPERATION

_END_LEASES = sa.update(OPERATION).where(OPERATION.c.not_before.is_not(None), OPERATION.c.lease > 0).values(lease=0)


class SoleDriver:
    """The lock of a SQLite database's driver; the operating system lets go of it when the process ends, however."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Take the lock and end the leases of whoever had it before; False if another driver is at work."""
        path = self._database.url.database
        if not self._database.is_sqlite or not path:
            return False
        file = Path(f"{path}.driver").open("a")  # noqa: SIM115 (held for as long as the driver runs)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        with self._database.write() as tx:
            tx.execute(_END_LEASES)
        return True

    def release(self) -> None:
        """Let go of the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None
