"""The plan document: all that is known of a plan, for people and machines to review (contracts, section 3)."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from manciple.catalog.entities import PlanStatus
from manciple.catalog.risk import Risk, risks_of
from manciple.template.change_set import Certainty, Change, ChangeSet, as_cloudformation, as_review, holds_unknown


class PlanFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows of a plan beside its changes. `simulated` says that a simulated cloud would carry it out."""

    plan_id: str
    status: PlanStatus
    provisioned_product_id: str
    status_message: str | None = None
    fingerprint: str | None = None
    base_fingerprint: str | None = None
    simulated: bool = False


class Summary(msgspec.Struct, frozen=True, rename="pascal"):
    """How many resources are added, modified in place (or perhaps replaced), surely replaced, removed."""

    add: int = 0
    modify: int = 0
    replace: int = 0
    remove: int = 0


class DocumentedChange(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One change. `resource_change` has the shape of CloudFormation's DescribeChangeSet."""

    type: Literal["Resource"] = "Resource"
    resource_change: dict[str, Any]
    certainty: Certainty
    cause: tuple[str, ...]


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A plan in any status; without a change set (not made yet, or it failed) the lists are empty."""

    plan_id: str
    status: PlanStatus
    status_message: str | None
    status_reason: Literal["NO_CHANGES"] | None
    provisioned_product_id: str
    fingerprint: str | None
    base_fingerprint: str | None
    summary: Summary
    risks: tuple[Risk, ...]
    unknown_until_execution: tuple[str, ...]
    simulated: bool
    changes: tuple[DocumentedChange, ...]


_NOTHING = ChangeSet(changes={})


def plan_document(facts: PlanFacts, change_set: ChangeSet | None, *, values: bool = True) -> PlanDocument:
    """The document of a plan.

    With values it shows every change of both of AWS's forms, and what each value was and will be. Without, it is
    what DescribeProvisionedProductPlan tells.
    """
    changes = change_set or _NOTHING
    shown = as_review(changes) if values else as_cloudformation(changes, values=False)
    pairs = zip(changes.changes.values(), shown, strict=True)
    return PlanDocument(
        plan_id=facts.plan_id,
        status=facts.status,
        status_message=facts.status_message,
        status_reason="NO_CHANGES" if change_set and not change_set.has_changes else None,
        provisioned_product_id=facts.provisioned_product_id,
        fingerprint=facts.fingerprint,
        base_fingerprint=facts.base_fingerprint,
        summary=summary_of(changes),
        risks=risks_of(changes),
        unknown_until_execution=tuple(_unknown(changes)),
        simulated=facts.simulated,
        changes=tuple(_documented(change, entry["ResourceChange"]) for change, entry in pairs),
    )


def summary_of(change_set: ChangeSet) -> Summary:
    """The changes counted by kind."""
    kinds = [_kind(change) for change in change_set.changes.values()]
    return Summary(*(kinds.count(kind) for kind in ("Add", "Modify", "Replace", "Remove")))


def _kind(change: Change) -> str:
    return "Replace" if change.replacement == "True" else change.action


def _documented(change: Change, resource_change: dict[str, Any]) -> DocumentedChange:
    return DocumentedChange(resource_change=resource_change, certainty=change.certainty, cause=change.cause)


def _unknown(change_set: ChangeSet) -> Iterator[str]:
    """The properties, as `LogicalId.Property`, whose value only execution can tell."""
    for change in change_set.changes.values():
        for name, value in (change.after or {}).items():
            if holds_unknown(value):
                yield f"{change.logical_id}.{name}"
