"""Fn::Base64: a text in Base64, as user data wants it."""

from base64 import b64encode

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope, is_unfinished
from manciple.template.values import Value, taint

NAME = "Fn::Base64"
FORM = "Template error: every Fn::Base64 object must have a String-typed value."


def _check(argument: Value, declarations: Declarations) -> None:
    if isinstance(argument, list):
        raise TemplateError(FORM)


def _evaluate(argument: Value, scope: Scope) -> Value:
    text = scope.value(argument)
    if isinstance(text, str):
        scope.spend(len(text) * 4 // 3)
        return taint(b64encode(text.encode()).decode(), text)
    if scope.finishing or not is_unfinished(text):
        raise TemplateError(FORM)
    return {NAME: text}


BASE64 = Intrinsic(name=NAME, check=_check, evaluate=_evaluate, place="value")
