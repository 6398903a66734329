"""The external target: products that a provisioning engine of somebody else deploys, asked as AWS asks it.

plan -> begin -> forward -> done        terminate: begin -> cleanup -> done

The question is a message in a queue of the account that owns the product; the answer is what the engine tells by one of
the three Notify operations (service-catalog-api reference, 7.3 and 7.4). Nothing is known of what an engine will do, so
a plan tells what it will be asked (decisions/external.md).
"""

from collections.abc import Iterator
from typing import Any

from manciple.catalog.queues import ENGINE_TYPES
from manciple.catalog.workflows import WorkflowResult
from manciple.engine.credentials import Clients
from manciple.engine.events import USER_INITIATED
from manciple.engine.external.answer import GivenUp, answer, give_up, told_result
from manciple.engine.external.asking import Handle, ask, handle_of
from manciple.engine.external.checking import check
from manciple.engine.external.planning import plan
from manciple.engine.external.sending import NotSent, send
from manciple.engine.finding import Finding
from manciple.engine.found_stack import FoundStack
from manciple.engine.parameter_parsers.parser import ParameterParsers, make_parsers
from manciple.engine.place import Place
from manciple.engine.slice import CalledBackError, Parts, Slice
from manciple.engine.targets.target import Ended, Failed, Made, Target, TargetType, Wake
from manciple.errors import TemplateError
from manciple.settings import Settings
from manciple.settings.sections import External
from manciple.store.queues import withdraw
from manciple.store.rows import RECORDS

_ENDS = {
    "CREATE_IN_PROGRESS": ("CREATE_COMPLETE", "CREATE_FAILED"),
    "UPDATE_IN_PROGRESS": ("UPDATE_COMPLETE", "UPDATE_FAILED"),
    "DELETE_IN_PROGRESS": ("DELETE_COMPLETE", "DELETE_FAILED"),
}
"""How an operation ends that began with a status: well, or not."""

TAINTED = "UPDATE_ROLLBACK_COMPLETE"
"""The status that a product's stack is left in when its product is TAINTED."""


class ExternalTarget:
    """Asks engines, and waits until they tell what became of it."""

    name = "external"

    def __init__(self, settings: External, parsers: ParameterParsers) -> None:
        self._settings = settings
        self._parsers = parsers
        self._clients = Clients(settings.sqs_endpoint)

    def plan(self, slice: Slice) -> Made | Wake | Failed:
        """Tell what the engine will be asked."""
        try:
            return plan(slice, self._settings, self._parsers)
        except TemplateError as error:
            return Failed(code=None, message=error.message)

    def begin(self, slice: Slice) -> None:
        """There are no steps; the caller commits the phase."""
        work = slice.work
        assert work.planned is not None
        work.root.enter(work.planned.launch.place)
        work.operation.phase = "forward"
        with slice.parts.database.read() as tx:
            record = RECORDS.get(tx, work.operation.account, work.operation.region, work.operation.record_id)
        is_launch = record is not None and record.type == "PROVISION_PRODUCT"
        _tell(slice, "CREATE_IN_PROGRESS" if is_launch else "UPDATE_IN_PROGRESS", USER_INITIATED)

    def delete(self, slice: Slice) -> None:
        """Likewise."""
        slice.work.operation.phase = "cleanup"
        _tell(slice, "DELETE_IN_PROGRESS", USER_INITIATED)

    def execute(self, slice: Slice) -> Wake | Ended:
        """Ask if that was not done yet, and hear the answer if there is one."""
        try:
            handle = handle_of(slice) or ask(slice, self._settings)
        except CalledBackError:
            return _end(slice, f"{USER_INITIATED}.")
        found = self._answer(slice, handle)
        if isinstance(found, Wake):
            return found
        return _end(slice, found.reason) if isinstance(found, GivenUp) else _hear(slice, found)

    def _answer(self, slice: Slice, handle: Handle) -> WorkflowResult | GivenUp | Wake:
        try:
            if not handle.is_sent and (wake := send(slice, self._clients, handle)) is not None:
                return wake
        except NotSent as error:
            return give_up(slice, handle, str(error))
        return answer(slice, self._settings, handle)

    def outputs(self, slice: Slice) -> list[dict[str, Any]]:
        """What the engine told."""
        with slice.parts.database.read() as tx:
            result = told_result(slice, tx)
        hide = slice.work.mask.hide
        outputs = result.outputs if result else []
        return [one | {"OutputValue": hide(one.get("OutputValue") or "")} for one in outputs if one.get("OutputKey")]

    def find_stack(self, _parts: Parts, _place: Place, _arn: str) -> FoundStack | None:
        """An engine has no stacks."""
        return None

    def check(self, place: Place) -> Iterator[Finding]:
        """Do the queues of the place's account take messages?"""
        return check(self._settings, self._clients, place)


def _hear(slice: Slice, result: WorkflowResult) -> Ended:
    """The end as the engine told it; what is left of the message goes."""
    work = slice.work
    tag = (result.resource_identifier or {}).get("UniqueTag") or {}
    if tag.get("Key") is not None:
        work.root.stack.arn = f"{tag['Key']}={tag.get('Value') or ''}"
        work.touch_stack(work.root.stack)
    slice.commit(lambda tx: withdraw(tx, work.operation.id))
    if result.status == "SUCCEEDED":
        return _end(slice, None)
    said = result.failure_reason or "nothing about why it failed."
    return _end(slice, work.mask.hide(f"The engine said: {said}"), leaves_something=bool(tag))


def _end(slice: Slice, reason: str | None, *, leaves_something: bool = False) -> Ended:
    """The end, well without a reason; a failed launch that left something behind is TAINTED (lifecycle guide)."""
    work, stack = slice.work, slice.work.root.stack
    good, bad = _ENDS[stack.status]
    told = good if reason is None else bad
    _tell(slice, told, reason)
    stack.revision += reason is None
    if reason is not None and (told == "UPDATE_FAILED" or (told == "CREATE_FAILED" and leaves_something)):
        stack.status = told = TAINTED
    work.operation.phase, work.operation.reason = "done", reason
    return Ended(status=told, reason=reason)


def _tell(slice: Slice, status: str, reason: str | None) -> None:
    """Tell an event of the whole product: what else happens only the engine knows."""
    work = slice.work
    work.now = slice.now()
    work.tell_stack(work.root, status, reason)


def _make(settings: Settings) -> Target:
    return ExternalTarget(settings.targets.external, make_parsers(settings))


EXTERNAL = TargetType(
    "external",
    _make,
    product_types=ENGINE_TYPES,
    first_for=frozenset({"EXTERNAL"}),
    needs_launch_role=lambda settings: settings.targets.external.launch_role_required,
)
