"""Fn::If: one of two values by a condition; only the chosen one is evaluated."""

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope
from manciple.template.values import Value

FORM = "Template error: Fn::If requires a list argument with the first element being a condition"
THREE = "Template error: Fn::If requires a list argument with three elements"


def _check(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, list) or not argument or not isinstance(argument[0], str):
        raise TemplateError(FORM)
    if len(argument) != 3:
        raise TemplateError(THREE)
    if argument[0] not in declarations.conditions:
        raise TemplateError(f"Template error: unresolved condition dependency {argument[0]} in Fn::If")


def _evaluate(argument: Value, scope: Scope) -> Value:
    if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
        raise TemplateError(FORM)
    name, if_true, if_false = argument
    return scope.value(if_true if scope.conditions[str(name)] else if_false)


IF = Intrinsic(name="Fn::If", check=_check, evaluate=_evaluate)
