"""Texts with wildcards and variables, as IAM's policies hold them, against what a request says.

`*` stands for any text, `?` for exactly one character, `${aws:username}` for a value of the request's context (with a
default: `${aws:username, 'nobody'}`); `${*}`, `${?}` and `${$}` are the characters themselves. A text with a variable
that the request has no value for matches nothing.

Source: IAM user guide, "IAM policy elements: Variables and tags"; "IAM JSON policy elements: Resource".
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeAlias

Context: TypeAlias = Mapping[str, tuple[str, ...]]
"""What is known of a request: a condition key in lower case, and its values."""

Matcher: TypeAlias = Callable[[str, Context], bool]

_PARTS = re.compile(r"(\$\{[^}]*\}|\*|\?)")
_VARIABLE = re.compile(r"\$\{\s*([^,}]+?)\s*(?:,\s*'([^']*)'\s*)?\}")


class _Segment(NamedTuple):
    """What stands between two `*`: as many characters as it is wide."""

    pattern: re.Pattern[str]
    width: int


class _Glob(NamedTuple):
    """A text with wildcards. Its segments are looked for one after the other, so no text makes matching slow."""

    segments: tuple[_Segment, ...]

    def matches(self, value: str) -> bool:
        """Does the whole value match?"""
        *before, last = self.segments
        end = len(value) - last.width
        place = 0
        for number, segment in enumerate(before):
            find = segment.pattern.search if number else segment.pattern.match
            if (found := find(value, place)) is None:
                return False
            place = found.end()
        is_at_end = end >= place if before else end == 0
        return is_at_end and last.pattern.fullmatch(value, end) is not None


def like(text: str) -> Matcher:
    """Match what a text with wildcards stands for."""
    if text == "*":
        return lambda _value, _context: True
    if "${" in text:
        return _with_variables(text, has_wildcards=True)
    glob = _compiled(text)
    return lambda value, _context: glob.matches(value)


def equal(text: str) -> Matcher:
    """Match the text itself, its variables filled in; `*` and `?` are only characters."""
    if "${" in text:
        return _with_variables(text, has_wildcards=False)
    return lambda value, _context: value == text


def arn_like(text: str) -> Matcher:
    """Match an ARN part by part: a wildcard does not reach over a colon of the first five."""
    parts = [like(part) for part in text.split(":", 5)]

    def matches(value: str, context: Context) -> bool:
        found = value.split(":", 5)
        pairs = zip(parts, found, strict=False)
        return len(found) == len(parts) and all(part(one, context) for part, one in pairs)

    return matches


def variables(text: str) -> set[str]:
    """The condition keys, in lower case, that a text's variables name."""
    return {name for found in _VARIABLE.finditer(text) if (name := found[1].lower()) not in ("*", "?", "$")}


@lru_cache(maxsize=4096)
def _compiled(text: str) -> _Glob:
    glob = _glob(text, {}, has_wildcards=True)
    assert glob is not None, "a text without variables lacks none of their values"
    return glob


def _with_variables(text: str, *, has_wildcards: bool) -> Matcher:
    def matches(value: str, context: Context) -> bool:
        glob = _glob(text, context, has_wildcards=has_wildcards)
        return glob is not None and glob.matches(value)

    return matches


def _glob(text: str, context: Context, *, has_wildcards: bool) -> _Glob | None:
    """What a text stands for once its variables have their values; None where one has none."""
    segments = [("", 0)]
    for part in _PARTS.split(text):
        literal = _value(part, context) if part.startswith("${") else part
        if literal is None:
            return None
        pattern, width = segments[-1]
        if part == "*" and has_wildcards:
            segments.append(("", 0))
        elif part == "?" and has_wildcards:
            segments[-1] = (f"{pattern}.", width + 1)
        else:
            segments[-1] = (pattern + re.escape(literal), width + len(literal))
    return _Glob(tuple(_Segment(re.compile(pattern, re.DOTALL), width) for pattern, width in segments))


def _value(variable: str, context: Context) -> str | None:
    found = _VARIABLE.fullmatch(variable)
    if found is None:
        return None
    if found[1] in ("*", "?", "$"):
        return found[1]
    values = context.get(found[1].lower(), ())
    return values[0] if len(values) == 1 else found[2]
