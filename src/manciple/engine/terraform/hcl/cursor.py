"""A place in HCL text: what comes next there, without blanks and comments.

Lines end attributes and blocks, but not what is in parentheses, brackets or interpolations; `lines_count` says which
holds. Every pattern is anchored and reads on, never back, so reading is linear in the text.
"""

import re
from typing import Any

import regex  # type: ignore[import-untyped]  # it has no types

from manciple.engine.terraform.hcl.syntax import HclError

DEEPEST = 100
"""How deep blocks and expressions may nest. Terraform has no limit; nobody's files come near."""

IDENTIFIER = regex.compile(r"[\p{ID_Start}_][\p{ID_Continue}-]*+")
NUMBER = re.compile(r"[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_MAY_BE_BLANK = frozenset(" \t\r\n/#")
_BLANKS = re.compile(r"(?:[ \t]++|/\*(?s:.*?)\*/)*+")
_BLANKS_AND_LINES = re.compile(r"(?:[ \t\n]++|\r\n|/\*(?s:.*?)\*/|(?:#|//)[^\n]*+(?:\n|\Z))*+")
_LINE_END = re.compile(r"\r?\n|(?:#|//)[^\n]*+(?:\n|\Z)")
_SIGHT = re.compile(r"\S{1,20}")
_SYMBOL = re.compile(r"==|!=|<=|>=|&&|\|\||=>|\.\.\.|::|/(?!/)|[{}()\[\].,:?=+\-*%!<>~\"]")


class Cursor:
    """Reads one file."""

    def __init__(self, text: str, file: str, first_line: int = 1) -> None:
        self.text = text.removeprefix("\ufeff")
        self.file = file
        self.at = 0
        self.lines_count = True
        self.depth = 0
        self._first_line = first_line
        self._counted = (0, 0)
        self._gap = (0, 0)
        self._seen = (-1, "")

    @property
    def line(self) -> int:
        """The number of the line here, counted on from where it was asked before."""
        since, lines = self._counted
        if self.at < since:
            since, lines = 0, 0
        self._counted = (self.at, lines + self.text.count("\n", since, self.at))
        return self._first_line + self._counted[1]

    def error(self, problem: str) -> HclError:
        """The error that something is wrong here."""
        return HclError(f"{self.file} line {self.line}: {problem}.")

    def skip(self) -> None:
        """Pass blanks and comments, and lines where they do not count."""
        self._pass(_BLANKS if self.lines_count else _BLANKS_AND_LINES)

    def skip_lines(self) -> None:
        """Pass blanks, comments and lines."""
        self._pass(_BLANKS_AND_LINES)

    def _pass(self, blanks: re.Pattern[str]) -> None:
        if self.text[self.at : self.at + 1] not in _MAY_BE_BLANK:
            return
        found = blanks.match(self.text, self.at)
        if found is not None and found.end() > self.at:
            self._gap = found.span()
            self.at = found.end()

    @property
    def last(self) -> int:
        """Where what was read last ends: before the blanks that may have been passed since."""
        start, end = self._gap
        return start if end == self.at else self.at

    def symbol(self) -> str:
        """The operator or bracket that comes next, or an empty text; it stays."""
        self.skip()
        if self.at != self._seen[0]:
            found = _SYMBOL.match(self.text, self.at)
            self._seen = (self.at, found[0] if found else "")
        return self._seen[1]

    def take(self, *symbols: str) -> str:
        """Pass the next symbol if it is one of these, and say which; else an empty text."""
        symbol = self.symbol()
        if symbol not in symbols:
            return ""
        self.at += len(symbol)
        return symbol

    def expect(self, symbol: str) -> None:
        """Pass a symbol that must come next."""
        if not self.take(symbol):
            raise self.error(f"{symbol} is missing before {self.sight()}")

    def word(self) -> str:
        """The identifier that comes next, or an empty text; it stays."""
        self.skip()
        found = IDENTIFIER.match(self.text, self.at)
        return str(found[0]) if found else ""

    def take_word(self) -> str:
        """Pass an identifier that must come next."""
        word = self.word()
        if not word:
            raise self.error(f"a name is missing before {self.sight()}")
        self.at += len(word)
        return word

    def take_pattern(self, pattern: Any) -> str:
        """Pass what matches exactly here, blanks included; an empty text where nothing does."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return str(found[0])

    def end_line(self) -> None:
        """Pass the end of an attribute or block: a line's end, or stay before `}` or the end of the text."""
        if self.symbol() == "}" or self.at >= len(self.text):
            return
        if not self.take_pattern(_LINE_END):
            raise self.error(f"a new line is missing before {self.sight()}")

    def is_at_end(self) -> bool:
        """Is there nothing more?"""
        return self.at >= len(self.text)

    def sight(self) -> str:
        """What comes next, for an error."""
        found = _SIGHT.match(self.text, self.at)
        return repr(found[0]) if found else "the end of the line"

    def deeper(self, *, lines_count: bool) -> "_Level":
        """Read something nested, in which lines count or do not."""
        return _Level(self, lines_count)


class _Level:
    """One level of nesting; a plain class, because so many are entered."""

    __slots__ = ("_before", "_cursor", "_lines_count")

    def __init__(self, cursor: Cursor, lines_count: bool) -> None:
        self._cursor = cursor
        self._lines_count = lines_count

    def __enter__(self) -> None:
        cursor = self._cursor
        self._before, cursor.lines_count = cursor.lines_count, self._lines_count
        cursor.depth += 1
        if cursor.depth > DEEPEST:
            raise cursor.error(f"this is nested deeper than {DEEPEST} levels")

    def __exit__(self, *_: object) -> None:
        self._cursor.lines_count = self._before
        self._cursor.depth -= 1
