"""The plan document: what AWS cannot say of a plan, and of two plans (contracts, section 3)."""

from collections.abc import Iterator
from typing import Any

import msgspec

from manciple.catalog.drift import Drift
from manciple.catalog.entities import Plan
from manciple.catalog.plan_diff import PlanDiff, diff_without_values, plan_diff
from manciple.catalog.plan_document import PlanDocument, PlanFacts, plan_document, without_values
from manciple.catalog.plan_outcome import Told, with_outcome
from manciple.engine.events import is_replacement, list_events
from manciple.engine.stacks import DriftUnknown
from manciple.errors import InvalidParametersException
from manciple.operations.call import Caller, Context, Runtime, operation
from manciple.operations.plans import find_plan


class GetPlanDocumentInput(msgspec.Struct, frozen=True, kw_only=True):
    """A plan; without `values` the document names what changes and not from what to what.

    With `live` the resources are looked at as they are now, and the document tells what of them has drifted.
    """

    plan_id: str
    values: bool = True
    live: bool = False


class DiffPlansInput(msgspec.Struct, frozen=True, kw_only=True):
    """Two plans, of one product or of different ones."""

    plan_id: str
    other_plan_id: str
    values: bool = True


def prepare_document(runtime: Runtime, caller: Caller, input: GetPlanDocumentInput) -> Drift | None:
    """Look at what is there, before the transaction, if that is wanted. Raises ResourceNotFoundException."""
    if not input.live:
        return None
    with runtime.database.read() as tx:
        plan = find_plan(Context(runtime, caller, tx, runtime.now(), ""), input.plan_id)
    try:
        return runtime.stacks.drift(plan.id)
    except DriftUnknown as unknown:
        raise InvalidParametersException(f"live=true: {unknown}") from unknown


@operation("manciple:GetPlanDocument", prepare=prepare_document)
def get_plan_document(context: Context, input: GetPlanDocumentInput) -> PlanDocument:
    """The document of a plan in any status. Raises ResourceNotFoundException, InvalidParametersException."""
    document = _document(context, find_plan(context, input.plan_id))
    if context.prepared is not None:
        document = msgspec.structs.replace(document, drift=context.prepared)
    return document if input.values else without_values(document)


@operation("manciple:DiffPlans")
def diff_plans(context: Context, input: DiffPlansInput) -> PlanDiff:
    """What one plan would do that the other would not. Raises ResourceNotFoundException for either."""
    ours, theirs = (_document(context, find_plan(context, plan)) for plan in (input.plan_id, input.other_plan_id))
    diff = plan_diff(ours, theirs)
    return diff if input.values else diff_without_values(diff)


def _document(context: Context, plan: Plan) -> PlanDocument:
    """The document as the plan was made, under the status that it has now; a warning of then stays its message."""
    head: dict[str, Any] = {
        "plan_id": plan.id,
        "status": plan.status,
        "provisioned_product_id": plan.provisioned_product_id,
        "fingerprint": plan.fingerprint,
        "base_fingerprint": plan.base_fingerprint,
    }
    if plan.document_digest is None:
        made = plan_document(PlanFacts(**head), None)
    else:
        made = context.runtime.objects.get_value(context.tx, plan.document_digest, PlanDocument)
    message = plan.status_message or made.status_message
    told = msgspec.structs.replace(made, **head, status_message=message, status_reason=plan.status_reason)
    if plan.status != "EXECUTE_SUCCESS" or plan.record_id is None:
        return told
    return with_outcome(told, _told(context, plan.record_id))


def _told(context: Context, record_id: str) -> Iterator[Told]:
    """What the events of a record tell of its resources."""
    after = 0
    while found := list_events(context.tx, record_id, after=after):
        after = found[-1].number
        for event in found:
            if not event.is_of_stack:
                yield Told(event.path, event.logical_id, event.status, is_replacement(event))
