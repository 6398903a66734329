"""Fn::FindInMap: a value of the Mappings section by map, top-level key and second-level key."""

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope
from manciple.template.values import Value

NAME = "Fn::FindInMap"
FORM = (
    "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute "
    "for return value"
)
NO_MAPPING = "Template error: Mapping named '{}' is not present in the 'Mappings' section of template."


def _check(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, list) or len(argument) != 3 or any(isinstance(item, list) for item in argument):
        raise TemplateError(FORM)
    if isinstance(argument[0], str) and argument[0] not in declarations.mappings:
        raise TemplateError(NO_MAPPING.format(argument[0]))


def _evaluate(argument: Value, scope: Scope) -> Value:
    keys = scope.value(argument)
    scope.demand_decidable(*(keys if isinstance(keys, list) else ()))
    if not isinstance(keys, list) or len(keys) != 3:
        raise TemplateError(FORM)
    name, top, second = keys
    if not isinstance(name, str) or not isinstance(top, str) or not isinstance(second, str):
        raise TemplateError(FORM)
    if name not in scope.mappings:
        raise TemplateError(NO_MAPPING.format(name))
    found = _find(scope.mappings[name], top, second)
    if found is None:
        raise TemplateError(f"Template error: Unable to get mapping for {name}::{top}::{second}")
    scope.spend(len(found) if isinstance(found, str) else sum(map(len, found)))
    return found


def _find(mapping: Value, top: str, second: str) -> Value | None:
    keys = mapping.get(top) if isinstance(mapping, dict) else None
    return keys.get(second) if isinstance(keys, dict) else None


FIND_IN_MAP = Intrinsic(name=NAME, check=_check, evaluate=_evaluate)
