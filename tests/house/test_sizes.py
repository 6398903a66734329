"""The tail of the code: short functions, short files."""

import ast
import statistics
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.house.tree import modules, parsed, relative


class Function(NamedTuple):
    lines: int
    place: str


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    if ast.get_docstring(node) is None or first.end_lineno is None:
        return 0
    return first.end_lineno - first.lineno + 1


def functions() -> Iterator[Function]:
    for path in modules():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1 - docstring_lines(node)
                yield Function(lines, f"{relative(path)}:{node.lineno} {node.name}")


def test_nearly_every_function_is_under_40_lines_and_none_is_above_60(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = sorted(functions(), reverse=True)
    lengths = [function.lines for function in found]

    ninety_fifth = statistics.quantiles(lengths, n=20)[-1]
    with capsys.disabled():
        print(
            f"\n{len(lengths)} functions: median {statistics.median(lengths):.0f}, "
            f"95th percentile {ninety_fifth:.0f}, longest {found[0].lines} lines ({found[0].place})"
        )

    assert ninety_fifth < 40
    assert [function for function in found if function.lines > 60] == []


def test_every_file_is_under_400_lines() -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in modules()}

    assert {name: lines for name, lines in lengths.items() if lines >= 400} == {}
