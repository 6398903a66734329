"""Fn::FindInMap with a DefaultValue, and with functions for its map and keys."""

from manciple.errors import TemplateError
from manciple.template.intrinsics.find_in_map import FIND_IN_MAP, FORM
from manciple.template.scope import Declarations, Intrinsic, Scope
from manciple.template.values import Value

DEFAULT = "DefaultValue"


def _default(argument: Value) -> dict[str, Value] | None:
    """The `{DefaultValue: …}` at the end, None where there is none."""
    last = argument[3] if isinstance(argument, list) and len(argument) == 4 else None
    return last if isinstance(last, dict) and last.keys() == {DEFAULT} else None


def _check(argument: Value, declarations: Declarations) -> None:
    if _default(argument) is None:
        FIND_IN_MAP.check(argument, declarations)
    elif any(isinstance(key, list) for key in argument):
        raise TemplateError(FORM)


def _evaluate(argument: Value, scope: Scope) -> Value:
    default = _default(argument)
    if default is None or not isinstance(argument, list):
        return FIND_IN_MAP.evaluate(argument, scope)
    keys = [scope.value(key) for key in argument[:3]]
    scope.demand_decidable(*keys)
    if _is_there(dict(scope.mappings), keys):
        return FIND_IN_MAP.evaluate(list[Value](keys), scope)
    return scope.value(default[DEFAULT])


def _is_there(found: Value, keys: list[Value]) -> bool:
    """Do the keys lead to a value?"""
    for key in keys:
        if not isinstance(key, str):
            raise TemplateError(FORM)
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return True


EXTENDED_FIND_IN_MAP = Intrinsic(name=FIND_IN_MAP.name, check=_check, evaluate=_evaluate)
