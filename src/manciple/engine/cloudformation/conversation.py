"""One operation's talk with CloudFormation: its handle on the operation's row, and what was heard, written with it.

The handle is written before each call that changes something, so whoever goes on after a death knows which call may
have been made, and looks before calling again.
"""

from collections.abc import Iterator

import msgspec

from manciple.engine.cloudformation.endpoint import Away, Endpoint, Json
from manciple.engine.events import ROLLBACK_REQUESTED
from manciple.engine.probe import Point
from manciple.engine.settlement import Settlement
from manciple.engine.slice import Settle, Slice
from manciple.engine.targets.target import Wake
from manciple.store.database import Transaction
from manciple.template.evaluation import STACK_TYPE
from manciple.template.stack_paths import joined

_LONGEST_PAUSE = 60_000


class GivenUp(Exception):
    """The endpoint did not answer for too long; one sentence says so."""


class Inner(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A stack inside the operation's: its path of logical ids, and the newest of its events that was told."""

    path: str
    told: str | None = None


class Handle(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What an operation remembers of its work at the endpoint.

    `change_set` is the change set's name, `change_set_id` its id once it was answered, `refused` why it failed
    where no plan keeps it. `is_marked` says that the call
    that begins the work may have been made, `is_asked` that it was; `told` is the newest event that was told, `status`
    the stack's by the events told, `cause` the first failure among them, `around` that of a stack nested in it. `begun`
    is when the first event that was told happened, `nested` what was told of stacks inside, by ARN. `failures` counts
    calls without an answer since `away_since`.
    """

    change_set: str
    change_set_id: str | None = None
    refused: str | None = None
    is_marked: bool = False
    is_asked: bool = False
    told: str | None = None
    status: str | None = None
    cause: str | None = None
    around: str | None = None
    begun: int | None = None
    nested: dict[str, Inner] = {}
    failures: int = 0
    away_since: int | None = None


class Conversation:
    """What a slice of an operation says and hears. Times are milliseconds."""

    def __init__(self, slice: Slice, endpoint: Endpoint, poll: int) -> None:
        operation = slice.work.operation
        self.slice = slice
        self.endpoint = endpoint
        self._poll = poll
        kept = operation.handle
        made_by = operation.plan_id or operation.id
        self.handle = Handle(change_set=f"SC-{made_by}") if kept is None else msgspec.convert(kept, Handle)

    def intend(self, *, unless_cancelled: bool = False) -> None:
        """Write the handle before a call. Raises Fenced, CalledBackError."""
        self._reach("before intent")
        self._commit(unless_cancelled=unless_cancelled)
        self._reach("after intent")

    def note(self, *, turned_back: bool = False) -> None:
        """Write what was heard. Raises Fenced."""
        self._reach("after call")
        self.handle.failures, self.handle.away_since = 0, None
        self._commit(self._settle_turned_back if turned_back else None)
        self._reach("after outcome")

    def pause(self) -> Wake:
        """Look again after the time between two polls."""
        return Wake(self.slice.now() + self._poll)

    def back_off(self, away: Away) -> Wake:
        """Try again later, each time later. Raises GivenUp once the endpoint was away for too long."""
        now, limits = self.slice.now(), self.slice.parts.limits
        self.handle.away_since = self.handle.away_since or now
        if now - self.handle.away_since > limits.deadline:
            raise GivenUp(f"CloudFormation gave no answer for {limits.deadline // 1000} s: {away}")
        delay = min(limits.backoff << min(self.handle.failures, 16), _LONGEST_PAUSE)
        self.handle.failures += 1
        self._commit()
        return Wake(now + delay)

    def mark(self, stack: str) -> None:
        """Take note of the stack's newest event, and that the work may begin now."""
        self.handle.told = self.endpoint.newest_event(stack)
        self.handle.is_marked = True

    def tell_news(self) -> None:
        """Tell what happened since the last time in the stack and those nested in it, in the order in which it did."""
        root, nested, fresh = self.slice.work.root.stack, self.handle.nested, list[tuple[str, str, Json]]()
        places = [(root.arn, ""), *((arn, inner.path) for arn, inner in nested.items())]
        for arn, path in places:
            told = nested[arn].told if path else self.handle.told
            news = self.endpoint.events_after(arn, told)
            if self.handle.begun is None and news:
                self.handle.begun = _millis(news[0])
            fresh += [(arn, path, event) for event in news if not path or _millis(event) >= (self.handle.begun or 0)]
            for inner, inside in _nested_in(news, arn, path):
                if inner not in nested:
                    nested[inner] = Inner(path=inside)
                    places.append((inner, inside))
            if path and news:
                nested[arn].told = news[-1]["EventId"]
        for arn, path, event in sorted(fresh, key=lambda one: _millis(one[2])):
            self._tell(event, arn, path)

    def _tell(self, event: Json, arn: str, path: str) -> None:
        """Tell an event as one of ours; it is written with the handle, once."""
        work, handle = self.slice.work, self.handle
        status, reason = event["ResourceStatus"], event.get("ResourceStatusReason") or None
        reason = reason and work.mask.hide(reason)
        work.log.add(
            arn.rpartition("/")[2] if path else work.root.stack.id,
            _millis(event),
            status,
            logical_id=event["LogicalResourceId"],
            type_=event["ResourceType"],
            physical_id=event.get("PhysicalResourceId") or None,
            reason=reason,
            path=path,
        )
        is_own = event["ResourceType"] == STACK_TYPE and event.get("PhysicalResourceId") == arn
        if not path:
            handle.told = event["EventId"]
        if reason and not is_own and status.endswith("_FAILED"):
            said = f"CloudFormation said of {joined(path, event['LogicalResourceId'])}: {reason}"
            is_around = event["ResourceType"] == STACK_TYPE
            handle.around = handle.around or (said if is_around else None)
            handle.cause = handle.cause or (None if is_around else said)
        if is_own and not path:
            handle.status = status
            if reason and _turns_back(status):
                work.operation.reason = work.operation.reason or reason.removesuffix(ROLLBACK_REQUESTED).strip()

    @property
    def reason(self) -> str:
        """Why the work failed, as the events told it: the stack's reason, and the first failure behind it."""
        found = [self.slice.work.operation.reason, self.handle.around, self.handle.cause]
        return " ".join(dict.fromkeys(part for part in found if part)) or "CloudFormation gave no reason."

    def _commit(self, settle: Settle | None = None, *, unless_cancelled: bool = False) -> None:
        self.slice.work.operation.handle = msgspec.to_builtins(self.handle)
        self.slice.commit(settle, unless_cancelled=unless_cancelled)

    def _settle_turned_back(self, tx: Transaction) -> None:
        work = self.slice.work
        Settlement(tx, work.objects, work.operation, work.now).under_way(turned_back=True)

    def _reach(self, point: Point) -> None:
        self.slice.parts.probe.reach(point, self.slice.work.operation.id)


def _millis(event: Json) -> int:
    return int(event["Timestamp"].timestamp() * 1000)


def _nested_in(events: list[Json], arn: str, path: str) -> Iterator[tuple[str, str]]:
    """The stacks that events of a stack tell of as its resources, with their paths."""
    for event in events:
        found = event.get("PhysicalResourceId") or ""
        if event["ResourceType"] == STACK_TYPE and found.startswith("arn:") and found != arn:
            yield found, joined(path, event["LogicalResourceId"])


def _turns_back(status: str) -> bool:
    return status.endswith(("_FAILED", "ROLLBACK_IN_PROGRESS"))
