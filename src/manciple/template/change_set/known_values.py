"""A resource's values as far as they are known before anything is executed (rules 10 and 11)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from manciple.errors import TemplateError
from manciple.template.change_set.paths import is_function
from manciple.template.evaluation import Facts
from manciple.template.intrinsics import table
from manciple.template.scope import Scope
from manciple.template.values import KNOWN_AFTER_APPLY, Bindings, Value, taint

Finish: TypeAlias = Callable[[Value], Value]

_VARIABLE = re.compile(r"\$\{(!?)[^}]*\}")
_NO_FACTS = Facts(account="", region="", stack_name="", stack_id="")
"""Evaluation has used the facts already; only resources were left open."""


def finisher(bindings: Bindings) -> Finish:
    """A function that evaluates half-evaluated values once more, with the resources in `bindings` known.

    `bindings` may grow between calls. A value that asks a resource for what it does not have stays as it is.
    """

    def finish(value: Value) -> Value:
        try:
            return Scope(table("value", extended=True), _NO_FACTS, bindings=bindings).value(value)
        except TemplateError:
            return value

    return finish


def known_properties(properties: Mapping[str, Value], finish: Finish) -> dict[str, Value]:
    """Properties with everything that only execution can know as `{{changeSet:KNOWN_AFTER_APPLY}}`."""
    return {name: known_value(value, finish) for name, value in properties.items()}


def known_value(value: Value, finish: Finish) -> Value:
    """One value, likewise."""
    return value if isinstance(value, str) else _masked(finish(value))


def holds_unknown(value: Value | None) -> bool:
    """Is any part of a known value left to execution?"""
    if value is None or isinstance(value, str):
        return value is not None and KNOWN_AFTER_APPLY in value
    return any(holds_unknown(item) for item in (value if isinstance(value, list) else value.values()))


def unknown_paths(value: Value, path: str) -> Iterator[str]:
    """Where inside a known value something is left to execution; `path` is the value's own."""
    if isinstance(value, str):
        if KNOWN_AFTER_APPLY in value:
            yield path
        return
    members: Iterable[tuple[str | int, Value]] = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        yield from unknown_paths(member, f"{path}/{key}")


def _masked(value: Value) -> Value:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if is_function(value):
        return _masked_function(value)
    return {key: _masked(item) for key, item in value.items()}


def _masked_function(function: dict[str, Value]) -> Value:
    """A function that waits for a resource is unknown as a whole; of `Fn::Sub` the text around is known.

    Not so where a variable of its map waits: then all of it is unknown (both in one recording, of a SAM template).
    """
    argument = function.get("Fn::Sub")
    text, variables = argument if isinstance(argument, list) else (argument, {})
    if variables:
        return KNOWN_AFTER_APPLY
    return taint(_VARIABLE.sub(_masked_variable, text), text) if isinstance(text, str) else KNOWN_AFTER_APPLY


def _masked_variable(variable: re.Match[str]) -> str:
    return variable[0].replace("!", "", 1) if variable[1] else KNOWN_AFTER_APPLY
