"""A change set as AWS's two APIs answer it. Secrets are four stars in both."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, get_args

from manciple.api import shapes
from manciple.template.change_set.details import replacement_of
from manciple.template.change_set.model import Change, ChangeSet, Detail, ValueChange
from manciple.template.values import Value, masked

Json: TypeAlias = dict[str, Any]

_SERVICE_CATALOG_ATTRIBUTES = frozenset(get_args(shapes.ResourceAttribute))


def as_cloudformation(change_set: ChangeSet, *, values: bool) -> list[Json]:
    """The Changes of CloudFormation's DescribeChangeSet, with or without property values.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
    """
    changes = change_set.listed
    if values:
        return [_entry(_with_values(change)) for change in changes if change.listed_with_values]
    return [_entry(_without_values(change)) for change in changes]


def as_review(change_set: ChangeSet) -> list[Json]:
    """Every change of the form without values, with values where they are known: for people who have to decide."""
    return [_entry(_complete(change)) for change in change_set.listed]


def as_service_catalog(change_set: ChangeSet) -> list[shapes.ResourceChange]:
    """The ResourceChanges of DescribeProvisionedProductPlan: the form without values, in capitals."""
    return [_resource_change(change) for change in change_set.listed]


def _entry(resource_change: Json) -> Json:
    return {"Type": "Resource", "ResourceChange": resource_change}


def _without_values(change: Change) -> Json:
    return _present(
        PolicyAction=change.policy_action,
        Action=change.action,
        LogicalResourceId=change.logical_id,
        PhysicalResourceId=change.physical_id,
        ResourceType=change.resource_type,
        Replacement=change.replacement,
        Scope=_scope(change.details),
        Details=[_detail(detail) for detail in change.details],
    )


def _with_values(change: Change) -> Json:
    """Replacement and scope follow from the details of this form, which may be fewer."""
    shown = _without_values(change)
    if change.action == "Modify":
        replacement = replacement_of(change.value_details)
        shown = shown | {
            "PolicyAction": None if replacement == "False" else change.policy_action,
            "Replacement": replacement,
            "Scope": _scope(change.value_details),
            "Details": [_detail(detail) for detail in change.value_details],
        }
    return _present(**shown) | _contexts(change)


def _complete(change: Change) -> Json:
    """Details with values, and after them those that the form with values leaves out."""
    places = {detail.place() for detail in change.value_details}
    hidden = [detail for detail in change.details if detail.place() not in places]
    details = [_detail(detail) for detail in (*change.value_details, *hidden)]
    return _without_values(change) | {"Details": details} | _contexts(change)


def _detail(detail: Detail) -> Json:
    target = _present(Attribute=detail.attribute, Name=detail.name, RequiresRecreation=detail.requires_recreation)
    if detail.values is not None:
        target |= _values(detail, detail.values)
    return _present(
        Target=target,
        Evaluation=detail.evaluation,
        ChangeSource=detail.source,
        CausingEntity=detail.causing_entity,
    )


def _values(detail: Detail, values: ValueChange) -> Json:
    return _present(
        Path="/".join(("", detail.section, *([detail.property] if detail.property else []))),
        BeforeValue=_text(values.before),
        AfterValue=_text(values.after),
        AttributeChangeType=values.kind,
    )


def _contexts(change: Change) -> Json:
    return _present(
        BeforeContext=_context(change.before, change.before_sections),
        AfterContext=_context(change.after, change.after_sections),
    )


def _context(properties: Mapping[str, Value] | None, sections: Mapping[str, Value]) -> str | None:
    return None if properties is None else _text({"Properties": dict(properties), **sections})


def _text(value: Value | None) -> str | None:
    """A value as AWS writes it: text as it is, all else as JSON text."""
    if value is None:
        return None
    shown = masked(value)
    return shown if isinstance(shown, str) else json.dumps(shown, separators=(",", ":"), ensure_ascii=False)


def _resource_change(change: Change) -> shapes.ResourceChange:
    details = [detail for detail in change.details if detail.attribute.upper() in _SERVICE_CATALOG_ATTRIBUTES]
    return shapes.ResourceChange(
        action=change.action.upper(),
        details=[_resource_change_detail(detail) for detail in details],
        logical_resource_id=change.logical_id,
        physical_resource_id=change.physical_id,
        replacement=change.replacement and change.replacement.upper(),
        resource_type=change.resource_type,
        scope=[attribute.upper() for attribute in _scope(details)],
    )


def _resource_change_detail(detail: Detail) -> shapes.ResourceChangeDetail:
    return shapes.ResourceChangeDetail(
        causing_entity=detail.causing_entity,
        evaluation=detail.evaluation.upper(),
        target=shapes.ResourceTargetDefinition(
            attribute=detail.attribute.upper(),
            name=detail.name,
            requires_recreation=detail.requires_recreation.upper(),
        ),
    )


def _scope(details: Iterable[Detail]) -> list[str]:
    return list(dict.fromkeys(detail.attribute for detail in details))


def _present(**members: Any) -> Json:
    return {name: member for name, member in members.items() if member is not None}
