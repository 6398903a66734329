"""What a process remembers of operations between their slices, so that a long one is not read anew for each.

Only the holder of a lease writes an operation's rows, and every claim takes the next epoch. So what was remembered at
the end of a slice is still what the rows say exactly when the next claim gets the epoch after it.
"""

import threading
from collections import OrderedDict

from manciple.engine.rows import Operation
from manciple.engine.work import Work


class Memory:
    """The newest operations that waited when their slice ended, as many as `room`."""

    def __init__(self, room: int = 64) -> None:
        self._room = room
        self._guard = threading.Lock()
        self._works: OrderedDict[str, Work] = OrderedDict()

    def keep(self, work: Work) -> None:
        """Remember an operation whose slice has ended and whose changes are all written."""
        with self._guard:
            self._works[work.operation.id] = work
            if len(self._works) > self._room:
                self._works.popitem(last=False)

    def take(self, operation: Operation) -> Work | None:
        """What is remembered of an operation just claimed, if nobody else has had it since."""
        with self._guard:
            work = self._works.pop(operation.id, None)
        if work is None or work.operation.epoch != operation.epoch - 1:
            return None
        work.operation = operation
        return work
