"""Texts in HCL: quoted ones and heredocs, with what is interpolated in them.

The scanner's rules are Terraform's own (hclsyntax/scan_tokens.rl; tried with its console): `$${` is a literal `${`
wherever it stands and ends nothing, a heredoc ends at the line that is its marker once blanks are cut off.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

import regex  # type: ignore[import-untyped]  # it has no types

from manciple.engine.terraform.hcl.cursor import Cursor
from manciple.engine.terraform.hcl.syntax import Expression, Template

ReadExpression: TypeAlias = Callable[[Cursor], Expression]

HEREDOC = regex.compile(r"<<(?P<flush>-?)(?P<marker>[\p{ID_Start}_][\p{ID_Continue}-]*+)\r?\n")
_QUOTED = re.compile(r'[^"\\$%\r\n]++')
_PLAIN = re.compile(r"[^$%\n]++")
_ESCAPE = re.compile(r'\\(?:[nrt"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_BEGIN = re.compile(r"(\$\$|%%|[$%])\{(~?)")
_DIRECTIVES = ("if", "else", "endif", "for", "endfor")
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Go's TrimSpace cuts off."""


def read_quoted(cursor: Cursor, read: ReadExpression) -> Template:
    """A quoted text; the cursor is at its first quotation mark."""
    cursor.at += 1
    found = _Parts(cursor, read)
    while not cursor.text.startswith('"', cursor.at):
        if literal := cursor.take_pattern(_QUOTED):
            found.add(literal)
        elif cursor.text.startswith("\\", cursor.at):
            found.add(_escaped(cursor))
        elif not found.begin() and not _take_sign(cursor, found):
            raise cursor.error("a quoted text does not end on its line")
    cursor.at += 1
    return found.template()


def read_label(cursor: Cursor) -> str:
    """A block's quoted label, in which nothing is interpolated."""
    template = read_quoted(cursor, _no_expression)
    return "".join(part for part in template.parts if isinstance(part, str))


def read_text(cursor: Cursor, read: ReadExpression) -> Template:
    """All that is left as a template without quotation marks, as the JSON form has them."""
    found = _Parts(cursor, read)
    while not cursor.is_at_end():
        if literal := cursor.take_pattern(_PLAIN):
            found.add(literal)
        elif not found.begin():
            found.add(cursor.text[cursor.at])
            cursor.at += 1
    return found.template()


def read_heredoc(cursor: Cursor, read: ReadExpression) -> Template:
    """A heredoc; the cursor is at its `<<`. The line's end after its marker is left."""
    opening = HEREDOC.match(cursor.text, cursor.at)
    assert opening is not None
    cursor.at = opening.end()
    found = _Parts(cursor, read)
    while not _ends_here(cursor, opening["marker"]):
        _read_line(cursor, found)
    parts = found.template()
    return _flushed(parts) if opening["flush"] else parts


def _read_line(cursor: Cursor, found: "_Parts") -> None:
    """One line of a heredoc; what is interpolated in it may reach over several."""
    while not cursor.text.startswith("\n", cursor.at):
        if cursor.is_at_end():
            raise cursor.error("a heredoc's end marker is missing")
        if literal := cursor.take_pattern(_PLAIN):
            found.add(literal)
        elif not found.begin():
            _take_sign(cursor, found)
    cursor.at += 1
    found.add("\n")


def _ends_here(cursor: Cursor, marker: str) -> bool:
    end = cursor.text.find("\n", cursor.at)
    end = len(cursor.text) if end < 0 else end
    if cursor.text[cursor.at : end].strip(_SPACE) != marker:
        return False
    cursor.at = end
    return True


def _take_sign(cursor: Cursor, found: "_Parts") -> bool:
    """Pass a `$` or `%` that begins nothing."""
    sign = cursor.text[cursor.at : cursor.at + 1]
    if sign not in ("$", "%"):
        return False
    found.add(sign)
    cursor.at += 1
    return True


def _escaped(cursor: Cursor) -> str:
    escape = cursor.take_pattern(_ESCAPE)
    if not escape:
        raise cursor.error("a backslash begins no escape that there is")
    kind, digits = escape[1], escape[2:]
    if not digits:
        return _ESCAPED[kind]
    code = int(digits, 16)
    return "\ufffd" if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


def _no_expression(cursor: Cursor) -> Expression:
    raise cursor.error("nothing can be interpolated in a label")


class _Parts:
    """The parts of a template as they are read."""

    def __init__(self, cursor: Cursor, read: ReadExpression) -> None:
        self._cursor = cursor
        self._read = read
        self._parts: list[str | Expression] = []
        self._literal: list[str] = []
        self._trims = False
        self._directives = False

    def add(self, literal: str) -> None:
        if self._trims:
            literal = literal.lstrip(_SPACE)
            self._trims = not literal
        self._literal.append(literal)

    def begin(self) -> bool:
        """Read an escape, interpolation or directive; False if none begins here."""
        opening = _BEGIN.match(self._cursor.text, self._cursor.at)
        if opening is None:
            return False
        sign, trims = opening.groups()
        if len(sign) == 2:
            self._cursor.at = opening.end(1) + 1
            self.add(f"{sign[0]}{{")
            return True
        self._cursor.at = opening.end()
        self._close(trims=bool(trims))
        with self._cursor.deeper(lines_count=False):
            self._parts += self._directive() if sign == "%" else [self._read(self._cursor)]
            self._trims = bool(self._cursor.take("~"))
            self._cursor.expect("}")
        return True

    def _directive(self) -> list[str | Expression]:
        self._directives = True
        word = self._cursor.take_word()
        if word not in _DIRECTIVES:
            raise self._cursor.error(f"{word} is no directive of templates")
        if word == "for":
            self._names()
        return [self._read(self._cursor)] if word in {"if", "for"} else []

    def _names(self) -> None:
        self._cursor.take_word()
        if self._cursor.take(","):
            self._cursor.take_word()
        if self._cursor.take_word() != "in":
            raise self._cursor.error("`in` is missing in a `for`")

    def _close(self, *, trims: bool) -> None:
        literal = "".join(self._literal)
        self._literal.clear()
        if literal := literal.rstrip(_SPACE) if trims else literal:
            self._parts.append(literal)

    def template(self) -> Template:
        """What was read."""
        self._close(trims=False)
        return Template(tuple(self._parts), self._directives)


def _flushed(template: Template) -> Template:
    """`<<-`: without the blanks that all lines begin with."""
    lines = [line for line in _starts(template) if line.strip("\n")]
    width = min((len(line) - len(line.lstrip(" \t")) for line in lines), default=0)
    if not width:
        return template
    cut = re.compile(rf"(?m)^[ \t]{{0,{width}}}")
    parts, at_start = [], True
    for part in template.parts:
        parts.append(_cut(part, cut, at_start=at_start) if isinstance(part, str) else part)
        at_start = isinstance(part, str) and part.endswith("\n")
    return Template(tuple(parts), template.directives)


def _starts(template: Template) -> list[str]:
    """The texts with which lines begin."""
    starts, at_start = [], True
    for part in template.parts:
        if isinstance(part, str):
            lines = part.splitlines(keepends=True)
            starts += lines if at_start else lines[1:]
            at_start = part.endswith("\n")
        else:
            starts += [""] if at_start else []
            at_start = False
    return starts


def _cut(part: str, cut: re.Pattern[str], *, at_start: bool) -> str:
    if at_start:
        return str(cut.sub("", part))
    first, line_end, rest = part.partition("\n")
    return first + line_end + str(cut.sub("", rest))
