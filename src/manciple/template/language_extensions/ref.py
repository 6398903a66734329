"""Ref whose name is computed by functions."""

from manciple.errors import TemplateError
from manciple.template.intrinsics.ref import REF, refer
from manciple.template.scope import Declarations, Intrinsic, Scope
from manciple.template.values import Value

FORM = "Template error: every Ref object must have a single String value."


def _check(argument: Value, declarations: Declarations) -> None:
    """A computed name can only be looked up once it is known."""
    if not isinstance(argument, dict):
        REF.check(argument, declarations)


def _evaluate(argument: Value, scope: Scope) -> Value:
    name = scope.value(argument)
    if not isinstance(name, str):
        raise TemplateError(FORM)
    return refer(name, scope)


EXTENDED_REF = Intrinsic(name=REF.name, check=_check, evaluate=_evaluate)
