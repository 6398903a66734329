"""Texts with wildcards and variables, as IAM's policies hold them, against what a request says.

`*` stands for any text, `?` for exactly one character, `${aws:username}` for a value of the request's context (with a
default: `${aws:username, 'nobody'}`); `${*}`, `${?}` and `${$}` are the characters themselves. A text with a variable
that the request has no value for matches nothing.

Source: IAM user guide, "IAM policy elements: Variables and tags"; "IAM JSON policy elements: Resource".
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

Context: TypeAlias = Mapping[str, tuple[str, ...]]
"""What is known of a request: a condition key in lower case, and its values."""

Matcher: TypeAlias = Callable[[str, Context], bool]

_PARTS = re.compile(r"(\$\{[^}]*\}|\*|\?)")
_VARIABLE = re.compile(r"\$\{\s*([^,}]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_WILDCARDS = {"*": ".*", "?": "."}


def like(text: str) -> Matcher:
    """Match what a text with wildcards stands for."""
    if text == "*":
        return lambda _value, _context: True
    if "${" in text:
        return _with_variables(text, _WILDCARDS)
    pattern = _compiled(text)
    return lambda value, _context: pattern.fullmatch(value) is not None


def equal(text: str) -> Matcher:
    """Match the text itself, its variables filled in; `*` and `?` are only characters."""
    if "${" in text:
        return _with_variables(text, {})
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
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile("".join(_WILDCARDS.get(part) or re.escape(part) for part in _PARTS.split(text)), re.DOTALL)


def _with_variables(text: str, wildcards: Mapping[str, str]) -> Matcher:
    def matches(value: str, context: Context) -> bool:
        pattern = _expanded(text, context, wildcards)
        return pattern is not None and pattern.fullmatch(value) is not None

    return matches


def _expanded(text: str, context: Context, wildcards: Mapping[str, str]) -> re.Pattern[str] | None:
    """The pattern that a text stands for once its variables have their values; None where one has none."""
    pattern = ""
    for part in _PARTS.split(text):
        if not part.startswith("${"):
            pattern += wildcards.get(part) or re.escape(part)
        elif (value := _value(part, context)) is not None:
            pattern += re.escape(value)
        else:
            return None
    return re.compile(pattern, re.DOTALL)


def _value(variable: str, context: Context) -> str | None:
    found = _VARIABLE.fullmatch(variable)
    if found is None:
        return None
    if found[1] in ("*", "?", "$"):
        return found[1]
    values = context.get(found[1].lower(), ())
    return values[0] if len(values) == 1 else found[2]
