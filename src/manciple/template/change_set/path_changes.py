"""Where inside a value something changes: what a plan shows of policies, user data and every other structure.

AWS names the property that changes and gives its old and new value whole. Here the two are walked together, so that a
reviewer reads `/Properties/PolicyDocument/Statement[Sid=Read]/Action[1]` and not two policies. Names are joined by `/`
(with `~1` for a slash inside a name, RFC 6901), items of lists stand in brackets, by their identity if they have one.
JSON text is walked like what it says; text in Base64 (user data) is shown decoded.
"""

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from manciple.template.change_set.model import (
    Change,
    ChangeType,
    Detail,
    Encoding,
    PathChange,
    ValueChange,
)
from manciple.template.values import KNOWN_AFTER_APPLY, Secret, Value, masked

IDENTITIES = ("Sid", "Key", "Id", "ID", "Name", "PolicyName", "LogicalName", "AttributeName", "IndexName", "DeviceName")
"""The members that tell the items of a list apart, the best first; others that end in Name, Id or Key follow."""

_IDENTITY_ENDINGS = ("Name", "Id", "Key", "Arn", "ARN")
_SHORTEST_BASE64 = 16


def path_changes(before: Value | None, after: Value | None, path: str) -> list[PathChange]:
    """Every place inside a value that changes, in the order in which they stand; `path` is the value's own."""
    if before == after:
        return []
    return list(_changes(before, after, path, None)) or [_change(before, after, path, None)]


def path_changes_of(change: Change) -> list[PathChange]:
    """The places at which a modification changes values, each once, as far as values are known."""
    places: dict[tuple[str, str], ValueChange] = {}
    for detail in change.value_details:
        if detail.values is not None:
            place, values = _whole(change, detail, detail.values)
            places[place] = values
    return [
        found
        for (section, name), values in places.items()
        for found in path_changes(values.before, values.after, f"/{section}/{name}".rstrip("/"))
    ]


def _whole(change: Change, detail: Detail, values: ValueChange) -> tuple[tuple[str, str], ValueChange]:
    """The whole property that a detail is about, where the contexts tell it."""
    if detail.section != "Properties" or change.before is None or change.after is None:
        return (detail.section, detail.property), values
    _, name = detail.place()
    return detail.place(), ValueChange(change.before.get(name), change.after.get(name))


def _changes(before: Value | None, after: Value | None, path: str, encoding: Encoding | None) -> Iterator[PathChange]:
    if before == after:
        return
    old, new, found = _decoded(before, after)
    encoding = found or encoding
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            step = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from _changes(old.get(name), new.get(name), step, encoding)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _items(old, new, path, encoding)
    else:
        yield _change(old, new, path, encoding)


def _change(before: Value | None, after: Value | None, path: str, encoding: Encoding | None) -> PathChange:
    kind: ChangeType = "Add" if before is None else "Remove" if after is None else "Modify"
    return PathChange(
        path=path, change_type=kind, before_value=shown(before), after_value=shown(after), encoding=encoding
    )


def shown(value: Value | None) -> str | None:
    """A value as text, secrets as four stars."""
    if value is None:
        return None
    plain = masked(value)
    return plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def _decoded(before: Value | None, after: Value | None) -> tuple[Value | None, Value | None, Encoding | None]:
    """What both sides say, if both are text that says more than it shows; a secret is never looked into."""
    if not (isinstance(before, str) and isinstance(after, str)):
        return before, after, None
    readings = (("json", parsed_json), ("base64", _from_base64))
    for encoding, read in readings:
        old, new = read(before), read(after)
        if old is not None and new is not None:
            return old, new, "json" if encoding == "json" else "base64"
    return before, after, None


def parsed_json(text: str) -> Value | None:
    """The object or list that a text is the JSON of, its scalars as text; None for any other text, and a secret."""
    if isinstance(text, Secret) or text[:1] not in ("{", "[") or text.startswith(KNOWN_AFTER_APPLY):
        return None
    try:
        return _as_texts(json.loads(text, parse_float=str, parse_int=str))
    except (ValueError, RecursionError):
        return None


def _as_texts(value: Any) -> Value:
    """Scalars as CloudFormation writes them."""
    if isinstance(value, dict):
        return {name: _as_texts(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_texts(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)


def _from_base64(text: str) -> str | None:
    if isinstance(text, Secret) or len(text) < _SHORTEST_BASE64 or len(text) % 4:
        return None
    try:
        decoded = b64decode(text, validate=True).decode()
    except ValueError:
        return None
    is_text = all(sign.isprintable() or sign in "\t\r\n" for sign in decoded)
    return decoded if is_text else None


def _items(
    before: Sequence[Value], after: Sequence[Value], path: str, encoding: Encoding | None
) -> Iterator[PathChange]:
    """The changes of a list: items with an identity are matched by it, the others by what they are, then by place."""
    found = list(_matched_items(before, after, path, encoding))
    if found:
        yield from found
    else:
        old, new = shown(list(before)), shown(list(after))
        yield PathChange(path=path, change_type="Reorder", before_value=old, after_value=new, encoding=encoding)


def _matched_items(
    before: Sequence[Value], after: Sequence[Value], path: str, encoding: Encoding | None
) -> Iterator[PathChange]:
    name = _identity(before, after)
    old, new = (_by_identity(items, name) for items in (before, after))
    for key in dict.fromkeys((*old, *new)):
        yield from _changes(old.get(key), new.get(key), f"{path}[{name}={key}]", encoding)
    old_rest, new_rest = ([*_without(items, name)] for items in (before, after))
    for place, one, other in _aligned(old_rest, new_rest):
        yield from _changes(one, other, f"{path}[{place}]", encoding)


def _identity(before: Sequence[Value], after: Sequence[Value]) -> str | None:
    """The member that tells items apart on both sides, if one does."""
    members = [item for item in (*before, *after) if isinstance(item, dict)]
    names = dict.fromkeys(name for item in members for name in item)
    known = [name for name in IDENTITIES if name in names]
    others = [name for name in names if name.endswith(_IDENTITY_ENDINGS) and name not in known]
    return next((name for name in (*known, *others) if _tells_apart(before, name) and _tells_apart(after, name)), None)


def _tells_apart(items: Iterable[Value], name: str) -> bool:
    keys = [item[name] for item in items if isinstance(item, dict) and name in item]
    plain = [key for key in keys if isinstance(key, str) and not isinstance(key, Secret)]
    known = [key for key in plain if KNOWN_AFTER_APPLY not in key]
    return 0 < len(keys) == len(set(known)) == len(known)


def _by_identity(items: Sequence[Value], name: str | None) -> Mapping[Any, Value]:
    return {item[name]: item for item in items if isinstance(item, dict) and name in item} if name else {}


def _without(items: Sequence[Value], name: str | None) -> Iterator[tuple[int, Value]]:
    """The items that have no identity, with their places."""
    for place, item in enumerate(items):
        if not (isinstance(item, dict) and name in item):
            yield place, item


def _aligned(
    before: Sequence[tuple[int, Value]], after: Sequence[tuple[int, Value]]
) -> Iterator[tuple[int, Value | None, Value | None]]:
    """What came, went or changed between two lists. What is on both sides, wherever it moved, is left out.

    Of the rest, as many on both sides changed one by one; else those at the same place did, and others came or went.
    The place is the new one, of what went the old one.
    """
    gone, come = _only_in(before, after), _only_in(after, before)
    if len(gone) == len(come):
        gone = dict(zip(come, gone.values(), strict=True))
    for place in sorted({*gone, *come}):
        yield place, gone.get(place), come.get(place)


def _only_in(items: Sequence[tuple[int, Value]], others: Sequence[tuple[int, Value]]) -> dict[int, Value]:
    """The items, by place, that the other list has not, or not so often."""
    there = Counter(_comparable(item) for _, item in others)
    found = {}
    for place, item in items:
        text = _comparable(item)
        there[text] -= 1
        if there[text] < 0:
            found[place] = item
    return found


def _comparable(value: Value) -> str:
    """A value to compare by; it holds secrets and is never shown."""
    return json.dumps(value, sort_keys=True)
