"""Fn::Split: a text cut at a delimiter."""

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope, is_unfinished
from manciple.template.values import Secret, Value, holds_secret

NAME = "Fn::Split"
FORM = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
    "split or a function that returns a string to be split."
)


def _check(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(FORM)
    delimiter, source = argument
    if not isinstance(delimiter, str) or not delimiter or isinstance(source, list):
        raise TemplateError(FORM)


def _evaluate(argument: Value, scope: Scope) -> Value:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(FORM)
    delimiter, source = argument[0], scope.value(argument[1])
    if is_unfinished(source) and not scope.finishing:
        return {NAME: [delimiter, source]}
    if not isinstance(delimiter, str) or not delimiter or not isinstance(source, str):
        raise TemplateError(FORM)
    scope.spend(len(source))
    parts = source.split(delimiter)
    return [Secret(part) for part in parts] if holds_secret(source) else list[Value](parts)


SPLIT = Intrinsic(name=NAME, check=_check, evaluate=_evaluate)
