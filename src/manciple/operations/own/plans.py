"""The plan document: what AWS cannot say of a plan (contracts, section 3)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from manciple.catalog.entities import Plan
from manciple.catalog.plan_document import DocumentedChange, PlanDocument, PlanFacts, plan_document
from manciple.operations.call import Context, operation
from manciple.operations.plans import find_plan

VALUES = {"BeforeValue", "AfterValue", "BeforeContext", "AfterContext"}
"""What a resource change tells of values; everything else it tells of names."""


class GetPlanDocumentInput(msgspec.Struct, frozen=True, kw_only=True):
    """A plan; without `values` the document names what changes and not from what to what."""

    plan_id: str
    values: bool = True


@operation("manciple:GetPlanDocument")
def get_plan_document(context: Context, input: GetPlanDocumentInput) -> PlanDocument:
    """The document of a plan in any status. Raises ResourceNotFoundException."""
    plan = find_plan(context, input.plan_id)
    document = _document(context, plan)
    if input.values:
        return document
    return msgspec.structs.replace(document, changes=tuple(_without_values(change) for change in document.changes))


def _document(context: Context, plan: Plan) -> PlanDocument:
    """The document as the plan was made, under the status that it has now."""
    head: dict[str, Any] = {
        "plan_id": plan.id,
        "status": plan.status,
        "status_message": plan.status_message,
        "provisioned_product_id": plan.provisioned_product_id,
        "fingerprint": plan.fingerprint,
        "base_fingerprint": plan.base_fingerprint,
    }
    if plan.document_digest is None:
        made = plan_document(PlanFacts(**head), None)
    else:
        made = context.runtime.objects.get_value(context.tx, plan.document_digest, PlanDocument)
    return msgspec.structs.replace(made, **head, status_reason=plan.status_reason)


def _without_values(change: DocumentedChange) -> DocumentedChange:
    named: Any = _names(change.resource_change)
    return msgspec.structs.replace(change, resource_change=named)


def _names(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _names(item) for key, item in value.items() if key not in VALUES}
    return [_names(item) for item in value] if isinstance(value, list) else value
