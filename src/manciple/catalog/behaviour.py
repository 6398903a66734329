"""The behaviour dial: how long the steps last that AWS takes asynchronously.

A step is under way from when it began until its time is over; so its status is a function of that moment and of now,
and nothing needs a timer. `instant` is a behaviour whose steps last no time at all.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Step: TypeAlias = Literal["creating", "sharing", "copying"]

STATUSES: dict[Step, tuple[str, str]] = {
    "creating": ("CREATING", "AVAILABLE"),
    "sharing": ("IN_PROGRESS", "COMPLETED"),
    "copying": ("IN_PROGRESS", "SUCCEEDED"),
}
"""A step's status while it is under way, and when it went well (service-catalog-api reference, 5.3, 5.5, 5.7, 5.9)."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How long each step lasts, in milliseconds; a step that is not named is over when it begins."""

    lasting: dict[Step, int] = field(default_factory=dict)

    def is_over(self, step: Step, since: int, now: int) -> bool:
        """Is a step that began at `since` over by now?"""
        return now >= since + self.lasting.get(step, 0)

    def status(self, step: Step, since: int, now: int) -> str:
        """The status of a step that began at `since`, in AWS's words."""
        return STATUSES[step][self.is_over(step, since, now)]


INSTANT = Behaviour()


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls a second, and `burst` at once after a while without any."""

    per_second: float
    burst: int

    def admit(self, due: float, now: float) -> float | None:
        """When the next call is due if one is made now, or None if that is too early; times are milliseconds.

        `due` is what the call before answered (the generic cell rate algorithm; 0 for the first call).
        """
        interval = 1000 / self.per_second
        if due - now > interval * (self.burst - 1):
            return None
        return max(due, now) + interval
