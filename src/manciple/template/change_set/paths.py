"""Places inside a property: names and indexes joined by `/`, the property's own name first."""

from collections.abc import Iterable, Iterator
from typing import TypeGuard

from manciple.template.change_set.model import ValueChange
from manciple.template.values import Value, texts


def is_function(value: Value | None) -> TypeGuard[dict[str, Value]]:
    """Is `value` a function of the template language that could not be finished?"""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    (key,) = value
    return key == "Ref" or key.startswith("Fn::")


def changed_values(values: ValueChange, path: str) -> Iterator[tuple[str, ValueChange]]:
    """Where two values differ, and how; what is there on one side only is one value, however much it holds."""
    before, after = values.before, values.after
    if before == after:
        return
    parts = _members(before, after)
    if parts is None:
        yield path, values
        return
    for key, old, new in parts:
        yield from changed_values(ValueChange(old, new), f"{path}/{key}")


def _members(before: Value | None, after: Value | None) -> list[tuple[str, Value | None, Value | None]] | None:
    """The members of two objects or lists side by side; None where the values are not two of a kind."""
    if is_function(before) or is_function(after):
        return None
    if isinstance(before, dict) and isinstance(after, dict):
        return [(key, before.get(key), after.get(key)) for key in {**before, **after}]
    if isinstance(before, list) and isinstance(after, list):
        pairs = zip(_padded(before, after), _padded(after, before), strict=True)
        return [(str(position), old, new) for position, (old, new) in enumerate(pairs)]
    return None


def changed_paths(before: Value | None, after: Value | None, path: str) -> list[str]:
    """Where two values differ: a path for each text, function or empty value that does."""
    if before == after:
        return []
    if is_function(before) or is_function(after):
        return [path]
    if isinstance(before, dict | None) and isinstance(after, dict | None) and (before or after):
        old, new = before or {}, after or {}
        return _collected((f"{path}/{key}", old.get(key), new.get(key)) for key in {**old, **new})
    if isinstance(before, list | None) and isinstance(after, list | None) and (before or after):
        old_items, new_items = _padded(before or [], after or []), _padded(after or [], before or [])
        pairs = zip(old_items, new_items, strict=True)
        return _collected((f"{path}/{position}", old, new) for position, (old, new) in enumerate(pairs))
    return [path]


def _collected(places: Iterable[tuple[str, Value | None, Value | None]]) -> list[str]:
    return [found for path, before, after in places for found in changed_paths(before, after, path)]


def _padded(items: list[Value], other: list[Value]) -> list[Value | None]:
    return [*items, *[None] * (len(other) - len(items))]


def paths_that_mention(names: set[str], value: Value | None, path: str) -> Iterator[str]:
    """Where the functions stand in `value` that read one of the resources or parameters `names`."""
    if is_function(value):
        if any(_mentions(text, names) for text in texts(value)):
            yield path
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from paths_that_mention(names, item, f"{path}/{position}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from paths_that_mention(names, item, f"{path}/{key}")


def _mentions(text: str, names: set[str]) -> bool:
    return text in names or any(f"${{{name}" in text for name in names)
