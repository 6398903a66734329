"""Evaluating while a template is still being transformed: parameters and mappings are known, nothing else is."""

from collections.abc import Mapping
from functools import cache

from manciple.template.evaluation import Facts, Parameter
from manciple.template.intrinsics import table
from manciple.template.limits import Limits
from manciple.template.scope import Intrinsic, Scope
from manciple.template.values import Value

NEEDS_CONDITIONS = frozenset({"Fn::If"})


def early_scope(
    parameters: Mapping[str, Parameter], mappings: Mapping[str, Value], facts: Facts, limits: Limits
) -> Scope:
    """A scope in which functions of resources and conditions stay as they are written."""
    return Scope(_functions(), facts, parameters=parameters, mappings=mappings, limits=limits)


@cache
def _functions() -> Mapping[str, Intrinsic]:
    return {name: found for name, found in table("value", extended=True).items() if name not in NEEDS_CONDITIONS}
