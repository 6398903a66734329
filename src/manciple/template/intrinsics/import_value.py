"""Fn::ImportValue: an export of another stack.

It stays in the tree until execution (change sets show it as known after apply), but the export is asked for at once,
so that the plan keeps what it was. An export that does not exist fails at execution only, as CloudFormation does.
"""

from collections.abc import Iterator

from manciple.errors import TemplateError
from manciple.template.evaluation import Evaluation, Facts
from manciple.template.scope import Declarations, Intrinsic, Scope
from manciple.template.values import Value

NAME = "Fn::ImportValue"
FORM = (
    "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs"
)
MISSING = "No export named {}"
INCOMPLETE = "[WARN] --include-property-values option can return incomplete ChangeSet data because: {}"
FAILED = "ChangeSet creation failed for resource [{}] because: {}"
"""CloudFormation's words for a change set that imports what no stack exports (recorded for one resource)."""


def missing_exports(evaluation: Evaluation, facts: Facts) -> str | None:
    """The warning of a change set whose resources import what no stack exports; None if there is nothing to say."""
    absent = {need.key for need in evaluation.facts_used if need.kind == "export" and facts.known.get(need) is None}
    if not absent:
        return None
    failures = [
        FAILED.format(resource.logical_id, MISSING.format(name))
        for resource in evaluation.resources.values()
        for name in dict.fromkeys(_imports(resource.properties))
        if name in absent
    ]
    return INCOMPLETE.format(", ".join(failures)) if failures else None


def _imports(value: Value) -> Iterator[str]:
    """The names of the exports that a half-evaluated value imports."""
    if isinstance(value, list):
        for item in value:
            yield from _imports(item)
    elif isinstance(value, dict):
        name = value.get(NAME)
        if isinstance(name, str):
            yield name
        for member in value.values():
            yield from _imports(member)


def _check(argument: Value, declarations: Declarations) -> None:
    if isinstance(argument, list):
        raise TemplateError(FORM)


def _evaluate(argument: Value, scope: Scope) -> Value:
    name = scope.value(argument)
    scope.demand_decidable(name)
    if not isinstance(name, str):
        raise TemplateError(FORM)
    value = scope.need("export", name)
    if not scope.finishing:
        return {NAME: name}
    if value is None:
        raise TemplateError(f"No export named {name} found.")
    return value


IMPORT_VALUE = Intrinsic(name=NAME, check=_check, evaluate=_evaluate, place="value")
