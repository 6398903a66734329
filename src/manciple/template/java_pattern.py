"""AllowedPattern: regular expressions of Java, matched as Java's `matches` does, bounded in time and size.

The `regex` module in version 1 mode knows Java's set operations (`[a-z&&[^b]]`) and possessive repeats. What differs
is translated: quoting by `\\Q…\\E`, and POSIX classes, which are ASCII in Java. Groups that Java does not have are
refused, and so are patterns whose counted repeats, which the module writes out, would grow large.
"""

from contextlib import suppress
from functools import lru_cache
from math import prod

import regex  # type: ignore[import-untyped]

from manciple.errors import TemplateError

LONGEST_PATTERN = 4096
ATTEMPTS = 2
MOST_NODES = 10_000
QUOTED = regex.compile(r"\\Q(.*?)(?:\\E|$)", regex.DOTALL)
POSIX = regex.compile(r"\\([pP])\{(\w+)\}")
COUNT = regex.compile(r"([)}?+*])?\{(\d+)(?:,\d*)?\}")
FOREIGN_GROUP = regex.compile(r"(?<!\\)(?:\\\\)*\(\?(?![:=!>]|<[=!a-zA-Z]|[imsudU-]*[:)])")
ASCII_CLASSES = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7F",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1F\x7F",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0B\f\r",
}


class BadPattern(Exception):
    """Not a regular expression of Java, or one that is too large."""


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
    return _compile(pattern, regex.VERSION1)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> "regex.Pattern":
    return _compile(pattern, regex.VERSION1 | regex.ASCII)


def _compile(pattern: str, flags: int) -> "regex.Pattern":
    if len(pattern) > LONGEST_PATTERN or _nodes(pattern) > MOST_NODES or FOREIGN_GROUP.search(pattern):
        raise BadPattern(pattern)
    translated = POSIX.sub(_ascii_class, QUOTED.sub(lambda found: regex.escape(found[1]), pattern))
    try:
        return regex.compile(translated, flags, cache_pattern=False)
    except (regex.error, RecursionError, OverflowError) as error:
        raise BadPattern(pattern) from error


def _nodes(pattern: str) -> int:
    """At most how many nodes the pattern has once its counted repeats are written out.

    A count on a single character adds, a count on a group (or on a repeat) multiplies.
    """
    counts = [(repeated, min(int(times[:9]), MOST_NODES)) for repeated, times in COUNT.findall(pattern)]
    single = len(pattern) + sum(times for repeated, times in counts if not repeated)
    return single * prod(max(times, 1) for repeated, times in counts if repeated)


def _ascii_class(found: "regex.Match") -> str:
    kind, name = found.groups()
    members = ASCII_CLASSES.get(name)
    if members is None:
        return f"\\{kind}{{{name}}}"
    return f"[{'^' if kind == 'P' else ''}{members}]"
