"""Fn::ImportValue: an export of another stack.

It stays in the tree until execution (change sets show it as known after apply), but the export is asked for at once,
so that the plan keeps what it was. An export that does not exist fails at execution only, as CloudFormation does.
"""

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope
from manciple.template.values import Value

NAME = "Fn::ImportValue"
FORM = (
    "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs"
)


def _check(argument: Value, declarations: Declarations) -> None:
    if isinstance(argument, list):
        raise TemplateError(FORM)


def _evaluate(argument: Value, scope: Scope) -> Value:
    name = scope.value(argument)
    if not isinstance(name, str):
        raise TemplateError(FORM)
    value = scope.need("export", name)
    if not scope.finishing:
        return {NAME: name}
    if value is None:
        raise TemplateError(f"No export named {name} found.")
    return value


IMPORT_VALUE = Intrinsic(name=NAME, check=_check, evaluate=_evaluate, place="value")
