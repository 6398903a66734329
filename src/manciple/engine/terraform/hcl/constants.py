"""The values of expressions in which nothing is looked up: defaults, descriptions, sources.

Terraform evaluates these without any variable or function (hclsyntax `Expr.Value(nil)`), so that is all there is.
"""

from collections.abc import Callable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import TypeAlias

from manciple.engine.terraform.hcl.syntax import (
    Chain,
    Conditional,
    Expression,
    JsonText,
    Literal,
    Mapping,
    Reference,
    Sequence,
    Template,
    Unary,
)

Constant: TypeAlias = "bool | str | Decimal | list[Constant] | dict[str, Constant] | None"

_NUMBERS = Context(prec=155, traps=[InvalidOperation, DivisionByZero, Overflow])
"""As many digits as the 512 bits in which Terraform counts."""

_LEVELS: tuple[tuple[str, ...], ...] = (
    ("*", "/", "%"),
    ("+", "-"),
    ("<", ">", "<=", ">="),
    ("==", "!="),
    ("&&",),
    ("||",),
)

_OPERATIONS: dict[str, Callable[[Decimal, Decimal], Constant]] = {
    "*": _NUMBERS.multiply,
    "/": _NUMBERS.divide,
    "%": _NUMBERS.remainder,
    "+": _NUMBERS.add,
    "-": _NUMBERS.subtract,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


class NotConstantError(Exception):
    """The value hangs on something that is known only when Terraform runs, or there is none."""


def constant(expression: Expression) -> Constant:
    """The value of an expression. Raises NotConstantError."""
    match expression:
        case Literal(value=str() as number):
            return _number(number)
        case Literal(value=value):
            return value
        case JsonText(value=text):
            return text
        case Template():
            return _template(expression)
        case Sequence(items=items):
            return [constant(item) for item in items]
        case Mapping(items=pairs):
            return {_key(key): constant(value) for key, value in pairs}
        case Unary():
            return _unary(expression)
        case Chain():
            return _fold(expression)
        case Conditional(condition=condition, if_true=first, if_false=second):
            return constant(first) if _as_bool(constant(condition)) else constant(second)
        case _:
            raise NotConstantError


def constant_text(expression: Expression | None) -> str | None:
    """The value of an expression that is a text; None if it is something else."""
    try:
        found = constant(expression) if expression is not None else None
    except NotConstantError:
        return None
    return found if isinstance(found, str) else None


def constant_written(expression: Expression) -> str:
    """The value of an expression as a template writes it. Raises NotConstantError."""
    return _as_text(constant(expression))


def number_text(number: Decimal) -> str:
    """A number as JSON writes it: no needless exponent, no trailing zeros."""
    return f"{number.normalize(_NUMBERS):f}" if -7 < number.adjusted() < 21 or not number else str(number).lower()


def _template(template: Template) -> Constant:
    if template.directives:
        raise NotConstantError
    if len(template.parts) == 1 and not isinstance(template.parts[0], str):
        return constant(template.parts[0])
    return "".join(part if isinstance(part, str) else _as_text(constant(part)) for part in template.parts)


def _unary(unary: Unary) -> Constant:
    value = constant(unary.operand)
    return _NUMBERS.minus(_as_number(value)) if unary.operator == "-" else not _as_bool(value)


def _key(key: Expression) -> str:
    if isinstance(key, Reference) and not key.steps:
        return key.name
    if isinstance(key, Literal) and not isinstance(key.value, str):
        return {True: "true", False: "false", None: "null"}[key.value]
    return _as_text(constant(key))


def _fold(chain: Chain) -> Constant:
    operands, operators = [constant(operand) for operand in chain.operands], list(chain.operators)
    for level in _LEVELS:
        operands, operators = _fold_level(level, operands, operators)
    return operands[0]


def _fold_level(
    level: tuple[str, ...], operands: list[Constant], operators: list[str]
) -> tuple[list[Constant], list[str]]:
    """Apply the operators of one level, from left to right."""
    folded, left = [operands[0]], []
    for operator, operand in zip(operators, operands[1:], strict=True):
        if operator in level:
            folded[-1] = _apply(operator, folded[-1], operand)
        else:
            left.append(operator)
            folded.append(operand)
    return folded, left


def _apply(operator: str, first: Constant, second: Constant) -> Constant:
    if operator in {"&&", "||"}:
        both = (_as_bool(first), _as_bool(second))
        return all(both) if operator == "&&" else any(both)
    if operator in {"==", "!="}:
        return (type(first) is type(second) and first == second) is (operator == "==")
    try:
        return _OPERATIONS[operator](_as_number(first), _as_number(second))
    except ArithmeticError:
        raise NotConstantError from None


def _number(text: str) -> Decimal:
    try:
        return _NUMBERS.create_decimal(text)
    except ArithmeticError:
        raise NotConstantError from None


def _as_number(value: Constant) -> Decimal:
    if isinstance(value, str):
        return _number(value)
    if not isinstance(value, Decimal):
        raise NotConstantError
    return value


def _as_bool(value: Constant) -> bool:
    found = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise NotConstantError
    return found


def _as_text(value: Constant) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return number_text(value)
    if not isinstance(value, str):
        raise NotConstantError
    return value
