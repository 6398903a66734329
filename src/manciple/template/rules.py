"""The Rules section: assertions on parameter values, checked before anything else is evaluated."""

from collections.abc import Mapping
from contextlib import suppress

from msgspec.structs import replace

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.evaluation import Facts, Parameter
from manciple.template.faults import Faults
from manciple.template.intrinsics import table
from manciple.template.intrinsics.logic import truth
from manciple.template.intrinsics.rule_functions import Unverifiable
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.references import check_functions, check_rule_references
from manciple.template.scope import Scope, Undecided
from manciple.template.values import Value


def check_rules(
    template: Template, parameters: Mapping[str, Parameter], facts: Facts, limits: Limits = DEFAULT_LIMITS
) -> None:
    """Raise TemplateErrors for assertions that do not hold; the message is the AssertDescription.

    An assertion on an attribute of something outside that is not known (`Fn::ValueOf` of a subnet) counts as held:
    only the account that owns the subnet could tell. One on a parameter that is not known yet is checked once it is.
    """
    rules = template.section("Rules")
    if not rules:
        return
    scope = Scope(table("rule"), facts, parameters=parameters, mappings=template.section("Mappings"), limits=limits)
    faults = Faults(template.line)
    for name, rule in rules.items():
        with faults.at(f"Rules/{name}"):
            if not isinstance(rule, dict) or not isinstance(rule.get("Assertions"), list):
                raise TemplateError(f"Template format error: Rule {name} must contain a list of Assertions.")
            with suppress(Undecided):
                _check(name, rule, rule["Assertions"], scope)
    faults.raise_if_any()


def _check(name: str, rule: Mapping[str, Value], assertions: Value, scope: Scope) -> None:
    if _holds(rule.get("RuleCondition"), scope):
        _assert(name, assertions, scope)


def check_form(rules: Mapping[str, Value]) -> None:
    """Check rules that stand by themselves, for whatever parameters there are. Raises TemplateErrors."""
    faults = Faults()
    for name, rule in rules.items():
        with faults.at(f"Rules/{name}"):
            _check_rule(name, rule)
    faults.raise_if_any()
    check_functions("rule", dict(rules), "Rules", faults)
    faults.raise_if_any()


def _check_rule(name: str, rule: Value) -> None:
    if not isinstance(rule, dict) or not rule.keys() <= _RULE_MEMBERS:
        members = " and ".join(sorted(_RULE_MEMBERS))
        raise TemplateError(f"Template format error: Rule {name} must be an object with the members {members}.")
    assertions = rule.get("Assertions")
    if not isinstance(assertions, list) or not assertions:
        raise TemplateError(f"Template format error: Rule {name} must contain a list of Assertions.")
    if not all(_is_sound(assertion) for assertion in assertions) or not _is_function(rule.get("RuleCondition")):
        raise TemplateError(
            f"Template format error: Every assertion of rule {name} must be an object with an Assert, "
            "which as a RuleCondition is a function that is true or false."
        )


def _is_sound(assertion: Value) -> bool:
    is_whole = isinstance(assertion, dict) and {"Assert"} <= assertion.keys() <= _ASSERTION_MEMBERS
    return is_whole and isinstance(assertion, dict) and _is_function(assertion["Assert"])


def _is_function(expression: Value | None) -> bool:
    """Is it one function, or left out?"""
    return expression is None or (isinstance(expression, dict) and [name[:4] for name in expression] == ["Fn::"])


def join(rules: Mapping[str, Value], others: Mapping[str, Value]) -> dict[str, Value]:
    """Both sets of rules; where a name comes twice with another rule, the second gets a number behind it."""
    joined = dict(rules)
    for name, rule in others.items():
        number, free = 1, name
        while free in joined and joined[free] != rule:
            number += 1
            free = f"{name}{number}"
        joined[free] = rule
    return joined


def with_rules(template: Template, rules: Mapping[str, Value]) -> Template:
    """A template whose rules are its own and these; what they refer to must be there. Raises TemplateErrors."""
    if not rules:
        return template
    constrained = replace(template, body=template.body | {"Rules": join(template.section("Rules"), rules)})
    faults = Faults(template.line)
    check_rule_references(constrained, faults)
    faults.raise_if_any()
    return constrained


_RULE_MEMBERS = frozenset({"Assertions", "RuleCondition"})
_ASSERTION_MEMBERS = frozenset({"Assert", "AssertDescription"})


def _assert(name: str, assertions: Value, scope: Scope) -> None:
    for assertion in assertions:
        if isinstance(assertion, dict) and not _holds(assertion.get("Assert"), scope):
            description = assertion.get("AssertDescription")
            stated = isinstance(description, str) and description
            raise TemplateError(str(stated) if stated else f"Template error: rule {name} is not satisfied.")


def _holds(expression: Value | None, scope: Scope) -> bool:
    """The truth of an expression; an absent one, or one that cannot be checked here, holds."""
    if expression is None:
        return True
    try:
        return truth(scope.value(expression))
    except Unverifiable:
        return True
