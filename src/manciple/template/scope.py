"""What an intrinsic is, and what one sees while it is evaluated."""

from collections.abc import Callable, Mapping
from typing import Literal, NoReturn, TypeAlias

import msgspec

from manciple.errors import TemplateError
from manciple.template.evaluation import Facts, Need, Parameter
from manciple.template.faults import within
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.values import Bindings, Value, texts

Place: TypeAlias = Literal["value", "condition", "rule", "both"]
Seen: TypeAlias = tuple[Literal["parameter", "resource", "attribute"], str]

NO_VALUE: dict[str, Value] = {"Ref": "AWS::NoValue"}
"""What `Ref` of AWS::NoValue gives; known by identity, it removes the property or list item that holds it."""


class Undecided(Exception):
    """A decision (a condition, a key of a mapping) hangs on what only execution can tell; the text says on what."""


class Declarations(msgspec.Struct, frozen=True, kw_only=True):
    """The names that a template declares, against which arguments are checked before anything is evaluated.

    `unresolved` collects names that stand for nothing, in order of appearance.
    """

    parameters: Mapping[str, Value]
    resources: Mapping[str, Value]
    conditions: Mapping[str, Value]
    mappings: Mapping[str, Value]
    unresolved: dict[str, None]


class Intrinsic(msgspec.Struct, frozen=True, kw_only=True):
    """One function of the template language.

    `check` raises TemplateError if an argument as written has the wrong form; `evaluate` gives the value, or the
    function itself with its arguments evaluated as far as they can be. `place` says where it may stand: in values,
    in conditions (and rules), in rules only, or everywhere (`both`).
    """

    name: str
    check: Callable[[Value, Declarations], None]
    evaluate: Callable[[Value, "Scope"], Value]
    place: Place = "both"


class Scope:
    """Names in reach while a value is evaluated, and what evaluation came across.

    `parameters`, `conditions` (name to truth) and `mappings` are finished; `resources` are the active ones, unknown
    until they are in `bindings`. `finishing` says that nothing may stay unknown. `seen` collects what was read,
    `unresolved` names that stand for nothing, `missing` the facts still to be fetched.
    """

    def __init__(
        self,
        functions: Mapping[str, Intrinsic],
        facts: Facts,
        *,
        parameters: Mapping[str, Parameter] | None = None,
        mappings: Mapping[str, Value] | None = None,
        conditions: Mapping[str, bool] | None = None,
        resources: Mapping[str, Value] | None = None,
        bindings: Bindings | None = None,
        finishing: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.functions = functions
        self.facts = facts
        self.parameters = parameters or {}
        self.mappings = mappings or {}
        self.conditions = {} if conditions is None else conditions
        self.resources = resources or {}
        self.bindings = bindings or {}
        self.finishing = finishing
        self.seen: dict[Seen, None] = {}
        self.unresolved: dict[str, None] = {}
        self.missing: set[Need] = set()
        self.used: set[Need] = set()
        self._limit = limits.produced
        self._left = limits.produced

    def value(self, value: Value) -> Value:
        """`value` evaluated; a property or item that turns out to be AWS::NoValue is gone."""
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return self._items(value)
        if len(value) == 1:
            ((name, argument),) = value.items()
            function = self.functions.get(name)
            if function is not None:
                return self._call(function, argument)
        return self._members(value)

    def _call(self, function: Intrinsic, argument: Value) -> Value:
        try:
            return function.evaluate(argument, self)
        except TemplateError as error:
            raise within(error, function.name) from None

    def _items(self, items: list[Value]) -> list[Value]:
        evaluated: list[Value] = []
        index = 0
        try:
            for index, item in enumerate(items):  # noqa: B007 - the handler names the item
                result = item if isinstance(item, str) else self.value(item)
                if result is not NO_VALUE:
                    evaluated.append(result)
        except TemplateError as error:
            raise within(error, str(index)) from None
        return evaluated

    def _members(self, members: dict[str, Value]) -> dict[str, Value]:
        evaluated: dict[str, Value] = {}
        key = ""
        try:
            for key, member in members.items():
                result = member if isinstance(member, str) else self.value(member)
                if result is not NO_VALUE:
                    evaluated[key] = result
        except TemplateError as error:
            raise within(error, key) from None
        return evaluated

    def spend(self, characters: int) -> None:
        """Count text that a function makes, before it makes it. Raises TemplateError over the limit."""
        self._left -= characters
        if self._left < 0:
            raise TemplateError(f"Template error: functions produce more than {self._limit} characters of text.")

    def saw(self, kind: Literal["parameter", "resource", "attribute"], name: str) -> None:
        """Note that the value being evaluated reads `name`."""
        self.seen[kind, name] = None

    def need(self, kind: str, key: str) -> Value | None:
        """The fact asked for; None if it does not exist, or is not fetched yet (then it is in `missing`)."""
        need = Need(kind, key)
        self.used.add(need)
        if need not in self.facts.known:
            self.missing.add(need)
            return None
        return self.facts.known[need]

    def demand_decidable(self, *values: Value) -> None:
        """Raise Undecided if one of these, on which a decision hangs, waits for a parameter that is not known yet."""
        if not any(map(is_unfinished, values)):
            return
        unknown = [name for name, parameter in self.parameters.items() if parameter.is_unknown]
        if unknown:
            named = {text for value in values for text in texts(value)}
            read = next((name for name in unknown if any(name in text for text in named)), unknown[0])
            raise Undecided(f"parameter {read}")

    def unknown(self, name: str) -> NoReturn:
        """Refuse a reference that must be known by now."""
        raise TemplateError(f"Template error: {name} is not known yet; evaluate it after the resource exists.")


def is_known(value: Value) -> bool:
    """Is `value` finished: text, or a list of nothing but text?"""
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def is_unfinished(value: Value) -> bool:
    """Is `value` a function that waits for something unknown?"""
    if not isinstance(value, dict) or len(value) != 1 or value is NO_VALUE:
        return False
    (name,) = value
    return name == "Ref" or name.startswith("Fn::")
