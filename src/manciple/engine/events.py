"""Events, exactly as CloudFormation tells them (change-sets reference, rule 20): append-only, numbered by operation."""

from collections.abc import Iterable, Mapping

import msgspec
import sqlalchemy as sa

from manciple.store.database import Transaction
from manciple.store.tables.engine import EVENT
from manciple.template.evaluation import STACK_TYPE

USER_INITIATED = "User Initiated"
CREATION_INITIATED = "Resource creation Initiated"
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."
REPLACED_BY_PROVIDER = "Requested update required the provider to create a new physical resource"
CREATION_CANCELLED = "Resource creation cancelled"
UPDATE_CANCELLED = "Resource update cancelled"
ROLLBACK_REQUESTED = "Rollback requested by user."

_LONGEST_REASON = 4096

_INSERT = sa.insert(EVENT)
_LAST = sa.select(sa.func.max(EVENT.c.number)).where(EVENT.c.operation_id == sa.bindparam("operation"))
_LIST = (
    sa.select(EVENT)
    .where(EVENT.c.operation_id == sa.bindparam("operation"), EVENT.c.number > sa.bindparam("after"))
    .order_by(EVENT.c.number)
    .limit(sa.bindparam("limit"))
)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `number` grows by one within its operation; `timestamp` is in milliseconds."""

    operation_id: str
    number: int
    stack_id: str
    timestamp: int
    path: str
    logical_id: str
    physical_id: str | None
    type: str
    status: str
    reason: str | None

    @property
    def is_of_stack(self) -> bool:
        """Does it tell of its stack itself? Its logical id is the stack's name then, which no logical id looks like."""
        is_own = (self.physical_id or "").endswith(f"/{self.stack_id}")
        return self.type == STACK_TYPE and (is_own or not self.logical_id.isalnum())

    @property
    def id(self) -> str:
        """A name for the event, unique in its stack."""
        return f"{self.logical_id}-{self.status}-{self.operation_id}-{self.number:06d}"


class EventLog:
    """The events of one operation: those to be written, numbered after those that are."""

    def __init__(self, operation_id: str, last: int) -> None:
        self._operation_id = operation_id
        self._last = last
        self._new: list[dict[str, object]] = []

    def add(
        self,
        stack_id: str,
        now: int,
        status: str,
        *,
        logical_id: str,
        type_: str,
        path: str = "",
        physical_id: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Note an event; it is written with the next write of the slice."""
        self._last += 1
        self._new.append(
            {
                "operation_id": self._operation_id,
                "number": self._last,
                "stack_id": stack_id,
                "timestamp": now,
                "path": path,
                "logical_id": logical_id,
                "physical_id": physical_id,
                "type": type_,
                "status": status,
                "reason": reason and reason[:_LONGEST_REASON],
            }
        )

    @property
    def last(self) -> int:
        """The number of the newest event."""
        return self._last

    def write(self, tx: Transaction) -> None:
        """Write what was noted."""
        if self._new:
            tx.execute(_INSERT, self._new)
            self._new = []


def last_number(tx: Transaction, operation_id: str) -> int:
    """The number of an operation's newest event, 0 before the first."""
    return tx.scalar(_LAST, operation=operation_id) or 0


def list_events(tx: Transaction, operation_id: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
    """The events of a record's or plan's operation in order, those after a number."""
    rows = tx.all(_LIST, operation=operation_id, after=after, limit=limit)
    return [Event(**row._asdict()) for row in rows]


def is_replacement(event: Event) -> bool:
    """Does the event tell that an update makes a new physical resource?"""
    return event.reason in (REPLACING, REPLACED_BY_PROVIDER)


def failure_reason(failed: Mapping[str, Iterable[str]]) -> str:
    """The stack's reason in CloudFormation's words, from logical ids by what failed (`create`, `update`, `delete`)."""
    sentences = [
        f"The following resource(s) failed to {kind}: [{', '.join(sorted(names))}]. "
        for kind, names in failed.items()
        if names
    ]
    return "".join(sentences)
