"""Fn::GetAtt: an attribute of a resource, as `[resource, attribute]` or as `resource.attribute`."""

from collections.abc import Mapping

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope
from manciple.template.values import Value

NAME = "Fn::GetAtt"
FORM = (
    "Template error: every Fn::GetAtt object requires two non-empty parameters, "
    "the resource name and the resource attribute"
)


def unsupported(logical_id: str, name: str) -> str:
    """CloudFormation's sentence on an attribute that a resource has not."""
    return f"Template error: resource {logical_id} does not support attribute type {name} in Fn::GetAtt"


def attribute(logical_id: str, name: str, scope: Scope) -> Value:
    """The attribute `name` of a resource; the function itself for a resource that does not exist yet."""
    bound = scope.bindings.get(logical_id)
    if bound is not None:
        return _find(logical_id, name, bound.attributes)
    if scope.finishing:
        scope.unknown(f"{logical_id}.{name}")
    if logical_id not in scope.resources:
        scope.unresolved[logical_id] = None
    scope.saw("attribute", f"{logical_id}.{name}")
    return {NAME: [logical_id, name]}


def _find(logical_id: str, name: str, attributes: Mapping[str, Value]) -> Value:
    """An attribute by its dotted name, as a whole (`Outputs.Url`) or step by step (`Endpoint`, `Address`).

    Where any name will do there is one that ends in `*` (`Outputs.*`); `*` in its text is the name asked for.
    """
    if name in attributes:
        return attributes[name]
    prefix, dot, last = name.rpartition(".")
    made = attributes.get(f"{prefix}{dot}*")
    if isinstance(made, str):
        return made.replace("*", last)
    found: Value = dict(attributes)
    for step in name.split("."):
        if not isinstance(found, dict) or step not in found:
            raise TemplateError(unsupported(logical_id, name))
        found = found[step]
    return found


def _parts(argument: Value) -> list[Value]:
    return list(argument.split(".", 1)) if isinstance(argument, str) else argument if isinstance(argument, list) else []


def _check(argument: Value, declarations: Declarations) -> None:
    parts = _parts(argument)
    if len(parts) != 2 or not all(parts) or not isinstance(parts[0], str) or isinstance(parts[1], list):
        raise TemplateError(FORM)
    if parts[0] not in declarations.resources:
        raise TemplateError(f"Template error: instance of Fn::GetAtt references undefined resource {parts[0]}")


def _evaluate(argument: Value, scope: Scope) -> Value:
    logical_id, name = (scope.value(part) for part in _parts(argument))
    if not isinstance(logical_id, str) or not isinstance(name, str):
        raise TemplateError(FORM)
    return attribute(logical_id, name, scope)


GET_ATT = Intrinsic(name=NAME, check=_check, evaluate=_evaluate, place="value")
