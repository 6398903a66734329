"""`make` and the set-up that its targets stand on, driven with stand-ins for Python."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

TOO_OLD = 'case "$*" in *version_info*3,*11*) exit 1 ;; --version) echo Python 3.6.15 ;; esac'
WITHOUT_ENSUREPIP = 'case "$*" in *ensurepip*) exit 1 ;; *print*) echo python3.11 ;; esac'
# Makes environments whose pip always fails.
WITHOUT_NETWORK = r"""
case "$*" in
  *print*) echo python3.11 ;;
  "-m venv .venv")
    mkdir -p .venv/bin
    printf '#!/bin/sh\nexit 1\n' >.venv/bin/python
    chmod +x .venv/bin/python ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("scripts", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def set_up(checkout: Path, python: str) -> subprocess.CompletedProcess[str]:
    stand_in = checkout / "python"
    stand_in.write_text(f"#!/bin/sh\n{python}\n")
    stand_in.chmod(0o755)
    return subprocess.run(
        ["scripts/setup"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "PYTHON": str(stand_in)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        (
            TOO_OLD,
            r"Manciple needs Python 3\.11 or newer \(Python 3\.6\.15\): run `.+`.*, then try again\.\n",
        ),
        (
            WITHOUT_ENSUREPIP,
            r"python3\.11 cannot make an environment without .+: run `.+`.*, then try again\.\n",
        ),
    ],
    ids=["too old", "without ensurepip"],
)
def test_a_python_that_will_not_do_gets_one_sentence_with_the_command_that_helps(
    checkout: Path, python: str, sentence: str
) -> None:
    done = set_up(checkout, python)

    assert done.returncode == 1
    assert re.fullmatch(sentence, done.stderr)
    assert not (checkout / ".venv").exists()


def test_a_set_up_that_fails_leaves_nothing_half_made(checkout: Path) -> None:
    done = set_up(checkout, WITHOUT_NETWORK)

    assert done.returncode == 1
    assert not (checkout / ".venv").exists()


def test_an_environment_without_the_right_stamp_is_made_anew(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "stamp-run").write_text("of another lock")

    done = set_up(checkout, WITHOUT_NETWORK)

    assert "Making .venv" in done.stdout


def test_make_alone_prints_its_targets() -> None:
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    targets = re.findall(r"^make (\w+)", printed, flags=re.MULTILINE)
    assert targets == ["setup", "demo", "serve", "test", "check", "bench", "fix", "gen", "docs"]
