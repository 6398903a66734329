"""AllowedPattern: regular expressions of Java, matched as Java's `matches` does, bounded in time and size.

`java_syntax` writes a pattern as the `regex` module reads it. Groups that Java does not have are refused, and so are
patterns whose counted repeats, which the module writes out, would grow large.
"""

from contextlib import suppress
from functools import lru_cache

import regex  # type: ignore[import-untyped]

from manciple.errors import TemplateError
from manciple.template.java_syntax import BadPattern, translated

LONGEST_PATTERN = 4096
ATTEMPTS = 2
MOST_NODES = 10_000
ATOM = regex.compile(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|\{(\d+)(?:,(\d*))?\}|.", regex.DOTALL)


def matches(pattern: str, text: str, seconds: float) -> bool:
    """Does the whole of `text` match? Raises BadPattern, or TemplateError when it takes longer than `seconds`.

    The clock runs on while other threads have the processor, so what took too long is tried once more.
    """
    compiled = _compiled(pattern)
    for _ in range(ATTEMPTS):
        with suppress(TimeoutError):
            return compiled.fullmatch(text, timeout=seconds) is not None
    raise TemplateError(f"Template error: matching pattern {pattern} takes too long; simplify it.")


def finds(pattern: str, text: str, seconds: float) -> bool:
    """Is there a match anywhere in `text`, as Java's `find` looks for it, letters and digits of any script?

    Of a pattern that is none, or that takes longer than `seconds`, nothing can be said: then everything matches.
    """
    try:
        return _searching(pattern).search(text, timeout=seconds) is not None
    except (BadPattern, TimeoutError):
        return True


@lru_cache(maxsize=1024)
def _searching(pattern: str) -> "regex.Pattern":
    return _compile(pattern, ascii_classes=False)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> "regex.Pattern":
    return _compile(pattern, ascii_classes=True)


def _compile(pattern: str, *, ascii_classes: bool) -> "regex.Pattern":
    if len(pattern) > LONGEST_PATTERN or _nodes(pattern) > MOST_NODES:
        raise BadPattern(pattern)
    text = translated(pattern, ascii_classes=ascii_classes)
    try:
        return regex.compile(text, regex.VERSION1, cache_pattern=False)
    except (regex.error, RecursionError, OverflowError) as error:
        raise BadPattern(pattern) from error


def _nodes(pattern: str) -> int:
    """About how many nodes the pattern has once its counted repeats are written out: those of a group multiply."""
    sizes, last = [0], 0
    for atom in ATOM.finditer(pattern):
        if atom[0] == "(":
            sizes.append(0)
            last = 0
            continue
        if atom[1] is not None:
            added = last * (_most(atom[1], atom[2]) - 1)
            last += added
        elif atom[0] == ")" and len(sizes) > 1:
            added = last = sizes.pop() + 1
        else:
            added = last = 1
        sizes[-1] += added
    return sum(sizes)


def _most(least: str, most: str | None) -> int:
    return max(1, min(int((most or least)[:9]), MOST_NODES + 2))
