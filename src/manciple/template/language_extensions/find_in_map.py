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
    if default is None:
        return FIND_IN_MAP.evaluate(argument, scope)
    keys = [scope.value(key) for key in argument[:3]]
    if not all(isinstance(key, str) for key in keys):
        raise TemplateError(FORM)
    found: Value = scope.mappings
    for key in keys:
        found = found.get(key, _ABSENT) if isinstance(found, dict) else _ABSENT
    if found is _ABSENT:
        return scope.value(default[DEFAULT])
    return FIND_IN_MAP.evaluate(keys, scope)


_ABSENT: dict[str, Value] = {}

EXTENDED_FIND_IN_MAP = Intrinsic(name=FIND_IN_MAP.name, check=_check, evaluate=_evaluate)
