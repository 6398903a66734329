"""Expressions of HCL, read by descent (hclsyntax/spec.md, "Expressions")."""

import re

from manciple.engine.terraform.hcl.cursor import NUMBER, Cursor
from manciple.engine.terraform.hcl.syntax import (
    Call,
    Chain,
    Conditional,
    Expression,
    For,
    Literal,
    Lookup,
    Mapping,
    Reference,
    Sequence,
    Unary,
)
from manciple.engine.terraform.hcl.templates import HEREDOC, read_heredoc, read_quoted

_BINARY = ("==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "&&", "||")
_KEYWORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_INDEX = re.compile(r"[0-9]++")


def read_expression(cursor: Cursor) -> Expression:
    """The expression that begins here."""
    with cursor.deeper(lines_count=cursor.lines_count):
        found = _chain(cursor)
        if not cursor.take("?"):
            return found
        if_true = read_expression(cursor)
        cursor.expect(":")
        return Conditional(found, if_true, read_expression(cursor))


def _chain(cursor: Cursor) -> Expression:
    operands, operators = [_operand(cursor)], []
    while operator := cursor.take(*_BINARY):
        operators.append(operator)
        operands.append(_operand(cursor))
    return Chain(tuple(operands), tuple(operators)) if operators else operands[0]


def _operand(cursor: Cursor) -> Expression:
    if operator := cursor.take("-", "!"):
        with cursor.deeper(lines_count=cursor.lines_count):
            return Unary(operator, _operand(cursor))
    return _with_steps(cursor, _term(cursor))


def _term(cursor: Cursor) -> Expression:
    word = cursor.word()
    if word:
        return _named(cursor)
    if number := cursor.take_pattern(NUMBER):
        return Literal(number)
    if HEREDOC.match(cursor.text, cursor.at):
        return read_heredoc(cursor, read_expression)
    symbol = cursor.symbol()
    if symbol == '"':
        return read_quoted(cursor, read_expression)
    reader = {"(": _parenthesized, "[": _sequence, "{": _mapping}.get(symbol)
    if reader is None:
        raise cursor.error(f"an expression is missing before {cursor.sight()}")
    cursor.at += 1
    return reader(cursor)


def _named(cursor: Cursor) -> Expression:
    line, name = cursor.line, cursor.take_word()
    while cursor.take("::"):
        name += f"::{cursor.take_word()}"
    if cursor.take("("):
        return Call(name, _arguments(cursor), line)
    return Literal(_KEYWORDS[name]) if name in _KEYWORDS else Reference(name, ())


def _arguments(cursor: Cursor) -> tuple[Expression, ...]:
    found: list[Expression] = []
    with cursor.deeper(lines_count=False):
        while not cursor.take(")"):
            found.append(read_expression(cursor))
            if cursor.take("..."):
                cursor.take(",")
                cursor.expect(")")
                break
            if not cursor.take(","):
                cursor.expect(")")
                break
    return tuple(found)


def _parenthesized(cursor: Cursor) -> Expression:
    with cursor.deeper(lines_count=False):
        found = read_expression(cursor)
        cursor.expect(")")
    return found


def _sequence(cursor: Cursor) -> Expression:
    with cursor.deeper(lines_count=False):
        if cursor.word() == "for":
            return _for(cursor, "]")
        items: list[Expression] = []
        while not cursor.take("]"):
            items.append(read_expression(cursor))
            if not cursor.take(","):
                cursor.expect("]")
                break
    return Sequence(tuple(items))


def _mapping(cursor: Cursor) -> Expression:
    start = cursor.at
    cursor.skip_lines()
    if cursor.word() == "for":
        with cursor.deeper(lines_count=False):
            return _for(cursor, "}")
    cursor.at = start
    items: list[tuple[Expression, Expression]] = []
    with cursor.deeper(lines_count=True):
        cursor.skip_lines()
        while not cursor.take("}"):
            items.append(_item(cursor))
            if not cursor.take(","):
                cursor.end_line()
            cursor.skip_lines()
    return Mapping(tuple(items))


def _item(cursor: Cursor) -> tuple[Expression, Expression]:
    key = read_expression(cursor)
    if not cursor.take("=", ":"):
        raise cursor.error(f"= is missing before {cursor.sight()}")
    return key, read_expression(cursor)


def _for(cursor: Cursor, closing: str) -> Expression:
    cursor.take_word()
    cursor.take_word()
    if cursor.take(","):
        cursor.take_word()
    if cursor.take_word() != "in":
        raise cursor.error("`in` is missing in a `for`")
    found = [read_expression(cursor)]
    cursor.expect(":")
    found.append(read_expression(cursor))
    if closing == "}":
        cursor.expect("=>")
        found.append(read_expression(cursor))
        cursor.take("...")
    if cursor.word() == "if":
        cursor.take_word()
        found.append(read_expression(cursor))
    cursor.expect(closing)
    return For(tuple(found))


def _with_steps(cursor: Cursor, of: Expression) -> Expression:
    """A term with all that is looked up in it: `.name`, `.0`, `.*`, `[index]`, `[*]`."""
    steps: list[str | Expression | None] = []
    while opening := cursor.take(".", "["):
        steps += _attribute(cursor) if opening == "." else [_index(cursor)]
    if not steps:
        return of
    return Reference(of.name, tuple(steps)) if isinstance(of, Reference) else Lookup(of, tuple(steps))


def _attribute(cursor: Cursor) -> list[str | Expression | None]:
    if cursor.take("*"):
        return [None]
    return [cursor.take_pattern(_INDEX) or cursor.take_word()]


def _index(cursor: Cursor) -> Expression | None:
    with cursor.deeper(lines_count=False):
        if cursor.take("*"):
            cursor.expect("]")
            return None
        found = read_expression(cursor)
        cursor.expect("]")
    return found
