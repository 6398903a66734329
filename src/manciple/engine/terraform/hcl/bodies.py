"""Files of HCL's native syntax: attributes and blocks (hclsyntax/spec.md, "Structural Elements")."""

from manciple.engine.terraform.hcl.cursor import Cursor
from manciple.engine.terraform.hcl.expressions import read_expression
from manciple.engine.terraform.hcl.syntax import Attribute, Block, Body, HclError
from manciple.engine.terraform.hcl.templates import read_label


def read_native(content: bytes, file: str) -> Body:
    """A file's body. Raises HclError."""
    try:
        cursor = Cursor(content.decode(), file)
    except UnicodeDecodeError:
        raise HclError(f"{file} is not UTF-8 text.") from None
    body = _body(cursor)
    if not cursor.is_at_end():
        raise cursor.error(f"{cursor.sight()} closes nothing")
    return body


def _body(cursor: Cursor) -> Body:
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    with cursor.deeper(lines_count=True):
        cursor.skip_lines()
        while not cursor.is_at_end() and cursor.symbol() != "}":
            line, name = cursor.line, cursor.take_word()
            if not cursor.take("="):
                blocks.append(_block(cursor, name, line))
            elif name in attributes:
                raise cursor.error(f"{name} is set twice; it was set in line {attributes[name].line}")
            else:
                attributes[name] = _attribute(cursor, line)
            cursor.end_line()
            cursor.skip_lines()
    return Body(attributes, tuple(blocks))


def _attribute(cursor: Cursor, line: int) -> Attribute:
    cursor.skip()
    start = cursor.at
    value = read_expression(cursor)
    return Attribute(value, cursor.text[start : cursor.last], line)


def _block(cursor: Cursor, kind: str, line: int) -> Block:
    labels: list[str] = []
    while not cursor.take("{"):
        labels.append(read_label(cursor) if cursor.symbol() == '"' else cursor.take_word())
    body = _body(cursor)
    cursor.expect("}")
    return Block(kind, tuple(labels), body, line)
