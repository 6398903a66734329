"""Write docs/reference/coverage.md from the tables that the contract tests run.

python -m scripts.gen_coverage

What the page says is proved by tests/contract/test_all_operations.py, which runs every case of the tables in both
protocols on both databases; a house test holds page, tables, model and program together.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.contract.modelled import NAMES, errors_of, paged
from tests.contract.narrow import NARROW
from tests.contract.proofs import CASES, NOT_HERE

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "coverage.md"
CODE = ROOT / "src" / "manciple"
DIFFERENCES = ROOT / "docs" / "differences.toml"
MADE = "<!-- Made by scripts/gen_coverage.py (`make docs`); do not edit. -->\n"
HOW = """\
Each of the {count} operations is called by boto3 with JSON 1.1 and by boto3 with CBOR (its model loaded with
`smithy-rpc-v2-cbor` alone), on SQLite and on PostgreSQL:

- **happy path**: it succeeds in one story, a platform team's from an empty account to the removal of what is spare
  (`tests/contract/story.py`);
- **errors**: every error that AWS's model lists for it comes, in the ways named below, with a message, and changes
  nothing (`tests/contract/proofs.py`, `tests/contract/narrow.py`); those that cannot come are listed with the reason;
- **pages**: where it pages, pages of one item joined are the whole list, and a page token is worth nothing in another
  operation, account or region;
- **accounts**: what it names by id is, from another account or region, refused in the very words for what nobody has;
  a list tells nothing of other accounts or regions;
- **limits**: every length, range, pattern and set of values of every member, at any depth, is held, and the refusal
  names it (`tests/contract/test_every_operation.py`, raw JSON and raw CBOR, on SQLite).

`tests/properties/test_fuzz.py` sends random right and wrong inputs to all of them: no answer is a fault of ours, none
is logged, and a refused call changes nothing; some hundred in the ordinary suite, thousands with `-m long`.
The modules beside these in `tests/contract/` tell the rest of each noun, through the same clients.
"""


def page() -> str:
    """The whole page."""
    parts = [
        f"{MADE}\n# Coverage\n",
        HOW.format(count=len(NAMES)),
        "## Operation by operation\n",
        *map(_operation, NAMES),
        "## Errors that cannot come\n",
        _table(("operation", "error", "why not"), [(f"`{n}`", f"{e}Exception", why) for (n, e), why in _not_here()]),
        "\n## What is inferred\n",
        "What AWS does is recorded nowhere for these; the sentences stand in the code that follows them.\n",
        _table(("module", "sentence"), _inferred()),
        "\n## What differs from AWS\n",
        _table(("operations", "what", "why"), [(_named(one), one["what"], one["why"]) for one in differences()]),
    ]
    return "\n".join(parts) + "\n"


def differences() -> list[dict[str, Any]]:
    """Every difference that is known."""
    found: list[dict[str, Any]] = tomllib.loads(DIFFERENCES.read_text())["difference"]
    return found


def _operation(name: str) -> str:
    lines = [f"### {name}\n", f"- errors: {_errors(name)}"]
    if name in paged():
        lines.append("- pages: joined they are the whole list; foreign tokens are refused")
    lines += [f"- differs: {one['what']} {one['why']}" for one in differences() if name in one["operations"]]
    return "\n".join(lines) + "\n"


def _errors(name: str) -> str:
    if not (modelled := sorted(errors_of(name))):
        return "none is modelled"
    return "; ".join(_error(name, error.removesuffix("Exception")) for error in modelled)


def _error(name: str, error: str) -> str:
    ways = [case.wrong for case in [*CASES, *NARROW] if (case.operation, case.error) == (name, error)]
    return f"{error} ({', '.join(ways) if ways else 'cannot come, see below'})"


def _not_here() -> Iterator[tuple[tuple[str, str], str]]:
    return iter(sorted(NOT_HERE.items()))


def _inferred() -> list[tuple[str, str]]:
    """The sentences in the docstrings of operations, and what they rest on, that say they are inferred."""
    return [
        (f"`{path.relative_to(CODE)}`", sentence)
        for folder in ("operations", "catalog")
        for path in sorted((CODE / folder).rglob("*.py"))
        for text in _docstrings(path)
        for sentence in re.split(r"(?<=[.:;]) (?=[A-Z])", " ".join(text.split()))
        if re.search(r"\binferred\b", sentence, re.IGNORECASE)
    ]


def _docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text


def _named(one: dict[str, Any]) -> str:
    return "all" if one["operations"] == ["*"] else ", ".join(f"`{name}`" for name in one["operations"])


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.exit(0)
