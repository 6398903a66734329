"""Fn::Join: a list of texts with a delimiter between them."""

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope, is_unfinished
from manciple.template.values import Value, taint

NAME = "Fn::Join"
FORM = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings "
    "to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
)


def _check(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(FORM)
    delimiter, items = argument
    if not isinstance(delimiter, str) or isinstance(items, str):
        raise TemplateError(FORM)
    if isinstance(items, list) and any(isinstance(item, list) for item in items):
        raise TemplateError(FORM)


def _evaluate(argument: Value, scope: Scope) -> Value:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
        raise TemplateError(FORM)
    delimiter, items = argument[0], scope.value(argument[1])
    waiting = is_unfinished(items) or (isinstance(items, list) and any(map(is_unfinished, items)))
    if waiting and not scope.finishing:
        return {NAME: [delimiter, items]}
    return _join(delimiter, items, scope)


def _join(delimiter: str, items: Value, scope: Scope) -> str:
    if not isinstance(items, list):
        raise TemplateError(FORM)
    parts = [item for item in items if isinstance(item, str)]
    if len(parts) != len(items):
        raise TemplateError(FORM)
    scope.spend(sum(map(len, parts)) + len(delimiter) * len(parts))
    return taint(delimiter.join(parts), items)


JOIN = Intrinsic(name=NAME, check=_check, evaluate=_evaluate)
