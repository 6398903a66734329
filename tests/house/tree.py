"""The project's own files, as the house tests read them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "manciple"
GENERATED = {
    SOURCE / "api" / "shapes.py",  # by scripts/gen_shapes.py
    *(SOURCE / "store" / "migrations" / "versions").glob("*.py"),  # by Alembic, from the tables
}
"""Nobody writes these, so no limit on size holds for them."""


@cache
def tracked_files() -> list[Path]:
    """Every file that belongs to the project: known to git or new, not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def modules(package: Path = SOURCE) -> list[Path]:
    """The modules of a package that people write, sub-packages included."""
    return [path for path in sorted(package.rglob("*.py")) if path not in GENERATED]


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(), filename=str(path))


def imports(path: Path) -> Iterator[str]:
    """The full names that a module imports anywhere in it."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def relative(path: Path) -> str:
    """The path as it is written in the project."""
    return str(path.relative_to(ROOT))
