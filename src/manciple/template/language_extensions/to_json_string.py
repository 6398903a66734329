"""Fn::ToJsonString: an object or a list as JSON, without blanks; numbers and booleans stay what they are."""

from manciple.errors import TemplateError
from manciple.template.literals import TO_JSON_STRING, to_json
from manciple.template.scope import Declarations, Intrinsic, Scope, is_unfinished
from manciple.template.values import Value, taint

FORM = "Template error: every Fn::ToJsonString object must have an object or an array."


def _check(argument: Value, declarations: Declarations) -> None:
    if isinstance(argument, str):
        raise TemplateError(FORM)


def _evaluate(argument: Value, scope: Scope) -> Value:
    value = scope.value(argument)
    if _waits(value):
        return {TO_JSON_STRING: value}
    text = to_json(value)
    scope.spend(len(text))
    return taint(text, value)


def _waits(value: Value) -> bool:
    """Is there anything in `value` that is not known yet?"""
    if isinstance(value, str):
        return False
    inner = value if isinstance(value, list) else value.values()
    return is_unfinished(value) or any(map(_waits, inner))


JSON_STRING = Intrinsic(name=TO_JSON_STRING, check=_check, evaluate=_evaluate, place="value")
