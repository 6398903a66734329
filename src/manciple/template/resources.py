"""Evaluate one resource."""

from collections.abc import Iterable, Mapping
from typing import cast

from manciple.errors import TemplateError
from manciple.template.evaluation import Policy, Read, Resource, Section
from manciple.template.faults import within
from manciple.template.references import depends_on
from manciple.template.scope import NO_VALUE, Scope, Seen
from manciple.template.structure import POLICIES, unrecognized_policy
from manciple.template.values import Value


def evaluate_resource(
    logical_id: str, declared: Mapping[str, Value], scope: Scope, line: int | None = None
) -> Resource:
    """The active resource `logical_id`, with everything that it reads. Raises TemplateError with a path inside it."""
    reads: list[Read] = []
    properties = _properties(declared.get("Properties", {}), scope, reads)
    metadata = _section("Metadata", declared, scope, reads)
    creation_policy = _section("CreationPolicy", declared, scope, reads)
    update_policy = _section("UpdatePolicy", declared, scope, reads)
    names = tuple(name for name in depends_on(declared) if name in scope.resources)
    return Resource(
        logical_id=logical_id,
        type=str(declared["Type"]),
        properties=properties,
        metadata=metadata,
        depends_on=names,
        dependencies=frozenset((*names, *_resources_in(reads))),
        deletion_policy=_policy("DeletionPolicy", logical_id, declared, scope),
        update_replace_policy=_policy("UpdateReplacePolicy", logical_id, declared, scope),
        creation_policy=creation_policy,
        update_policy=update_policy,
        reads=tuple(reads),
        line=line,
    )


def _policy(attribute: str, logical_id: str, declared: Mapping[str, Value], scope: Scope) -> Policy:
    """The policy, Delete where none is declared; one that functions compute is checked now."""
    policy = scope.value(declared.get(attribute, "Delete"))
    if policy is NO_VALUE:
        return "Delete"
    scope.demand_decidable(policy)
    if not isinstance(policy, str) or policy not in POLICIES[attribute]:
        raise TemplateError(unrecognized_policy(attribute, policy, logical_id), path=attribute)
    return cast(Policy, policy)


def _properties(declared: Value, scope: Scope, reads: list[Read]) -> dict[str, Value]:
    """Properties one by one, so that each knows what it reads; one that is AWS::NoValue is gone."""
    properties: dict[str, Value] = {}
    if not isinstance(declared, dict):
        return properties
    for name, value in declared.items():
        if name.startswith("Fn::"):
            raise TemplateError(f"Encountered unsupported property {name}", path=f"Properties/{name}")
        if isinstance(value, str):
            properties[name] = value
            continue
        scope.seen = {}
        try:
            result = scope.value(value)
        except TemplateError as error:
            raise within(error, f"Properties/{name}") from None
        if scope.seen:
            reads.extend(_reads("Properties", name, scope.seen))
        if result is not NO_VALUE:
            properties[name] = result
    return properties


def _section(name: Section, declared: Mapping[str, Value], scope: Scope, reads: list[Read]) -> Value | None:
    """Another part of a resource, None where it is absent."""
    if name not in declared:
        return None
    scope.seen = {}
    try:
        value = scope.value(declared[name])
    except TemplateError as error:
        raise within(error, name) from None
    reads.extend(_reads(name, "", scope.seen))
    return None if value is NO_VALUE else value


def _reads(section: Section, name: str, seen: Iterable[Seen]) -> list[Read]:
    return [Read(section, name, kind, target) for kind, target in seen]


def _resources_in(reads: Iterable[Read]) -> list[str]:
    return [read.name.partition(".")[0] for read in reads if read.kind != "parameter"]
