"""JSON templates: numbers as written, booleans as text, null refused, and the line of every path."""

import json
import re

from manciple.errors import TemplateError
from manciple.template.faults import Faults
from manciple.template.limits import Limits
from manciple.template.literals import TO_JSON_STRING, Literal, scalar
from manciple.template.nulls import null
from manciple.template.paths import extend, long_key, too_deep
from manciple.template.values import Value

TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"\s*(:)?|[{}\[\],]|\n', re.DOTALL)


def read_json(text: str, limits: Limits) -> tuple[Value, dict[str, int]]:
    """Return the value that `text` stands for and the line of each path.

    Raises TemplateError with CloudFormation's message; null values are all named (TemplateErrors).
    """
    number = Literal if TO_JSON_STRING in text else str
    try:
        raw = json.loads(text, parse_int=number, parse_float=number, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise _not_well_formed(error.lineno, error.colno + 1) from error
    except (RecursionError, ValueError) as error:
        raise _not_well_formed(1, 1) from error
    lines = _Positions(limits).read(text)
    faults = Faults(lines.get)
    value = _value(raw, "", faults)
    faults.raise_if_any()
    return value, lines


def _not_well_formed(line: int, column: int) -> TemplateError:
    message = f"Template format error: JSON not well-formed. (line {line}, column {column})"
    return TemplateError(message, line=line)


def _refuse_constant(name: str) -> str:
    raise ValueError(name)


def _value(raw: object, path: str, faults: Faults) -> Value:
    """`raw` with booleans as text; its depth was bounded when the positions were taken."""
    if isinstance(raw, str):
        return scalar(raw, path) if isinstance(raw, Literal) else raw
    if isinstance(raw, dict):
        return {
            key: item if type(item) is str else _value(item, extend(path, key), faults) for key, item in raw.items()
        }
    if isinstance(raw, list):
        return [_value(item, extend(path, index), faults) for index, item in enumerate(raw)]
    if raw is None:
        return null(path, faults)
    return scalar("true" if raw is True else "false", path)


class _Positions:
    """Reads the tokens of well-formed JSON and notes the line of every path.

    `parents` are the containers around, each with its path; `index` is the place in a list, None in an object.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.lines: dict[str, int] = {}
        self.line = 1
        self.path = ""
        self.index: int | None = None
        self.parents: list[tuple[str, int | None]] = []

    def read(self, text: str) -> dict[str, int]:
        """The line of every path. Raises TemplateError where it nests too deeply or a key is too long."""
        for token in TOKEN.finditer(text):
            mark = token[0]
            if mark == "\n":
                self.line += 1
            elif mark in "{[":
                self.enter(None if mark == "{" else 0)
            elif mark in "}]":
                self.path, self.index = self.parents.pop()
            elif mark == ",":
                if self.index is not None:
                    self.item(self.index + 1)
            elif token[2]:
                self.member(token[1])
                self.line += mark.count("\n")
        return self.lines

    def enter(self, index: int | None) -> None:
        self.parents.append((self.path, self.index))
        if len(self.parents) > self.limits.depth:
            raise TemplateError(too_deep(self.limits), path=self.path, line=self.line)
        self.index = index
        if index is not None:
            self.item(index)

    def item(self, index: int) -> None:
        self.index = index
        self.path = extend(self.parents[-1][0], index)
        self.lines[self.path] = self.line

    def member(self, quoted: str) -> None:
        key = str(json.loads(f'"{quoted}"')) if "\\" in quoted else quoted
        if len(key) > self.limits.key:
            raise TemplateError(long_key(key, self.limits), path=self.path, line=self.line)
        self.path = extend(self.parents[-1][0], key)
        self.lines[self.path] = self.line
