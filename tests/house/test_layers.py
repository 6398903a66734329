"""Who may import whom, and what pure code may not do."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SOURCE, imports, modules, parsed, relative

PURE = [SOURCE / "api", SOURCE / "template", SOURCE / "catalog"]
CLOCK = {"now", "utcnow", "today"}


def test_imports_go_down_the_layers_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run(
        [linter, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": "src"},
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("package", PURE, ids=lambda package: package.name)
def test_pure_code_opens_no_address(package: Path) -> None:
    """import-linter sees `urllib` as a whole; `urllib.parse` is pure."""
    openers = [
        relative(path) for path in modules(package) for name in imports(path) if name.startswith("urllib.request")
    ]

    assert openers == []


@pytest.mark.parametrize("package", PURE, ids=lambda package: package.name)
def test_pure_code_reads_no_clock(package: Path) -> None:
    readers = [
        f"{relative(path)}:{node.lineno}"
        for path in modules(package)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK
    ]

    assert readers == []
