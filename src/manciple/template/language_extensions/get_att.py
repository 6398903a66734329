"""Fn::GetAtt whose resource is computed by functions (its attribute can be without the extensions too)."""

from manciple.errors import TemplateError
from manciple.template.intrinsics.get_att import FORM, GET_ATT
from manciple.template.scope import Declarations, Intrinsic
from manciple.template.values import Value


def _check(argument: Value, declarations: Declarations) -> None:
    """A computed name can only be looked up once it is known."""
    if not isinstance(argument, list) or not argument or not isinstance(argument[0], dict):
        GET_ATT.check(argument, declarations)
    elif len(argument) != 2 or not argument[1]:
        raise TemplateError(FORM)


EXTENDED_GET_ATT = Intrinsic(name=GET_ATT.name, check=_check, evaluate=GET_ATT.evaluate, place="value")
