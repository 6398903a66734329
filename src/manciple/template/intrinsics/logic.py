"""Condition functions: Fn::And, Fn::Or, Fn::Not, Fn::Equals and Condition. Truth is the text "true" or "false"."""

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope, is_known
from manciple.template.values import Value

EQUALS_FORM = "Template error: every Fn::Equals object requires a list of 2 string parameters."
NOT_FORM = "Template error: every Fn::Not object requires one boolean parameter."
MANY_FORM = "Template error: every {} object requires a list of at least 2 and at most 10 boolean parameters."
BOOLEAN = "Template format error: Conditions can only be boolean operations on parameters and other conditions"


def truth(value: Value) -> bool:
    """The truth that an evaluated condition stands for."""
    if value in ("true", "false"):
        return value == "true"
    raise TemplateError(BOOLEAN)


def _text(value: bool) -> str:
    return "true" if value else "false"


def _operands(argument: Value, scope: Scope) -> list[bool]:
    operands = argument if isinstance(argument, list) else [argument]
    return [truth(scope.value(operand)) for operand in operands]


def _check_equals(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, list) or len(argument) != 2 or any(isinstance(side, list) for side in argument):
        raise TemplateError(EQUALS_FORM)


def _equals(argument: Value, scope: Scope) -> Value:
    sides = scope.value(argument)
    scope.demand_decidable(*(sides if isinstance(sides, list) else ()))
    if not isinstance(sides, list) or len(sides) != 2 or not all(is_known(side) for side in sides):
        raise TemplateError(EQUALS_FORM)
    return _text(sides[0] == sides[1])


def _check_not(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, list) or len(argument) != 1 or not isinstance(argument[0], dict):
        raise TemplateError(NOT_FORM)


def _check_and(argument: Value, declarations: Declarations) -> None:
    _check_many("Fn::And", argument)


def _check_or(argument: Value, declarations: Declarations) -> None:
    _check_many("Fn::Or", argument)


def _check_many(name: str, argument: Value) -> None:
    if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
        raise TemplateError(MANY_FORM.format(name))
    if not all(isinstance(operand, dict) for operand in argument):
        raise TemplateError(MANY_FORM.format(name))


def _check_condition(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, str):
        raise TemplateError("Template format error: Every Condition member must be a string.")
    if argument not in declarations.conditions:
        message = (
            f"Template format error: Unresolved condition dependency {argument} in the Conditions block of the template"
        )
        raise TemplateError(message)


def _condition(argument: Value, scope: Scope) -> Value:
    return _text(scope.conditions[argument]) if isinstance(argument, str) else {"Condition": argument}


EQUALS = Intrinsic(name="Fn::Equals", check=_check_equals, evaluate=_equals, place="condition")
NOT = Intrinsic(
    name="Fn::Not",
    check=_check_not,
    evaluate=lambda argument, scope: _text(not all(_operands(argument, scope))),
    place="condition",
)
AND = Intrinsic(
    name="Fn::And",
    check=_check_and,
    evaluate=lambda argument, scope: _text(all(_operands(argument, scope))),
    place="condition",
)
OR = Intrinsic(
    name="Fn::Or",
    check=_check_or,
    evaluate=lambda argument, scope: _text(any(_operands(argument, scope))),
    place="condition",
)
CONDITION = Intrinsic(name="Condition", check=_check_condition, evaluate=_condition, place="condition")
