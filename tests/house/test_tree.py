"""What lies in the project, and what may not."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SOURCE, relative, tracked_files

MACHINE_PATHS = re.compile(rb"(?<![\w.])/(root|work|farm)/")


@pytest.mark.parametrize(
    "name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "docs/decisions"]
)
def test_a_newcomer_finds_what_is_expected(name: str) -> None:
    assert (ROOT / name).exists()


def test_no_path_of_one_machine_stands_in_the_tree() -> None:
    found = [
        f"{relative(path)}:{number}"
        for path in tracked_files()
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
        if MACHINE_PATHS.search(line)
    ]

    assert found == []


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda lock: lock.stem)
def test_a_lock_names_versions_and_hashes_and_no_registry(lock: Path) -> None:
    requirements = re.sub(r"\\\n", "", lock.read_text()).splitlines()
    packages = [line for line in requirements if line and not line.startswith("#")]

    assert packages
    assert [line for line in packages if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:", line)] == []
    assert "//" not in lock.read_text()


@pytest.mark.parametrize("name", ["test", "gen"])
def test_a_lock_agrees_with_what_runs_in_production(name: str) -> None:
    run, other = versions("run"), versions(name)

    assert {package: other[package] for package in run if other.get(package) != run[package]} == {}


def versions(name: str) -> dict[str, str]:
    lock = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock, flags=re.MULTILINE))


def test_the_wheel_carries_every_file_of_the_package(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")

    carried = set(zipfile.ZipFile(wheel).namelist())
    ours = {str(path.relative_to(ROOT / "src")) for path in tracked_files() if path.is_relative_to(SOURCE)}

    assert ours - carried == set()
