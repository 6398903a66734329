"""Write docs/reference/coverage.md from the tables that the contract tests run.

python -m scripts.gen_coverage

What the page says is proved by tests/contract/test_all_operations.py, which runs every case of the tables in both
protocols on both databases; a house test holds page, tables, model and program together.
"""

import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from manciple.operations.call import Operation
from manciple.registry import collect
from tests.contract.modelled import NAMES, errors_of, paged
from tests.contract.narrow import NARROW
from tests.contract.proofs import CASES, NOT_HERE

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "coverage.md"
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
  a list tells nothing of other accounts or regions.

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
    lines += [f"- inferred: {sentence}" for sentence in _inferred(name)]
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


def _inferred(name: str) -> list[str]:
    """The sentences of an operation's own docstring that say they are inferred."""
    text = " ".join(inspect.cleandoc(_operations()[name].run.__doc__ or "").split())
    sentences = re.split(r"(?<=[.:;]) (?=[A-Z])", text)
    return [sentence for sentence in sentences if "inferred" in sentence]


@cache
def _operations() -> dict[str, Operation[Any, Any]]:
    return {one.name: one for one in collect("manciple.operations", Operation)}


def _named(one: dict[str, Any]) -> str:
    return "all" if one["operations"] == ["*"] else ", ".join(f"`{name}`" for name in one["operations"])


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.exit(0)
