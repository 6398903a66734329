"""Fn::Select: one item of a list by its index."""

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope, is_unfinished
from manciple.template.values import Value

NAME = "Fn::Select"
FORM = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
BEYOND = "Template error: Fn::Select  cannot select nonexistent value at index {}"
"""With two blanks, as CloudFormation writes it in stack events."""

MOST_DIGITS = 9


def _check(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(FORM)
    index, items = argument
    if isinstance(index, list) or isinstance(items, str):
        raise TemplateError(FORM)
    if isinstance(index, str) and not _is_index(index):
        raise TemplateError(FORM)
    if isinstance(index, str) and isinstance(items, list) and int(index) >= len(items):
        raise TemplateError(FORM)


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def _evaluate(argument: Value, scope: Scope) -> Value:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(FORM)
    index, items = scope.value(argument[0]), scope.value(argument[1])
    waiting = is_unfinished(index) or is_unfinished(items)
    if waiting or (isinstance(items, list) and any(map(is_unfinished, items))):
        return {NAME: [index, items]}
    return _select(index, items)


def _select(index: Value, items: Value) -> Value:
    if not isinstance(index, str) or not isinstance(items, list) or not _is_index(index):
        raise TemplateError(FORM)
    if int(index) >= len(items):
        raise TemplateError(BEYOND.format(index))
    return items[int(index)]


SELECT = Intrinsic(name=NAME, check=_check, evaluate=_evaluate)
