"""Fn::GetAZs: the availability zones of a region, as an account of today finds them; mostly zones a, b and c."""

from functools import cache
from importlib.resources import files

import msgspec

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
    zones: Value = [f"{region}{letter}" for letter in _letters().of(region)] if known is None else known
    scope.spend(sum(map(len, zones)))
    return zones


class _Letters(msgspec.Struct, frozen=True):
    """The letters of each region's zones; `usual` those of a region that is not listed."""

    source: str
    usual: str
    regions: dict[str, str]

    def of(self, region: str) -> str:
        return self.regions.get(region, self.usual)


@cache
def _letters() -> _Letters:
    return msgspec.json.decode((files("manciple.template") / "data" / "zones.json").read_bytes(), type=_Letters)


GET_AZS = Intrinsic(name=NAME, check=_check, evaluate=_evaluate, place="value")
