"""Functions of the Rules section: Contains, EachMemberEquals, EachMemberIn, RefAll, ValueOf, ValueOfAll."""

from collections.abc import Callable

from manciple.errors import TemplateError
from manciple.template.evaluation import Need, Parameter
from manciple.template.parameter_types import parse
from manciple.template.scope import Declarations, Intrinsic, Scope
from manciple.template.values import Value

TWO = "Template error: every {} object requires a list of two parameters."


class Unverifiable(TemplateError):
    """A rule asks for an attribute of something outside (a subnet's VpcId) that nobody here knows."""


def _check_two(name: str) -> Callable[[Value, Declarations], None]:
    def check(argument: Value, declarations: Declarations) -> None:
        if not isinstance(argument, list) or len(argument) != 2:
            raise TemplateError(TWO.format(name))

    return check


def _check_text(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, str):
        raise TemplateError("Template error: every Fn::RefAll object must have a single String value.")


def _two(argument: Value, scope: Scope) -> tuple[list[Value], list[Value]]:
    """Both arguments as lists; a single text is a list of one."""
    sides = scope.value(argument)
    scope.demand_decidable(*(item for side in _listed(sides) for item in (side, *_listed(side))))
    if not isinstance(sides, list) or len(sides) != 2:
        raise TemplateError(TWO.format("rule function"))
    return _listed(sides[0]), _listed(sides[1])


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _truth(holds: bool) -> str:
    return "true" if holds else "false"


def _contains(argument: Value, scope: Scope) -> Value:
    members, wanted = _two(argument, scope)
    return _truth(all(value in members for value in wanted))


def _each_member_equals(argument: Value, scope: Scope) -> Value:
    members, wanted = _two(argument, scope)
    return _truth(all([member] == wanted for member in members))


def _each_member_in(argument: Value, scope: Scope) -> Value:
    members, allowed = _two(argument, scope)
    return _truth(all(member in allowed for member in members))


def _values(parameter: Parameter, scope: Scope) -> list[str]:
    scope.demand_decidable(parameter.resolved)
    resolved = parameter.resolved if isinstance(parameter.resolved, list) else [parameter.resolved]
    return [value for value in resolved if isinstance(value, str)]


def _of_type(name: Value, scope: Scope) -> list[str]:
    """All values of parameters of one type, lists of that type too."""
    found = []
    for parameter in scope.parameters.values():
        declared = parse(parameter.type)
        if declared is not None and declared.item == name:
            found.extend(_values(parameter, scope))
    return found


def _ref_all(argument: Value, scope: Scope) -> Value:
    return list[Value](_of_type(argument, scope))


def _attributes(values: list[str], attribute: Value, scope: Scope) -> list[Value]:
    found = []
    for value in values:
        known = scope.facts.known.get(Need("attribute", f"{value}.{attribute}"))
        if known is None:
            raise Unverifiable(f"Template error: {attribute} of {value} is not known; rules on it cannot be checked.")
        found.append(known)
    return found


def _value_of(argument: Value, scope: Scope) -> Value:
    name, attribute = argument if isinstance(argument, list) else ("", "")
    parameter = scope.parameters.get(name) if isinstance(name, str) else None
    if parameter is None:
        raise TemplateError(f"Template error: Fn::ValueOf names {name}, which is no parameter.")
    found = _attributes(_values(parameter, scope), attribute, scope)
    return found[0] if len(found) == 1 else found


def _value_of_all(argument: Value, scope: Scope) -> Value:
    name, attribute = argument if isinstance(argument, list) else ("", "")
    return _attributes(_of_type(name, scope), attribute, scope)


def _two_argument(name: str, evaluate: Callable[[Value, Scope], Value]) -> Intrinsic:
    return Intrinsic(name=name, check=_check_two(name), evaluate=evaluate, place="rule")


CONTAINS = _two_argument("Fn::Contains", _contains)
EACH_MEMBER_EQUALS = _two_argument("Fn::EachMemberEquals", _each_member_equals)
EACH_MEMBER_IN = _two_argument("Fn::EachMemberIn", _each_member_in)
REF_ALL = Intrinsic(name="Fn::RefAll", check=_check_text, evaluate=_ref_all, place="rule")
VALUE_OF = _two_argument("Fn::ValueOf", _value_of)
VALUE_OF_ALL = _two_argument("Fn::ValueOfAll", _value_of_all)
