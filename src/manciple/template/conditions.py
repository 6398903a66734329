"""The Conditions section: which conditions hold."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.evaluation import Facts, Parameter
from manciple.template.faults import within
from manciple.template.intrinsics import table
from manciple.template.intrinsics.logic import truth
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.scope import Scope
from manciple.template.values import Value


def evaluate_conditions(
    template: Template, parameters: Mapping[str, Parameter], facts: Facts, limits: Limits = DEFAULT_LIMITS
) -> dict[str, bool]:
    """The truth of every condition. Raises TemplateError, for conditions that stand on each other in a circle too."""
    expressions = template.section("Conditions")
    known: dict[str, bool] = {}
    scope = Scope(
        table("condition", extended=template.extended),
        facts,
        parameters=parameters,
        mappings=template.section("Mappings"),
        conditions=known,
        limits=limits,
    )
    for name in _order(expressions):
        try:
            known[name] = truth(scope.value(expressions[name]))
        except TemplateError as error:
            within(error, f"Conditions/{name}")
            error.line = template.line(error.path)
            raise
    return known


def _order(expressions: Mapping[str, Value]) -> list[str]:
    """Names such that each comes after those that it stands on."""
    graph = {name: _conditions_in(expression) for name, expression in expressions.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = ", ".join(dict.fromkeys(error.args[1]))
        raise TemplateError(
            f"Template error: Found circular condition dependency: {circle}", path="Conditions"
        ) from None


def _conditions_in(value: Value) -> set[str]:
    """Conditions that an expression names, by Condition or Fn::If."""
    if isinstance(value, str):
        return set()
    if isinstance(value, list):
        return set().union(*map(_conditions_in, value))
    found = set().union(*map(_conditions_in, value.values()))
    name = value.get("Condition")
    if isinstance(name, str):
        found.add(name)
    branches = value.get("Fn::If")
    if isinstance(branches, list) and branches and isinstance(branches[0], str):
        found.add(branches[0])
    return found
