"""Small evaluated graphs, written as templates are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from manciple.template.change_set import Change, ChangeSet, Deployed, Instance, change_set
from manciple.template.evaluation import Evaluation, Output, Parameter, Read, Resource
from manciple.template.values import Bound, Secret, Value

TOPIC = "AWS::SNS::Topic"


def topic(logical_id: str = "Topic", reads: Iterable[Read] = (), **properties: Value) -> Resource:
    """A topic: its name is create-only, its display name is not."""
    return resource(logical_id, TOPIC, reads, properties)


def resource(
    logical_id: str, type_: str, reads: Iterable[Read] = (), properties: Mapping[str, Value] | None = None, **parts: Any
) -> Resource:
    """A resource; references in its properties are found, parameters it reads are `reads`."""
    found = [
        Read("Properties", name, kind, what)
        for name, value in (properties or {}).items()
        for kind, what in references(value)
    ]
    return Resource(
        logical_id=logical_id,
        type=type_,
        properties=dict(properties or {}),
        reads=(*reads, *found),
        dependencies=frozenset(read.name.partition(".")[0] for read in found),
        **parts,
    )


def references(value: Value) -> Iterator[tuple[Any, str]]:
    """What a value reads of other resources."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        match value:
            case {"Ref": str(name)}:
                yield "resource", name
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                yield "attribute", f"{name}.{attribute}"
            case _:
                for item in value.values():
                    yield from references(item)


def reads(parameter: str, *properties: str) -> list[Read]:
    """These properties read that parameter."""
    return [Read("Properties", name, "parameter", parameter) for name in properties]


def get_att(logical_id: str, name: str) -> Value:
    return {"Fn::GetAtt": [logical_id, name]}


def ref(logical_id: str) -> Value:
    return {"Ref": logical_id}


def graph(
    *resources: Resource, outputs: Mapping[str, Value] | None = None, secret: Iterable[str] = (), **parameters: str
) -> Evaluation:
    """An evaluation with these resources, outputs and parameters."""
    secrets = set(secret)
    return Evaluation(
        resources={one.logical_id: one for one in resources},
        outputs={name: Output(name=name, value=value) for name, value in (outputs or {}).items()},
        parameters={
            name: Parameter(name=name, type="String", given=value, resolved=Secret(value) if name in secrets else value)
            for name, value in parameters.items()
        },
    )


def deployed(evaluation: Evaluation, tags: Mapping[str, str] | None = None) -> Deployed:
    """The stack as it is once everything in the evaluation exists; a property is its own attribute."""
    instances = {name: Instance(f"id-of-{name}", Bound(f"id-of-{name}", _attributes(evaluation, name)))
                 for name in evaluation.resources}  # fmt: skip
    return Deployed(evaluation=evaluation, instances=instances, tags=tags or {})


def _attributes(evaluation: Evaluation, logical_id: str) -> dict[str, Value]:
    values = {
        "Arn": f"arn-of-{logical_id}",
        "TopicArn": f"arn-of-{logical_id}",
        **evaluation.resources[logical_id].properties,
    }
    while any(isinstance(value, dict) for value in values.values()):
        values = {name: _followed(evaluation, value) for name, value in values.items()}
    return values


def _followed(evaluation: Evaluation, value: Value) -> Value:
    match value:
        case {"Ref": str(name)}:
            return f"id-of-{name}"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return evaluation.resources[name].properties.get(attribute, f"arn-of-{name}")
        case dict():
            return "made"
    return value


def update(before: Evaluation, after: Evaluation) -> ChangeSet:
    """The change set that leads from one evaluation, deployed, to another."""
    return change_set(deployed(before), after)


def only(changes: ChangeSet) -> Change:
    """The one change there is."""
    (change,) = changes.changes.values()
    return change


def reasons(change: Change) -> set[tuple[str, str | None, str | None, str]]:
    """(place, source, causing entity, evaluation) of each detail of the form without values."""
    return {
        (detail.name or detail.attribute, detail.source, detail.causing_entity, detail.evaluation)
        for detail in change.details
    }
