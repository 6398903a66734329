"""Fn::GetAZs: the availability zones of a region; zones a, b and c where nothing else is known."""

from manciple.errors import TemplateError
from manciple.template.evaluation import Need
from manciple.template.scope import Declarations, Intrinsic, Scope, is_unfinished
from manciple.template.values import Value

NAME = "Fn::GetAZs"
FORM = "Template error: every Fn::GetAZs object must have a String-typed value."


def _check(argument: Value, declarations: Declarations) -> None:
    if isinstance(argument, list):
        raise TemplateError(FORM)


def _evaluate(argument: Value, scope: Scope) -> Value:
    region = scope.value(argument)
    if isinstance(region, str):
        return _zones(region or scope.facts.region, scope)
    if scope.finishing or not is_unfinished(region):
        raise TemplateError(FORM)
    return {NAME: region}


def _zones(region: str, scope: Scope) -> Value:
    known = scope.facts.known.get(Need("zones", region))
    zones: Value = [f"{region}{letter}" for letter in "abc"] if known is None else known
    scope.spend(sum(map(len, zones)))
    return zones


GET_AZS = Intrinsic(name=NAME, check=_check, evaluate=_evaluate, place="value")
