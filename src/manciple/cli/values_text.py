"""Property values as people read them: leaf by leaf, what is not known yet and what is secret said so."""

import difflib
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""CloudFormation's text for a value that only execution can know."""

NOT_YET = "(known after apply)"
NOTHING = "(none)"


class Leaf(NamedTuple):
    """A value inside a property, by its path: `Tags[0].Value`. None: it is not there on this side."""

    path: str
    before: str | None
    after: str | None


def parsed(value: Any) -> Any:
    """A value of a change set: JSON text of an object or a list becomes one, other text stays as it is."""
    if isinstance(value, str) and value[:1] in ("{", "[") and not value.startswith(KNOWN_AFTER_APPLY):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def differing(before: Any, after: Any, path: str = "") -> Iterator[Leaf]:
    """The leaves that differ, in the order in which they stand."""
    if before == after:
        return
    old, new = _parts(before), _parts(after)
    if (old is None and new is None) or not _are_alike(before, after):
        yield Leaf(path, _text(before), _text(after))
        return
    for step in dict.fromkeys((*(old or {}), *(new or {}))):
        yield from differing((old or {}).get(step), (new or {}).get(step), _joined(path, step))


def shown(text: str | None) -> str:
    """One value on one line: plain if it is one plain word, else quoted as JSON; `"queue-" + (known after apply)`."""
    if text is None:
        return NOTHING
    if KNOWN_AFTER_APPLY in text:
        parts = filter(None, re.split(f"({re.escape(KNOWN_AFTER_APPLY)})", text))
        return " + ".join(NOT_YET if part == KNOWN_AFTER_APPLY else _quoted(part) for part in parts)
    is_word = text.isprintable() and not set(text) & set(" \"'")
    return text if text and is_word else _quoted(text)


def changed_lines(before: str, after: str) -> list[str]:
    """What differs between two texts of several lines: `- ` and `+ ` lines, two lines around them, `…` between."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    return ["…" if line.startswith("@@") else f"{line[0]} {_escaped(line[1:])}" for line in list(lines)[2:]]


def _parts(value: Any) -> dict[str | int, Any] | None:
    """What a value is made of by key or position; None for a text and for what is empty."""
    if isinstance(value, dict):
        return dict(value) or None
    if isinstance(value, list):
        return dict(enumerate(value)) or None
    return None


def _are_alike(before: Any, after: Any) -> bool:
    """May two values be compared part by part? One that is not there is like any other."""
    return before is None or after is None or type(before) is type(after)


def _joined(path: str, step: str | int) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    return _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(text: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
