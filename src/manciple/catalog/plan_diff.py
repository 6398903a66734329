"""Two plans held against each other: what one would do that the other would not.

It is made from the plans' documents, so they may be of one product (small or large, this version or the next) or of
different ones. Changes are matched by stack path and logical id. Physical ids are no difference; neither are two
secrets, which are four stars in both documents.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from manciple.catalog.entities import PlanStatus
from manciple.catalog.plan_document import DocumentedChange, PlanDocument, Summary, change_without_values
from manciple.catalog.risk import RiskCounts
from manciple.template.change_set import PathChange, parsed_json, path_changes

Name: TypeAlias = tuple[str, str]
"""Stack path and logical id."""

Sides: TypeAlias = dict[str, "Side"]


class Compared(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One of the two plans: which one it is and what it comes to."""

    plan_id: str
    provisioned_product_id: str
    status: PlanStatus
    summary: Summary
    risk_counts: RiskCounts


class Side(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """What one plan does at a path: the value before (None: there is none) and after (None: it goes)."""

    before_value: str | None = None
    after_value: str | None = None


class PathDifference(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A path that the plans treat differently; None: that plan leaves it alone."""

    path: str
    in_a: Side | None
    in_b: Side | None


class AttributeDifference(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Something of a whole change in which the plans differ: Action, Replacement, PolicyAction, ResourceType."""

    name: str
    in_a: str | None
    in_b: str | None


class DifferentChange(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A resource that both plans change, but not in the same way."""

    logical_resource_id: str
    stack_path: str
    resource_type: str
    attributes: tuple[AttributeDifference, ...]
    paths: tuple[PathDifference, ...]


class PlanDiff(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Everything in which plan A and plan B differ, and how many changes are the same in both."""

    a: Compared
    b: Compared
    only_in_a: tuple[DocumentedChange, ...]
    only_in_b: tuple[DocumentedChange, ...]
    different: tuple[DifferentChange, ...]
    equal: int
    parameters: tuple[PathDifference, ...]
    outputs: tuple[PathDifference, ...]


def plan_diff(a: PlanDocument, b: PlanDocument) -> PlanDiff:
    """The difference between two plans."""
    ours, theirs = _by_name(a.changes), _by_name(b.changes)
    shared = [name for name in ours if name in theirs]
    compared = [_different(name, ours[name], theirs[name]) for name in shared]
    different = tuple(one for one in compared if one.attributes or one.paths)
    return PlanDiff(
        a=_compared(a),
        b=_compared(b),
        only_in_a=tuple(change for name, change in ours.items() if name not in theirs),
        only_in_b=tuple(change for name, change in theirs.items() if name not in ours),
        different=different,
        equal=len(shared) - len(different),
        parameters=_differences(_sides(a.parameters), _sides(b.parameters)),
        outputs=_differences(_sides(a.outputs), _sides(b.outputs)),
    )


def diff_without_values(diff: PlanDiff) -> PlanDiff:
    """The difference by name only."""

    def nameless(differences: tuple[PathDifference, ...]) -> tuple[PathDifference, ...]:
        return tuple(
            PathDifference(path=one.path, in_a=one.in_a and Side(), in_b=one.in_b and Side()) for one in differences
        )

    return msgspec.structs.replace(
        diff,
        only_in_a=tuple(map(change_without_values, diff.only_in_a)),
        only_in_b=tuple(map(change_without_values, diff.only_in_b)),
        different=tuple(msgspec.structs.replace(one, paths=nameless(one.paths)) for one in diff.different),
        parameters=nameless(diff.parameters),
        outputs=nameless(diff.outputs),
    )


def _compared(document: PlanDocument) -> Compared:
    return Compared(
        plan_id=document.plan_id,
        provisioned_product_id=document.provisioned_product_id,
        status=document.status,
        summary=document.summary,
        risk_counts=document.risk_counts,
    )


def _by_name(changes: Iterable[DocumentedChange]) -> dict[Name, DocumentedChange]:
    """The changes by name; where a leftover is removed besides, the change that the template asks for counts."""
    named: dict[Name, DocumentedChange] = {}
    for change in changes:
        named.setdefault((change.stack_path, change.resource_change["LogicalResourceId"]), change)
    return named


_ATTRIBUTES = ("Action", "ResourceType", "Replacement", "PolicyAction")


def _different(name: Name, ours: DocumentedChange, theirs: DocumentedChange) -> DifferentChange:
    a, b = ours.resource_change, theirs.resource_change
    attributes = [
        AttributeDifference(name=one, in_a=a.get(one), in_b=b.get(one))
        for one in _ATTRIBUTES
        if a.get(one) != b.get(one)
    ]
    if ours.certainty != theirs.certainty:
        attributes.append(AttributeDifference(name="Certainty", in_a=ours.certainty, in_b=theirs.certainty))
    return DifferentChange(
        logical_resource_id=name[1],
        stack_path=name[0],
        resource_type=b["ResourceType"],
        attributes=tuple(attributes),
        paths=_paths(ours, theirs),
    )


def _paths(ours: DocumentedChange, theirs: DocumentedChange) -> tuple[PathDifference, ...]:
    """Of two additions what they make differently, of all else what they change differently."""
    if ours.resource_change["Action"] == theirs.resource_change["Action"] == "Add":
        made = path_changes(_made(ours), _made(theirs), "/Properties")
        sides = {one.path: (one.before_value, one.after_value) for one in made}
        return tuple(
            PathDifference(path=path, in_a=_added(before), in_b=_added(after))
            for path, (before, after) in sides.items()
        )
    return _differences(_changed(ours), _changed(theirs))


def _made(change: DocumentedChange) -> Any:
    context = parsed_json(change.resource_change.get("AfterContext", "{}"))
    return context.get("Properties", {}) if isinstance(context, dict) else {}


def _added(value: str | None) -> Side | None:
    return None if value is None else Side(after_value=value)


def _changed(change: DocumentedChange) -> Sides:
    """What a change does by path; a property whose value only execution can tell is there without values."""
    named = {_place(detail["Target"]): Side() for detail in change.resource_change["Details"]}
    known = _sides(change.path_changes)
    told = {path for path in named if any(one == path or one.startswith((f"{path}/", f"{path}[")) for one in known)}
    return {path: side for path, side in named.items() if path not in told} | known


def _place(target: Mapping[str, str]) -> str:
    section = "Properties" if target["Attribute"] == "Tags" else target["Attribute"]
    name = target.get("Name") or ("Tags" if target["Attribute"] == "Tags" else "")
    return f"/{section}/{name}".rstrip("/")


def _sides(changes: Iterable[PathChange]) -> Sides:
    return {one.path: Side(before_value=one.before_value, after_value=one.after_value) for one in changes}


def _differences(a: Sides, b: Sides) -> tuple[PathDifference, ...]:
    paths = dict.fromkeys((*a, *b))
    return tuple(
        PathDifference(path=path, in_a=a.get(path), in_b=b.get(path)) for path in paths if a.get(path) != b.get(path)
    )
