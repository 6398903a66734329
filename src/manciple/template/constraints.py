"""Does a parameter's value satisfy its declaration? Messages as CloudFormation answers them.

Recorded: "Parameter 'Value' must be a number." (with its full stop). Quoted from AWS's answers in public issues: "must
be a number not less than 1", "must match pattern …", "must be one of AllowedValues", and "Parameter Profiles failed to
satisfy constraint: …" (without quotes) where there is a ConstraintDescription. The pattern and the allowed values hold
for each value of a list (user guide, "Parameters").
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from manciple.errors import TemplateError
from manciple.template.java_pattern import matches
from manciple.template.java_syntax import BadPattern
from manciple.template.parameter_types import items, parse
from manciple.template.values import Value

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*")
LONGEST_NUMBER = 400

PATTERN_SECONDS = 2.0
"""Time that all patterns of one template together may take; each match has its share."""


def check_constraints(name: str, value: str, declared: Mapping[str, Value], parameters: int) -> None:
    """Raise TemplateError for the first constraint that `value` breaks.

    Constraints of an SSM type hold for the name that is given, not for what it stands for. `parameters` is how many
    parameters share the time that patterns may take.
    """
    declared_type = parse(_text(declared, "Type"))
    if declared_type is None:
        raise TemplateError(f"Template format error: Unrecognized parameter type: {_text(declared, 'Type')}")
    listed = declared_type.listed and not declared_type.ssm
    numeric = declared_type.item == "Number" and not declared_type.ssm
    text = "".join(value)
    checked = items(text) if listed else [text]
    seconds = PATTERN_SECONDS / parameters / len(checked)
    for item in checked:
        broken = next(_broken(name, item, declared, numeric, seconds), None)
        if broken:
            raise TemplateError(_sentence(name, broken, declared))


def _sentence(name: str, broken: str, declared: Mapping[str, Value]) -> str:
    described = _text(declared, "ConstraintDescription")
    if described:
        return f"Parameter {name} failed to satisfy constraint: {described}"
    return f"Parameter '{name}' {broken}"


def _broken(name: str, item: str, declared: Mapping[str, Value], numeric: bool, seconds: float) -> Iterator[str]:
    """What `item` breaks, in the order in which CloudFormation looks."""
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list) and not _is_allowed(item, allowed, numeric):
        yield "must be one of AllowedValues"
    yield from _broken_bounds(item, declared) if numeric else _broken_lengths(item, declared)
    pattern = _text(declared, "AllowedPattern")
    if pattern and not _matches(name, pattern, item, seconds):
        yield f"must match pattern {pattern}"


def _is_allowed(item: str, allowed: list[Value], numeric: bool) -> bool:
    if item in allowed:
        return True
    return (
        numeric
        and _is_number(item)
        and any(isinstance(one, str) and _is_number(one) and Decimal(one) == Decimal(item) for one in allowed)
    )


def _broken_bounds(item: str, declared: Mapping[str, Value]) -> Iterator[str]:
    if not _is_number(item):
        yield "must be a number."
        return
    least, most = _text(declared, "MinValue"), _text(declared, "MaxValue")
    if least and Decimal(item) < Decimal(least):
        yield f"must be a number not less than {least}"
    if most and Decimal(item) > Decimal(most):
        yield f"must be a number not greater than {most}"


def _broken_lengths(item: str, declared: Mapping[str, Value]) -> Iterator[str]:
    least, most = _text(declared, "MinLength"), _text(declared, "MaxLength")
    if least and len(item) < Decimal(least):
        yield f"must contain at least {least} characters"
    if most and len(item) > Decimal(most):
        yield f"must contain at most {most} characters"


def _is_number(text: str) -> bool:
    return len(text) <= LONGEST_NUMBER and text.isascii() and NUMBER.fullmatch(text) is not None


def _matches(name: str, pattern: str, item: str, seconds: float) -> bool:
    try:
        return matches(pattern, item, seconds)
    except BadPattern as error:
        message = f"Template error: Parameter '{name}' AllowedPattern must be a valid regular expression"
        raise TemplateError(message) from error


def _text(declared: Mapping[str, Value], member: str) -> str:
    value = declared.get(member, "")
    return value if isinstance(value, str) else ""
