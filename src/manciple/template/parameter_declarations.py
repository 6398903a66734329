"""The Parameters section: are the declarations themselves sound?"""

import re
from collections.abc import Iterator
from decimal import Decimal

from manciple.errors import TemplateError
from manciple.template.constraints import check_constraints
from manciple.template.document import Template
from manciple.template.faults import Faults
from manciple.template.limits import Limits
from manciple.template.parameter_types import parse
from manciple.template.values import Value

ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")
NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?")
TEXT_MEMBERS = (
    "Type",
    "Default",
    "Description",
    "ConstraintDescription",
    "AllowedPattern",
    "NoEcho",
)
NUMBER_MEMBERS = ("MinLength", "MaxLength", "MinValue", "MaxValue")
MEMBERS_OF_TYPES = {"String": ("MinLength", "MaxLength", "AllowedPattern"), "Number": ("MinValue", "MaxValue")}
BOUNDS = (("MinLength", "MaxLength"), ("MinValue", "MaxValue"))
MEMBERS = frozenset({*TEXT_MEMBERS, *NUMBER_MEMBERS, "AllowedValues"})


def check_parameters(template: Template, limits: Limits, faults: Faults) -> None:
    """Add to `faults` what is wrong with the declarations, a default that breaks its own constraints included."""
    parameters = template.section("Parameters")
    if len(parameters) > limits.parameters:
        message = f"Parameter count {len(parameters)} is greater than max allowed {limits.parameters}"
        faults.add(f"Template format error: {message}", "Parameters")
    for name, declared in parameters.items():
        path = f"Parameters/{name}"
        if not ALPHANUMERIC.fullmatch(name):
            faults.add(f"Template format error: Parameter name {name} is non alphanumeric.", path)
        elif not isinstance(declared, dict):
            faults.add("Template format error: Any Parameters member must be an object.", path)
        else:
            _check_declaration(name, path, declared, len(parameters), faults)


def _check_declaration(name: str, path: str, declared: dict[str, Value], parameters: int, faults: Faults) -> None:
    before = len(faults.found)
    for member in declared.keys() - MEMBERS:
        faults.add(f"Invalid template parameter property '{member}'", f"{path}/{member}")
    for member in TEXT_MEMBERS:
        if not isinstance(declared.get(member, ""), str):
            faults.add(f"Template format error: Every {member} member must be a string.", f"{path}/{member}")
    for member in NUMBER_MEMBERS:
        number = declared.get(member, "0")
        if not isinstance(number, str) or not NUMBER.fullmatch(number):
            faults.add(f"Template format error: Every {member} member must be a number.", f"{path}/{member}")
    allowed = declared.get("AllowedValues", [])
    if not isinstance(allowed, list) or not all(isinstance(value, str) for value in allowed):
        faults.add("Template format error: Every AllowedValues value must be a string.", f"{path}/AllowedValues")
    if len(faults.found) == before:
        _check_meaning(name, path, declared, parameters, faults)


def _check_meaning(name: str, path: str, declared: dict[str, Value], parameters: int, faults: Faults) -> None:
    declared_type = declared.get("Type")
    if not isinstance(declared_type, str):
        faults.add("Template format error: Every Parameters object must contain a Type member.", path)
        return
    parsed = parse(declared_type)
    if parsed is None:
        faults.add(f"Template format error: Unrecognized parameter type: {declared_type}", f"{path}/Type")
        return
    for fault, member in _misplaced(declared, is_numeric=parsed.item == "Number" and not parsed.ssm):
        faults.add(f"Template error: Parameter '{name}' {fault}", f"{path}/{member}")
    default = declared.get("Default")
    if isinstance(default, str):
        try:
            check_constraints(name, default, declared, parameters)
        except TemplateError as error:
            faults.add(error.message, f"{path}/Default")


def _misplaced(declared: dict[str, Value], *, is_numeric: bool) -> Iterator[tuple[str, str]]:
    """Constraints of another type, and bounds that nothing can keep, each with the member.

    Sentences as Eucalyptus' CloudFormation has them, which was written against AWS's answers; types of AWS take the
    constraints of text (aws-cloudformation/cfn-lint pull request 2193).
    """
    foreign = "String" if is_numeric else "Number"
    for member in MEMBERS_OF_TYPES[foreign]:
        if member in declared:
            yield f"{member} must be on a parameter of type {foreign}", member
    for least, most in BOUNDS:
        low, high = declared.get(least), declared.get(most)
        if isinstance(low, str) and isinstance(high, str) and Decimal(low) > Decimal(high):
            yield f"{least} must be less than {most}.", least
