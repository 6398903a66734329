"""The Rules section: assertions on parameter values, checked before anything else is evaluated."""

from collections.abc import Mapping

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.evaluation import Facts, Parameter
from manciple.template.faults import Faults
from manciple.template.intrinsics import table
from manciple.template.intrinsics.logic import truth
from manciple.template.intrinsics.rule_functions import Unverifiable
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.scope import Scope
from manciple.template.values import Value


def check_rules(
    template: Template, parameters: Mapping[str, Parameter], facts: Facts, limits: Limits = DEFAULT_LIMITS
) -> None:
    """Raise TemplateErrors for assertions that do not hold; the message is the AssertDescription.

    An assertion on an attribute of something outside that is not known (`Fn::ValueOf` of a subnet) counts as held:
    only the account that owns the subnet could tell.
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
            if _holds(rule.get("RuleCondition"), scope):
                _assert(name, rule["Assertions"], scope)
    faults.raise_if_any()


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
