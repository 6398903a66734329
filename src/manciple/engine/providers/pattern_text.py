"""A text that matches a pattern: how an identifier looks of which only the schema's pattern is known.

The same seed gives the same text. Repeats that the pattern leaves open are kept short, optional parts are left out, of
alternatives the longest is taken.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

from manciple.template.java_pattern import finds

_parser: Any = import_module("re._parser")  # the standard library's parser of patterns has no public name
_OPEN_REPEATS = (8, 1, 16, 24, 36)
"""How often what may be repeated at will is repeated, tried in this order."""
_LONGEST = 512
_SECONDS = 0.1
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_/.: +=@,"
_CATEGORIES = {
    _parser.CATEGORY_DIGIT: re.compile(r"\d", re.ASCII),
    _parser.CATEGORY_NOT_DIGIT: re.compile(r"\D", re.ASCII),
    _parser.CATEGORY_SPACE: re.compile(r"\s", re.ASCII),
    _parser.CATEGORY_NOT_SPACE: re.compile(r"\S", re.ASCII),
    _parser.CATEGORY_WORD: re.compile(r"\w", re.ASCII),
    _parser.CATEGORY_NOT_WORD: re.compile(r"\W", re.ASCII),
}


def matching_text(pattern: str, seed: int, least: int = 1, most: int = _LONGEST) -> str | None:
    """A text of at least and at most so many characters that the pattern matches; None if that is beyond this."""
    for repeat in (*_OPEN_REPEATS, least):
        try:
            text = "".join(_Writer(seed, repeat).written(_parsed(pattern)))
        except (LookupError, re.error, RecursionError, OverflowError):
            continue
        if least <= len(text) <= most and finds(pattern, text, _SECONDS):
            return text
    return None


@lru_cache(maxsize=512)
def _parsed(pattern: str) -> Any:
    return _parser.parse(pattern)


class _Writer:
    """Writes what a parsed pattern stands for; digits of the seed choose among characters."""

    def __init__(self, seed: int, repeat: int) -> None:
        self._seed = self._left = seed
        self._repeat = repeat

    def written(self, nodes: Iterable[tuple[Any, Any]]) -> Iterator[str]:
        for kind, argument in nodes:
            if kind is _parser.LITERAL:
                yield chr(argument)
            elif kind in (_parser.IN, _parser.ANY, _parser.NOT_LITERAL):
                yield self._chosen(_characters(kind, argument))
            elif kind in (_parser.MAX_REPEAT, _parser.MIN_REPEAT):
                yield from self._repeated(*argument)
            elif kind is _parser.BRANCH:
                yield from self.written(max(argument[1], key=_size))
            elif kind is _parser.SUBPATTERN:
                yield from self.written(argument[-1])
            elif kind not in (_parser.AT, _parser.ASSERT, _parser.ASSERT_NOT):
                raise LookupError(kind)

    def _repeated(self, least: int, most: int, nodes: Any) -> Iterator[str]:
        """As often as it must be; where that is open and may be more than once, as often as usual."""
        times = least if least > 1 or most <= 1 else min(most, self._repeat)
        if times * len(nodes) > _LONGEST:
            raise OverflowError
        for _ in range(times):
            yield from self.written(nodes)

    def _chosen(self, characters: str) -> str:
        """The next digit of the seed as a character; a seed that is used up begins again."""
        self._left, place = divmod(self._left or self._seed, len(characters))
        return characters[place]


def _size(nodes: Any) -> int:
    return len(nodes)


def _characters(kind: Any, argument: Any) -> str:
    """The characters that one place may hold; letters and digits if there are any. IndexError if none is known."""
    found = [one for one in _ALPHABET if _is_allowed(one, kind, argument)]
    simple = [one for one in found if one.isalnum()]
    lower = [one for one in simple if not one.isupper()]
    chosen = lower or simple or found
    if not chosen:
        raise LookupError(argument)
    return "".join(chosen)


def _is_allowed(character: str, kind: Any, argument: Any) -> bool:
    if kind is _parser.ANY:
        return True
    if kind is _parser.NOT_LITERAL:
        return bool(ord(character) != argument)
    negated = argument[0][0] is _parser.NEGATE
    return bool(negated != any(_is_in(character, one, value) for one, value in argument if one is not _parser.NEGATE))


def _is_in(character: str, kind: Any, value: Any) -> bool:
    if kind is _parser.LITERAL:
        return bool(ord(character) == value)
    if kind is _parser.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    return _CATEGORIES[value].match(character) is not None
