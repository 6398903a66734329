"""Why something changes: the references of a package's expressions, followed back to the parameter they begin at."""

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

_INDEX = re.compile(r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+)\]")
_FIRST, _LAST = 2, 12
"""Steps of a chain that are told: how it begins and how it ends."""
_GAP = "…"
_DEEPEST = 40
"""Where what refers to what is no graph of resources alone (modules), chains are followed so far at once."""

_OWN = ("count.", "each.", "self", "path.", "terraform.", "provider::")
"""References that lead nowhere else."""


class Causes:
    """What a plan's configuration tells of the references between its resources, by address without indexes.

    `changing` are the addresses that change, each with the attributes that force its replacement; `parameters` those
    that change.
    """

    def __init__(
        self, configuration: Mapping[str, Any], changing: Mapping[str, frozenset[str]], parameters: frozenset[str]
    ) -> None:
        self._expressions: dict[str, dict[str, Any]] = {}
        self._arguments: dict[str, dict[str, Any]] = {}
        self._outputs: dict[str, dict[str, Any]] = {}
        self._changing = {plain(address): forcing for address, forcing in changing.items()}
        self._parameters = parameters
        self._chains: dict[str, tuple[str, ...]] = {}
        self._read(configuration.get("root_module", {}), "")
        self._follow()

    def _read(self, module: Mapping[str, Any], prefix: str) -> None:
        for resource in module.get("resources", ()):
            self._expressions[prefix + resource["address"]] = resource.get("expressions", {})
        self._outputs[prefix] = {
            name: output.get("expression", {}) for name, output in module.get("outputs", {}).items()
        }
        for name, call in module.get("module_calls", {}).items():
            inner = f"{prefix}module.{name}."
            self._arguments[inner] = call.get("expressions", {})
            self._read(call.get("module", {}), inner)

    def _follow(self) -> None:
        """Find the chains of what changes, each after those that it goes on from: none has to be followed deep."""
        graph = {address: set(self._targets(address)) for address in self._changing if address in self._expressions}
        try:
            for address in TopologicalSorter(graph).static_order():
                for expression in self._expressions.get(address, {}).values():
                    self._pick(_prefix(address), expression, 0)
        except CycleError:  # through modules; they are followed when they are asked for
            return

    def _targets(self, address: str) -> Iterator[str]:
        """The changing resources that a resource refers to."""
        prefix = _prefix(address)
        for expression in self._expressions[address].values():
            for reference in _references(expression):
                target = self._target(f"{prefix}{reference}")
                if target is not None and target != address and target in self._changing:
                    yield target

    def reference(self, address: str, attribute: str) -> str | None:
        """What an attribute's expression refers to that is the likeliest cause; None if to nothing."""
        prefix, expressions = _prefix(plain(address)), self._expressions.get(plain(address), {})
        return self._pick(prefix, expressions.get(attribute), 0)

    def has_expression(self, address: str, attribute: str) -> bool:
        """Does the package say what the attribute is? If not, the provider computes it."""
        return attribute in self._expressions.get(plain(address), {})

    def parameter(self, address: str, reference: str) -> str | None:
        """The parameter that a reference, made where this resource is, comes from by variables alone."""
        prefix = _prefix(plain(address))
        while reference.startswith("var."):
            name = reference.split(".")[1]
            if not prefix:
                return name
            arguments, prefix = self._arguments.get(prefix, {}), _prefix(prefix.removesuffix("."))
            reference = self._pick(prefix, arguments.get(name), 0) or ""
        return None

    def chain(self, address: str, attribute: str) -> list[str]:
        """The way from its beginning to an attribute."""
        found = self.reference(address, attribute)
        before = self._chain(_prefix(plain(address)), found, 0) if found else ()
        return [*before, f"{address}.{attribute}"]

    def _pick(self, prefix: str, expression: Any, depth: int) -> str | None:
        """The first reference of an expression that surely or perhaps changes, else the first."""
        found = [one for one in _references(expression) if not one.startswith(_OWN)]
        moving = (one for one in found if self._moves(prefix, one, depth))
        return next(moving, found[0] if found else None)

    def _moves(self, prefix: str, reference: str, depth: int) -> bool:
        return any(
            step.removeprefix("Parameter ") in self._parameters or self._target(step) in self._changing
            for step in self._chain(prefix, reference, depth)
        )

    def _target(self, step: str) -> str | None:
        """The resource that a step of a chain is an attribute of."""
        parts = step.split(".")
        ends = (".".join(parts[:end]) for end in range(len(parts), 1, -1))
        return next((one for one in ends if one in self._expressions), None)

    def _chain(self, prefix: str, reference: str, depth: int) -> tuple[str, ...]:
        """The steps that lead to a reference, itself last; each is found once, and a circle ends where it began."""
        step = f"{prefix}{reference}"
        if step not in self._chains:
            if depth > _DEEPEST:
                return (step,)
            self._chains[step] = (step,)
            self._chains[step] = _shortened((*self._before(prefix, reference, step, depth + 1), step))
        return self._chains[step]

    def _before(self, prefix: str, reference: str, step: str, depth: int) -> tuple[str, ...]:
        kind, _, rest = reference.partition(".")
        if kind == "var":
            return self._before_variable(prefix, rest.partition(".")[0], depth)
        if kind == "module" and (inner := self._of_module(prefix, rest, depth)) is not None:
            return inner
        target = self._target(step)
        return self._before_resource(target, step, depth) if target in self._changing and target else ()

    def _before_variable(self, prefix: str, name: str, depth: int) -> tuple[str, ...]:
        if not prefix:
            return (f"Parameter {name}",)
        outer = _prefix(prefix.removesuffix("."))
        found = self._pick(outer, self._arguments.get(prefix, {}).get(name), depth)
        return self._chain(outer, found, depth) if found else ()

    def _of_module(self, prefix: str, rest: str, depth: int) -> tuple[str, ...] | None:
        """The way to an output of a module."""
        name, _, output = rest.partition(".")
        inner = f"{prefix}module.{plain(name)}."
        found = self._pick(inner, self._outputs.get(inner, {}).get(output.partition(".")[0]), depth)
        return self._chain(inner, found, depth) if found else None

    def _before_resource(self, target: str, step: str, depth: int) -> tuple[str, ...]:
        """The way to the attribute of a changing resource that changes it; one that replaces it goes first."""
        prefix, expressions = _prefix(target), self._expressions[target]
        for attribute in sorted(expressions, key=lambda name: name not in self._changing[target]):
            found = self._pick(prefix, expressions[attribute], depth)
            if found is not None and self._moves(prefix, found, depth):
                argument = f"{target}.{attribute}"
                return (*self._chain(prefix, found, depth), *([argument] if argument != step else []))
        return ()


def _shortened(steps: tuple[str, ...]) -> tuple[str, ...]:
    """The beginning and the end of a long chain."""
    found = tuple(step for step in steps if step != _GAP)
    if len(found) <= _FIRST + _LAST:
        return steps
    return (*found[:_FIRST], _GAP, *found[-_LAST:])


def plain(address: str) -> str:
    """An address without indexes, as the configuration has it."""
    return _INDEX.sub("", address)


def _prefix(address: str) -> str:
    """The module that an address is in, with the dot after it; nothing for the root."""
    parts = address.split(".")
    end = 0
    while len(parts) - end > 2 and parts[end] == "module":
        end += 2
    return "".join(f"{part}." for part in parts[:end])


def _references(expression: Any) -> Iterator[str]:
    """The references of an expression, those of blocks inside a resource too; each only in its longest form."""
    if isinstance(expression, list):
        for item in expression:
            yield from _references(item)
    elif isinstance(expression, dict):
        found = expression.get("references")
        if isinstance(found, list):
            every = [plain(one) for one in found if isinstance(one, str)]
            yield from (one for one in every if not any(other.startswith(f"{one}.") for other in every))
        else:
            for item in expression.values():
                yield from _references(item)
