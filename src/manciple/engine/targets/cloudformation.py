"""The cloudformation target: products as stacks of a real CloudFormation, by change set, as AWS Service Catalog does.

plan -> begin -> forward -> rollback | cleanup -> done        terminate: begin -> cleanup -> done

Nothing is done twice, whenever the process dies: the name of the change set follows from the operation's id, every
call that changes something is looked up before it is made (again), and its token is the operation's id.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from manciple.engine.cloudformation.checking import check
from manciple.engine.cloudformation.conversation import Conversation, GivenUp
from manciple.engine.cloudformation.discarding import discard
from manciple.engine.cloudformation.endpoint import Away, Endpoint, Refused
from manciple.engine.cloudformation.outputs import shown_outputs
from manciple.engine.cloudformation.planning import plan, refusal
from manciple.engine.cloudformation.stacks import find_stack
from manciple.engine.credentials import Clients
from manciple.engine.events import USER_INITIATED
from manciple.engine.finding import Finding
from manciple.engine.found_stack import FoundStack
from manciple.engine.launch import Launch
from manciple.engine.outputs import STACK_ARN, STACK_ARN_DESCRIPTION
from manciple.engine.place import Place, place_of
from manciple.engine.settlement import relayed
from manciple.engine.slice import CalledBackError, Parts, Slice
from manciple.engine.targets.target import Ended, Failed, Made, Target, TargetType, Wake
from manciple.settings import Settings
from manciple.settings.sections import CloudFormation, CloudFormationPlace

_GOOD_ENDS = {False: ("CREATE_COMPLETE", "UPDATE_COMPLETE"), True: ("DELETE_COMPLETE",)}
"""How an operation ends well, by whether it is a termination."""

_EXECUTED = ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED")
_CANCELS = {"CREATE_IN_PROGRESS": "delete_stack", "UPDATE_IN_PROGRESS": "cancel_update_stack"}
"""What turns a stack back, by its status; a stack that is being created can only be deleted."""

_LOG = logging.getLogger(__name__)

T = TypeVar("T")


class CloudFormationTarget:
    """Deploys templates as stacks at an endpoint; `poll` is the milliseconds between two looks at what it is doing.

    `elsewhere` are other endpoints, each for an account, a region or both (None for any); the first that fits counts.
    """

    name = "cloudformation"

    def __init__(
        self, clients: Clients, poll: int, elsewhere: Sequence[tuple[str | None, str | None, Clients]] = ()
    ) -> None:
        self._default = clients
        self._elsewhere = elsewhere
        self._poll = poll

    def plan(self, slice: Slice) -> Made | Wake | Failed:
        """Have a change set made, and read it once it is."""
        launch = _launch_of(slice)
        talk = self._talk(slice, launch.place)
        try:
            return _or_later(talk, lambda: plan(talk, launch))
        except Refused as refused:
            return refusal(refused.code, refused.message)
        except GivenUp as given_up:
            return Failed(code="ServiceUnavailable", message=str(given_up))

    def discard(self, slice: Slice) -> Wake | None:
        """Have the change set of a plan that was deleted deleted, too. What CloudFormation refuses is left there."""
        launch = _launch_of(slice)
        talk = self._talk(slice, launch.place)
        try:
            return _or_later(talk, lambda: discard(talk, launch))
        except (Refused, GivenUp) as error:
            _LOG.warning("The change set %s was left at the endpoint: %s", talk.handle.change_set, error)
            return None

    def begin(self, slice: Slice) -> None:
        """There are no steps of ours; the caller commits the phase."""
        work = slice.work
        assert work.planned is not None
        work.root.enter(work.planned.launch.place)
        work.touch_stack(work.root.stack)
        work.operation.phase = "forward"

    def delete(self, slice: Slice) -> None:
        """Likewise; once begun, a termination cannot be cancelled."""
        slice.work.operation.phase = "cleanup"

    def execute(self, slice: Slice) -> Wake | Ended:
        """Have the change set executed or the stack deleted, and tell what becomes of it."""
        talk = self._talk(slice, slice.work.root.place)
        start = _start_delete if slice.work.operation.kind == "terminate" else _start_execution
        try:
            return _or_later(talk, lambda: (None if talk.handle.is_asked else start(talk)) or _watch(talk))
        except Refused as refused:
            if talk.handle.is_asked:  # what was begun goes on there, whatever keeps us from looking
                return talk.back_off(Away(refused.message))
            failed = Failed(code=refused.code, message=refused.message)
            return _end_early(talk, relayed(failed, slice.work.operation.id))
        except CalledBackError:
            return _end_early(talk, f"{USER_INITIATED}.")
        except GivenUp as given_up:
            return _end_early(talk, str(given_up))

    def outputs(self, slice: Slice) -> list[dict[str, Any]]:
        """The stack's outputs, its ARN first. Raises Away, Refused."""
        stack = slice.work.root.stack
        talk = self._talk(slice, slice.work.root.place)
        found = (talk.endpoint.find_stack(stack.arn) or {}).get("Outputs", [])
        first = {"OutputKey": STACK_ARN, "OutputValue": stack.arn, "Description": STACK_ARN_DESCRIPTION}
        return [first, *shown_outputs(found, _template_of(slice), slice.work.mask)]

    def find_stack(self, parts: Parts, place: Place, arn: str) -> FoundStack | None:
        """A stack at the endpoint. Raises StackAway."""
        return find_stack(Endpoint(self._clients_of(place), place, parts.probe, arn), arn)

    def check(self, place: Place) -> Iterator[Finding]:
        """Try every endpoint: each for its own account and region, else those of the place."""
        for account, region, clients in [*self._elsewhere, (None, None, self._default)]:
            if clients.endpoint is not None:
                there = place_of(account or place.account, region or place.region, place.role_arn, "manciple-check")
                yield check(clients, there)

    def _clients_of(self, place: Place) -> Clients:
        for account, region, clients in self._elsewhere:
            if account in (None, place.account) and region in (None, place.region):
                return clients
        return self._default

    def _talk(self, slice: Slice, place: Place) -> Conversation:
        slice.work.now = slice.now()
        endpoint = Endpoint(self._clients_of(place), place, slice.parts.probe, slice.work.operation.id)
        return Conversation(slice, endpoint, self._poll)


def _launch_of(slice: Slice) -> Launch:
    with slice.parts.database.read() as tx:
        launch: Launch = slice.parts.objects.get_value(tx, slice.work.operation.request_digest, Launch)
    return launch


def _template_of(slice: Slice) -> str:
    """The template that the operation deploys."""
    assert slice.work.planned is not None
    with slice.parts.database.read() as tx:
        return slice.parts.objects.get(tx, slice.work.planned.launch.template_digest).decode(errors="replace")


def _or_later(talk: Conversation, work: Callable[[], T]) -> T | Wake:
    try:
        return work()
    except Away as away:
        return talk.back_off(away)


def _start_execution(talk: Conversation) -> Ended | None:
    """Execute the change set, if it is still to be executed; None once that was asked for."""
    handle, work = talk.handle, talk.slice.work
    stack = work.root.stack
    found = talk.endpoint.find_change_set(stack.name, handle.change_set)
    state = found["ExecutionStatus"] if found else "GONE"
    if state == "AVAILABLE":
        if not handle.is_marked:
            talk.mark(stack.arn)
            talk.intend(unless_cancelled=True)
        elif work.operation.cancelled:
            raise CalledBackError
        talk.endpoint.call(
            "execute_change_set",
            StackName=stack.name,
            ChangeSetName=handle.change_set,
            ClientRequestToken=work.operation.id,
        )
    elif not (handle.is_marked and _was_executed(talk, state)):
        return _end_early(talk, f"The change set {handle.change_set} cannot be executed any more: it is {state}.")
    handle.is_asked = True
    talk.note()
    return None


def _was_executed(talk: Conversation, state: str) -> bool:
    """Was it executed, by a call whose answer was not heard? Some endpoints forget what they executed."""
    arn = talk.slice.work.root.stack.arn
    return state in _EXECUTED or (state == "GONE" and bool(talk.endpoint.events_after(arn, talk.handle.told)))


def _start_delete(talk: Conversation) -> Ended | None:
    """Have the stack deleted; None once that was asked for."""
    handle, work = talk.handle, talk.slice.work
    arn = work.root.stack.arn
    found = talk.endpoint.find_stack(arn)
    is_there = found is not None and found["StackStatus"] != "DELETE_COMPLETE"
    if not is_there and not handle.is_marked:
        return _end(talk, "DELETE_COMPLETE")
    if not handle.is_marked:
        talk.mark(arn)
        talk.intend()
    if is_there:
        talk.endpoint.call("delete_stack", StackName=arn, ClientRequestToken=work.operation.id)
    handle.is_asked = True
    talk.note()
    return None


def _watch(talk: Conversation) -> Wake | Ended:
    """Tell what happened since the last look. It is over when the stack is at rest and an event said so."""
    work = talk.slice.work
    arn = work.root.stack.arn
    found = talk.endpoint.find_stack(arn)
    talk.tell_news()
    status = found["StackStatus"] if found else "DELETE_COMPLETE"
    if not status.endswith("_IN_PROGRESS") and (found is None or status == talk.handle.status):
        talk.note()
        return _end(talk, status)
    turning_back = _follow(talk, status)
    cancel = _CANCELS.get(status) if work.operation.cancelled else None
    if cancel:
        work.operation.reason = work.operation.reason or f"{USER_INITIATED}."
    talk.note(turned_back=turning_back)
    if cancel:
        _cancel(talk, cancel)
    return talk.pause()


def _follow(talk: Conversation, status: str) -> bool:
    """Keep the status of a stack that is at work; is it the moment in which it turns back?"""
    operation, stack = talk.slice.work.operation, talk.slice.work.root.stack
    before = operation.phase
    operation.phase = _PHASES.get(status, before)
    if stack.status != status:
        stack.status, stack.status_reason = status, None
        talk.slice.work.touch_stack(stack)
    return operation.phase == "rollback" != before


def _cancel(talk: Conversation, call: str) -> None:
    """Turn the stack back; asking twice, or too late, does no harm."""
    work = talk.slice.work
    with suppress(Refused):
        talk.endpoint.call(call, StackName=work.root.stack.arn, ClientRequestToken=f"cancel-{work.operation.id}")


def _end(talk: Conversation, status: str) -> Ended:
    """The end, as the stack's status tells; the caller of the target commits it."""
    work, stack = talk.slice.work, talk.slice.work.root.stack
    is_good = status in _GOOD_ENDS[work.operation.kind == "terminate"]
    reason = None if is_good else work.mask.hide(talk.reason)
    stack.status, stack.status_reason = status, reason
    stack.revision += is_good
    work.touch_stack(stack)
    work.operation.phase = "done"
    return Ended(status=status, reason=reason)


def _end_early(talk: Conversation, reason: str) -> Ended:
    """The end without the stack having been touched, or without knowing what became of it."""
    work = talk.slice.work
    work.operation.phase = "done"
    work.operation.reason = work.mask.hide(reason)
    is_new = work.root.stack.status == "REVIEW_IN_PROGRESS"
    untouched = "CREATE_FAILED" if is_new else "UPDATE_ROLLBACK_COMPLETE"
    status = "UPDATE_FAILED" if talk.handle.is_asked else untouched
    return Ended(status="DELETE_FAILED" if work.operation.kind == "terminate" else status, reason=work.operation.reason)


_PHASES = {
    "ROLLBACK_IN_PROGRESS": "rollback",
    "UPDATE_ROLLBACK_IN_PROGRESS": "rollback",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "rollback",
    "DELETE_IN_PROGRESS": "cleanup",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "cleanup",
}
"""The operation's phase by the stack's status; only in `forward` can it still be cancelled."""


def _make(settings: Settings) -> Target | None:
    chosen = settings.targets.cloudformation
    if chosen.endpoint is None and not chosen.places:
        return None
    elsewhere = [(one.account, one.region, _clients(one)) for one in chosen.places]
    return CloudFormationTarget(_clients(chosen), int(chosen.poll_seconds * 1000), elsewhere)


def _clients(chosen: CloudFormation | CloudFormationPlace) -> Clients:
    return Clients(chosen.endpoint, chosen.sts_endpoint, chosen.s3_endpoint, chosen.bucket)


CLOUDFORMATION = TargetType("cloudformation", _make)
