"""Evaluate one output."""

from collections import Counter
from collections.abc import Iterable, Mapping

from manciple.errors import TemplateError
from manciple.template.evaluation import Output
from manciple.template.faults import within
from manciple.template.scope import NO_VALUE, Scope, is_unfinished
from manciple.template.structure import malformed_export
from manciple.template.values import Value

NO_LIST = "Template format error: The Value field of every Outputs member must evaluate to a String and not a List."
NO_OBJECT = "Template format error: Every Value member must be a string."
UNKNOWN_NAME = (
    "Template format error: Output {} is malformed.  The Name field of Export must not depend on any resources, "
    "imported values, or Fn::GetAZs."
)
"""With two spaces (aws-cloudformation/cfn-lint issue 1632)."""
SAME_NAMES = (
    "Template format error: The Outputs section contains duplicate Export names: [{}]. "
    "Specify a unique name for each export."
)
"""compose-x/ecs_composex issue 444."""


def evaluate_output(name: str, declared: Mapping[str, Value], scope: Scope) -> Output:
    """The output `name`, its value and export as far as known. Raises TemplateError with a path inside it."""
    value = _evaluated(declared["Value"], "Value", scope)
    if isinstance(value, list):
        raise TemplateError(NO_LIST, path="Value")
    if not isinstance(value, str) and not is_unfinished(value):
        raise TemplateError(NO_OBJECT, path="Value")
    description = declared.get("Description")
    return Output(
        name=name,
        value=value,
        description=description if isinstance(description, str) else None,
        export=_export(name, declared, scope),
    )


def same_exports(outputs: Iterable[Output]) -> list[str]:
    """The names that several outputs export, as far as names are known."""
    names = Counter(output.export for output in outputs if isinstance(output.export, str))
    return [str(name) for name, count in names.items() if count > 1]


def _evaluated(value: Value, part: str, scope: Scope) -> Value:
    try:
        result = scope.value(value)
    except TemplateError as error:
        raise within(error, part) from None
    return "" if result is NO_VALUE else result


def _export(name: str, declared: Mapping[str, Value], scope: Scope) -> Value | None:
    """The export's name, None where nothing is exported."""
    export = declared.get("Export")
    if not isinstance(export, dict):
        return None
    scope.seen = {}
    exported = _evaluated(export["Name"], "Export/Name", scope)
    if any(kind != "parameter" for kind, _ in scope.seen):
        raise TemplateError(UNKNOWN_NAME.format(name), path="Export/Name")
    if exported == "" or isinstance(exported, list):
        raise TemplateError(malformed_export(name), path="Export")
    return exported
