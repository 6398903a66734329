"""Fn::Length: how many items a list has."""

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope
from manciple.template.values import Value

UNRESOLVED = "Transform AWS::LanguageExtensions failed with: The Fn::Length value could not be resolved for properties"
"""As measured on AWS (ministack, pull request 1739)."""


def _check(argument: Value, declarations: Declarations) -> None:
    if isinstance(argument, str):
        raise TemplateError(UNRESOLVED)


def _evaluate(argument: Value, scope: Scope) -> Value:
    items = scope.value(argument)
    if not isinstance(items, list):
        raise TemplateError(UNRESOLVED)
    return str(len(items))


LENGTH = Intrinsic(name="Fn::Length", check=_check, evaluate=_evaluate)
