"""Values of Terraform's plan JSON as values of ours: scalars as text, unknown parts named so, secrets marked.

Masks alone leak: a provider's computed copy of a sensitive argument has none (terraform reference, 2.3). So what stands
under any mask, or in a sensitive variable, is a secret wherever it is repeated.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from manciple.template.values import KNOWN_AFTER_APPLY, Secret, Value

SHORTEST = 4
"""Shorter secrets are masked where they are marked and not looked for elsewhere: they stand in texts by chance."""

_SHORTEST_IN_NAMES = 8
"""Names of attributes are many, and none of them is a secret."""


class Secrets:
    """The texts that are secret in one plan or state."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = frozenset(text for text in texts if len(text) >= SHORTEST)
        self._long = [text for text in self._texts if len(text) >= _SHORTEST_IN_NAMES]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._texts, key=len, reverse=True))

    def mark(self, value: Value) -> Value:
        """The value with a mark on every text that repeats a secret; an object with such a key is one as a whole."""
        if isinstance(value, str):
            return Secret(value) if self._are_in(value) else value
        if isinstance(value, list):
            return [self.mark(item) for item in value]
        if any(secret in key for key in value for secret in self._long):
            return Secret(json.dumps(value))
        return {key: self.mark(item) for key, item in value.items()}

    def _are_in(self, text: str) -> bool:
        return not isinstance(text, Secret) and any(secret in text for secret in self._texts)


def secrets_of(plan: Mapping[str, Any], sensitive: Iterable[str] = ()) -> Secrets:
    """The secrets of a plan: values of sensitive variables, and whatever stands under a mask in it."""
    variables, module = plan.get("variables", {}), plan.get("configuration", {}).get("root_module", {})
    named = {*sensitive, *(name for name, one in module.get("variables", {}).items() if one.get("sensitive"))}
    texts = [text for name in named for text in texts_of(variables.get(name, {}).get("value"))]
    changes = [one["change"] for kind in ("resource_changes", "resource_drift") for one in plan.get(kind) or ()]
    for change in (*changes, *(plan.get("output_changes") or {}).values()):
        for side in ("before", "after"):
            texts += _masked(change.get(side), change.get(f"{side}_sensitive"))
    return Secrets(texts)


def texts_of(value: Any) -> Iterator[str]:
    """Every scalar in a JSON value but booleans, as text."""
    if isinstance(value, dict):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif value is not None and not isinstance(value, bool):
        yield value if isinstance(value, str) else json.dumps(value)


def _masked(value: Any, mask: Any) -> Iterator[str]:
    """The texts under a mask."""
    if mask is True:
        yield from texts_of(value)
    elif isinstance(mask, dict) and isinstance(value, dict):
        for name, inner in mask.items():
            yield from _masked(value.get(name), inner)
    elif isinstance(mask, list) and isinstance(value, list):
        for item, inner in zip(value, mask, strict=False):
            yield from _masked(item, inner)


def value_of(known: Any, unknown: Any, mask: Any) -> Value | None:
    """One side of a change: what is known of it, what is not (`unknown`, in the same shape), what is marked sensitive.

    Nothing is left of a null.
    """
    if unknown is True:
        return KNOWN_AFTER_APPLY
    if mask is True:
        return None if known is None else Secret(text_of(known))
    if isinstance(known, dict) or (known is None and isinstance(unknown, dict) and unknown):
        return _object(known or {}, unknown, mask)
    if isinstance(known, list) or (known is None and isinstance(unknown, list) and any(unknown)):
        return _list(known or [], unknown, mask)
    return None if known is None else text_of(known)


def _object(known: dict[str, Any], unknown: Any, mask: Any) -> Value:
    unknowns = unknown if isinstance(unknown, dict) else {}
    masks = mask if isinstance(mask, dict) else {}
    names = [*known, *(name for name in unknowns if name not in known and unknowns[name])]
    found = {name: value_of(known.get(name), unknowns.get(name), masks.get(name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _list(known: list[Any], unknown: Any, mask: Any) -> Value:
    unknowns = unknown if isinstance(unknown, list) else []
    masks = mask if isinstance(mask, list) else []
    length = max(len(known), len(unknowns))
    padded = [[*found, *[None] * (length - len(found))][:length] for found in (known, unknowns, masks)]
    found = [value_of(*parts) for parts in zip(*padded, strict=True)]
    return ["null" if value is None else value for value in found]


def text_of(value: Any) -> str:
    """A JSON value as text: text as it is, all else as JSON, as the outputs of a record have it."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
