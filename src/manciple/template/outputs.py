"""Evaluate one output."""

from collections.abc import Mapping

from manciple.errors import TemplateError
from manciple.template.evaluation import Output
from manciple.template.faults import within
from manciple.template.scope import NO_VALUE, Scope, is_unfinished
from manciple.template.structure import malformed_export
from manciple.template.values import Value

NO_LIST = "Template format error: The Value field of every Outputs member must evaluate to a String and not a List."
NO_OBJECT = "Template format error: Every Value member must be a string."


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
    exported = _evaluated(export["Name"], "Export/Name", scope)
    if exported == "" or isinstance(exported, list):
        raise TemplateError(malformed_export(name), path="Export")
    return exported
