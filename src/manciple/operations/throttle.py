"""Throttling by rate, the part of the behaviour dial that refuses (service-catalog-api reference, 1.3).

Each process counts for itself what each account calls in each region. Rates of AWS are not documented; the default
ones are ours, but that portfolios can be shared about once a second is observed.
"""

import threading

from manciple.catalog.behaviour import Rate
from manciple.errors import ThrottlingException
from manciple.settings import Settings

_SHARING = frozenset({"CreatePortfolioShare", "DeletePortfolioShare", "UpdatePortfolioShare"})
_FREE = "sqs:"
"""Of Amazon SQS no such rate is known, and who waits for a message looks many times."""
_MANY = 10_000
"""So many counts are kept before those that are no longer needed are dropped."""

Key = tuple[str, str, str]


class Throttle:
    """Refuses calls that come faster than the settings allow; in instant behaviour none."""

    def __init__(self, settings: Settings) -> None:
        faithful = settings.faithful
        self._is_on = settings.behaviour == "faithful"
        self._usual = Rate(faithful.requests_per_second, faithful.burst)
        self._sharing = Rate(faithful.shares_per_second, 1)
        self._due: dict[Key, float] = {}
        self._lock = threading.Lock()

    def check(self, account: str, region: str, operation: str, now: int) -> None:
        """Count a call. Raises ThrottlingException if it comes too early."""
        if not self._is_on or operation.startswith(_FREE):
            return
        rate = self._sharing if operation in _SHARING else self._usual
        key = (account, region, operation)
        with self._lock:
            due = rate.admit(self._due.get(key, 0), now)
            if due is None:
                raise ThrottlingException("Rate exceeded")
            self._due[key] = due
            if len(self._due) > _MANY:
                self._due = {key: due for key, due in self._due.items() if due > now}
