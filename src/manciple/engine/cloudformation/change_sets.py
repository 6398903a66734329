"""A change set as CloudFormation describes it, read into ours; and what is asked for to have one made.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from manciple.engine.launch import Launch
from manciple.engine.planned import Permit, Planned, PlannedStack
from manciple.template.change_set import Change, ChangeSet
from manciple.template.change_set.model import Detail, ValueChange
from manciple.template.evaluation import STACK_TYPE, Evaluation, Facts, Parameter, Resource
from manciple.template.stack_paths import joined
from manciple.template.values import Secret, Value

LONGEST_BODY = 51_200
"""Bytes of a template that a request takes (CloudFormation user guide, "Quotas")."""

HIDDEN = "****"
"""What CloudFormation shows in place of a NoEcho value."""

INCLUDE_NESTED = "IncludeNestedStacks"
"""The argument of CreateChangeSet by which nested stacks get change sets, too."""

_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_ACTIONS = {"Add": "Add", "Import": "Add", "Remove": "Remove"}
"""CloudFormation's actions; what is missing here modifies (service-catalog-api reference, 3.6)."""

Json = Mapping[str, Any]


def request_of(launch: Launch, name: str, template: Mapping[str, str], *, is_new: bool) -> dict[str, Any]:
    """The arguments of CreateChangeSet for a launch; `template` is its body, or its address.

    Only AWS itself may set tags under `aws:`; the AutoTags lose that beginning.
    """
    tags = launch.tags | {key.removeprefix("aws:"): value for key, value in launch.auto_tags.items()}
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in launch.parameters.items()]
    kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in launch.use_previous]
    return {
        "StackName": launch.stack_name,
        "ChangeSetName": name,
        "ChangeSetType": "CREATE" if is_new else "UPDATE",
        "ClientToken": name,
        **template,
        "Parameters": [*given, *kept],
        "Capabilities": list(_CAPABILITIES),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "NotificationARNs": list(launch.topic_arns),
        INCLUDE_NESTED: True,
    }


def change_set_of(described: Json, valued: Json | None) -> ChangeSet:
    """Our change set from both forms: without property values, and with them where the endpoint gives them."""
    with_values = {one["LogicalResourceId"]: one for one in _resource_changes(valued or {})}
    plain = {one["LogicalResourceId"]: one for one in _resource_changes(described)}
    changes = {key: _change(one, with_values.get(key, {})) for key, one in sorted(plain.items())}
    return ChangeSet(changes=changes, outputs_changed=not changes, creates_stack=is_creation(described))


def nested_in(described: Json, path: str) -> Iterator[tuple[str, str]]:
    """The change sets of stacks nested in a stack, as (path, ARN); none where the endpoint makes no such."""
    for change in _resource_changes(described):
        if change["ResourceType"] == STACK_TYPE and change.get("ChangeSetId"):
            yield joined(path, change["LogicalResourceId"]), change["ChangeSetId"]


def is_creation(described: Json) -> bool:
    """Is it the first change set of a stack? An endpoint that does not say so answers False."""
    return described.get("ChangeSetType") == "CREATE"


def planned_of(launch: Launch, described: Json, changes: ChangeSet, previous: Mapping[str, str]) -> Planned:
    """What execution keeps of a plan: the change set itself stays at the endpoint.

    `previous` are the values of the parameters that keep theirs, as far as they are known.
    """
    stays = [change for change in changes.changes.values() if change.action != "Remove"]
    resources = {
        one.logical_id: Resource(logical_id=one.logical_id, type=one.resource_type, properties=dict(one.after or {}))
        for one in stays
    }
    parameters = _parameters(launch, described, previous)
    facts = Facts(
        account=launch.account,
        region=launch.region,
        partition=launch.place.partition,
        stack_name=launch.stack_name,
        stack_id=described["StackId"],
        notification_arns=launch.topic_arns,
    )
    permits = {
        key: Permit(action=one.action, replacement=one.replacement, is_certain=one.certainty == "certain")
        for key, one in changes.changes.items()
    }
    stack = PlannedStack(
        evaluation=Evaluation(resources=resources, parameters=parameters),
        facts=facts,
        permits=permits,
        tags=launch.tags | launch.auto_tags,
    )
    return Planned(launch=launch, stacks={"": stack})


def _parameters(launch: Launch, described: Json, previous: Mapping[str, str]) -> dict[str, Parameter]:
    """The parameters in force: as the endpoint tells them, of hidden ones what was given."""
    told = {one["ParameterKey"]: one for one in described.get("Parameters", [])}
    found = {}
    for name in [*told, *(key for key in launch.parameters if key not in told)]:
        shown = told.get(name, {}).get("ParameterValue", "")
        is_hidden = shown == HIDDEN
        text = launch.parameters.get(name) or (previous.get(name, shown) if is_hidden else shown)
        given = Secret(text) if is_hidden else text
        found[name] = Parameter(
            name=name,
            type="String",
            given=given,
            resolved=told.get(name, {}).get("ResolvedValue", given),
            no_echo=is_hidden,
            is_default=name not in launch.parameters,
        )
    return found


def _resource_changes(described: Json) -> Iterable[Json]:
    return [one["ResourceChange"] for one in described.get("Changes", []) if one.get("ResourceChange")]


def _change(plain: Json, valued: Json) -> Change:
    details = tuple(_detail(one) for one in plain.get("Details", []))
    value_details = tuple(_detail(one) for one in valued.get("Details", []) if "Path" in one.get("Target", {}))
    is_certain = not details or any(detail.evaluation == "Static" for detail in details)
    action: Any = _ACTIONS.get(plain["Action"], "Modify")
    before, after = _context(valued.get("BeforeContext")), _context(valued.get("AfterContext"))
    return Change(
        action=action,
        logical_id=plain["LogicalResourceId"],
        resource_type=plain["ResourceType"],
        physical_id=plain.get("PhysicalResourceId") or None,
        replacement=plain.get("Replacement") if action == "Modify" else None,
        policy_action=plain.get("PolicyAction"),
        details=details,
        value_details=value_details,
        before=before.get("Properties"),
        after=after.get("Properties"),
        before_sections=_beside_properties(before),
        after_sections=_beside_properties(after),
        certainty="certain" if is_certain else "if changed",
        cause=tuple(dict.fromkeys(step for one in plain.get("Details", []) for step in _cause(plain, one))),
    )


_CAUSES = {"ParameterReference": "Parameter", "ResourceReference": "Ref", "ResourceAttribute": "GetAtt"}


def _cause(change: Json, detail: Json) -> Iterable[str]:
    """What makes a resource change, as far as its details tell: the entity, and the property it ends in."""
    source, entity, target = detail.get("ChangeSource"), detail.get("CausingEntity"), detail.get("Target", {})
    if entity:
        yield f"{_CAUSES.get(source or '', 'From')} {entity}"
    yield f"{change['LogicalResourceId']}.{target.get('Name') or target.get('Attribute')}"


def _detail(found: Json) -> Detail:
    target = found.get("Target", {})
    _, section, place = [*target.get("Path", "").split("/", 2), "", ""][:3]
    attribute: Any = target.get("Attribute", "Properties")
    return Detail(
        section=section or ("Properties" if attribute == "Tags" else attribute),
        property=place or target.get("Name") or "",
        attribute=attribute,
        name=target.get("Name"),
        requires_recreation=target.get("RequiresRecreation", "Never"),
        evaluation=found.get("Evaluation", "Static"),
        source=found.get("ChangeSource"),
        causing_entity=found.get("CausingEntity"),
        values=ValueChange(target.get("BeforeValue"), target.get("AfterValue")) if "Path" in target else None,
    )


def _context(text: str | None) -> dict[str, Any]:
    """The sections in a context, JSON text as CloudFormation writes it; empty where there is none."""
    found = json.loads(text) if text else None
    return {"Properties": {}, **found} if isinstance(found, dict) else {}


def _beside_properties(context: Mapping[str, Any]) -> dict[str, Value]:
    return {name: section for name, section in context.items() if name != "Properties"}
