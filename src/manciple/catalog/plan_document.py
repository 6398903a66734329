"""The plan document: all that is known of a plan, for people and machines to review (contracts, section 3)."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from manciple.catalog.drift import Drift, drift_without_values
from manciple.catalog.entities import PlanStatus
from manciple.catalog.plan_faults import InvalidProperty, invalid_properties
from manciple.catalog.risk import RiskCounts, count_risks, risks_of
from manciple.catalog.risk_table import Risk
from manciple.template.change_set import (
    Certainty,
    Change,
    ChangeSet,
    PathChange,
    as_cloudformation,
    as_review,
    path_changes_of,
    unknown_paths,
)
from manciple.template.stack_paths import joined


class AskedOfEngine(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a provisioning engine is asked: to which queue the request goes, and what it says.

    Of `parameters` only those values are shown that are known to be no secrets.
    """

    operation: str
    queue_name: str
    queue_account: str
    artifact_path: str | None
    launch_role_arn: str | None
    parameters: dict[str, str]
    tags: dict[str, str]


UNKNOWN_TO_US = "what the engine changes"
"""What only execution can tell of a plan that somebody else carries out."""


class PlanFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows of a plan beside its changes.

    `simulated` says that a simulated cloud would carry out something of it, all but what is `not_simulated`.
    """

    plan_id: str
    status: PlanStatus
    provisioned_product_id: str
    status_message: str | None = None
    fingerprint: str | None = None
    base_fingerprint: str | None = None
    simulated: bool = False
    not_simulated: tuple[str, ...] = ()
    asked: AskedOfEngine | None = None
    drift: Drift | None = None


class Summary(msgspec.Struct, frozen=True, rename="pascal"):
    """How many resources are added, modified in place (or perhaps replaced), surely replaced, removed."""

    add: int = 0
    modify: int = 0
    replace: int = 0
    remove: int = 0


Done: TypeAlias = Literal[
    "as planned", "not needed", "replaced", "updated in place", "removed", "retained", "left over"
]


class DocumentedChange(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One change. `resource_change` has exactly the shape of CloudFormation's DescribeChangeSet; all else is ours.

    `path_changes` tells of a modification which places inside its properties change, and from what to what.
    `stack_path` is the nested stack that the resource belongs to, empty for the product's own stack. `done` is what
    came of it, once the plan was carried out.
    """

    type: Literal["Resource"] = "Resource"
    resource_change: dict[str, Any]
    certainty: Certainty
    cause: tuple[str, ...]
    path_changes: tuple[PathChange, ...] = ()
    stack_path: str = ""
    done: Done | None = None


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A plan in any status; without a change set (not made yet, or it failed) the lists are empty.

    `parameters` and `outputs` are what changes of them, at paths as `/Parameters/Size` and `/Outputs/Url/Value`.
    `invalid_properties` make the execution fail, here or on AWS. `done` counts what was really done, once the plan was
    carried out. `asked` is what an engine outside is asked to do, where that is all that is known.
    `drift` is what is not as it was last deployed; None where nobody looked.
    """

    plan_id: str
    status: PlanStatus
    status_message: str | None
    status_reason: Literal["NO_CHANGES"] | None
    provisioned_product_id: str
    fingerprint: str | None
    base_fingerprint: str | None
    summary: Summary
    risks: tuple[Risk, ...]
    risk_counts: RiskCounts = RiskCounts()
    invalid_properties: tuple[InvalidProperty, ...] = ()
    unknown_until_execution: tuple[str, ...]
    simulated: bool
    not_simulated: tuple[str, ...] = ()
    changes: tuple[DocumentedChange, ...]
    parameters: tuple[PathChange, ...] = ()
    outputs: tuple[PathChange, ...] = ()
    done: Summary | None = None
    asked: AskedOfEngine | None = None
    drift: Drift | None = None


_NOTHING = ChangeSet(changes={})


def plan_document(facts: PlanFacts, change_set: ChangeSet | None, *, values: bool = True) -> PlanDocument:
    """The document of a plan.

    With values it shows every change of both of AWS's forms, and what each value was and will be. Without, it is
    what DescribeProvisionedProductPlan tells.
    """
    changes = change_set or _NOTHING
    risks = risks_of(changes)
    made = PlanDocument(
        plan_id=facts.plan_id,
        status=facts.status,
        status_message=facts.status_message,
        status_reason="NO_CHANGES" if change_set and not change_set.has_changes else None,
        provisioned_product_id=facts.provisioned_product_id,
        fingerprint=facts.fingerprint,
        base_fingerprint=facts.base_fingerprint,
        summary=summary_of(changes),
        risks=risks,
        risk_counts=count_risks(risks),
        invalid_properties=tuple(invalid_properties(changes)) if facts.simulated or facts.not_simulated else (),
        unknown_until_execution=(*_unknown(changes), *([UNKNOWN_TO_US] if facts.asked else [])),
        simulated=facts.simulated,
        not_simulated=facts.not_simulated,
        changes=tuple(
            documented for path, one in changes.stacks.items() for documented in _changes(one, path, values=values)
        ),
        parameters=changes.parameter_changes,
        outputs=changes.output_changes,
        asked=facts.asked,
        drift=facts.drift,
    )
    return made if values else without_values(made)


_VALUES = {"BeforeValue", "AfterValue", "BeforeContext", "AfterContext"}
"""What is told of values; everything else tells of names."""


def without_values(document: PlanDocument) -> PlanDocument:
    """The document with what changes, and not from what to what."""
    return msgspec.structs.replace(
        document,
        changes=tuple(change_without_values(change) for change in document.changes),
        parameters=names_only(document.parameters),
        outputs=names_only(document.outputs),
        drift=document.drift and drift_without_values(document.drift),
        asked=document.asked and msgspec.structs.replace(document.asked, parameters={}),
    )


def names_only(changes: tuple[PathChange, ...]) -> tuple[PathChange, ...]:
    """The same places without values."""
    return tuple(msgspec.structs.replace(change, before_value=None, after_value=None) for change in changes)


def change_without_values(change: DocumentedChange) -> DocumentedChange:
    """One change, likewise."""
    return msgspec.structs.replace(
        change, resource_change=_stripped(change.resource_change), path_changes=names_only(change.path_changes)
    )


def _stripped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _stripped(member) for name, member in value.items() if name not in _VALUES}
    return [_stripped(item) for item in value] if isinstance(value, list) else value


def summary_of(change_set: ChangeSet) -> Summary:
    """The changes counted by kind."""
    kinds = [_kind(change) for one in change_set.stacks.values() for change in one.listed]
    return Summary(*(kinds.count(kind) for kind in ("Add", "Modify", "Replace", "Remove")))


def _kind(change: Change) -> str:
    return "Replace" if change.replacement == "True" else change.action


def _changes(change_set: ChangeSet, path: str, *, values: bool) -> Iterator[DocumentedChange]:
    """The changes of one stack."""
    shown = as_review(change_set) if values else as_cloudformation(change_set, values=False)
    for change, entry in zip(change_set.listed, shown, strict=True):
        yield _documented(change, entry["ResourceChange"], path)


def _documented(change: Change, resource_change: dict[str, Any], path: str) -> DocumentedChange:
    return DocumentedChange(
        resource_change=resource_change,
        certainty=change.certainty,
        cause=change.cause,
        path_changes=tuple(path_changes_of(change)),
        stack_path=path,
    )


def _unknown(change_set: ChangeSet) -> Iterator[str]:
    """Where values stand that only execution can tell: `Child/LogicalId.Property`, and `/` and the way inside it."""
    for path, one in change_set.stacks.items():
        for change in one.changes.values():
            for name, value in (change.after or {}).items():
                yield from unknown_paths(value, f"{joined(path, change.logical_id)}.{name}")
