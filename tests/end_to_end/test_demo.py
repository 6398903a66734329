"""`manciple demo`: the whole way, and nothing left of it."""

import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Start


@pytest.fixture
def demo(start: Start, tmp_path: Path) -> subprocess.Popen[str]:
    """A demo with a temporary directory of its own, and settings in its environment that would lead it astray."""
    directories = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
    for directory in directories.values():
        Path(directory).mkdir()
    return start("demo", AWS_PROFILE="nobody", AWS_ENDPOINT_URL="http://127.0.0.1:9", MANCIPLE_PORT="9", **directories)


def files_left(tmp_path: Path) -> list[Path]:
    return [found for found in tmp_path.rglob("*") if found.is_file()]


def test_the_demo_launches_a_product_and_updates_it_with_a_replacement(demo: subprocess.Popen[str]) -> None:
    out, err = demo.communicate()

    statuses = re.findall(r"^rec-[a-z0-9]{13}  (\w+)$", out, re.MULTILINE)
    assert (demo.returncode, err) == (0, "")
    assert statuses == ["SUCCEEDED", "SUCCEEDED"]
    assert re.search(r"^  ± Table  AWS::DynamoDB::Table  replace$", out, re.MULTILINE)
    assert re.search(r"^  TableName +orders-test$", out, re.MULTILINE)


def test_the_demo_leaves_no_files(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    demo.communicate()

    assert files_left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_files(
    demo: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    assert demo.stdout
    while "manciple plan" not in demo.stdout.readline():
        assert demo.poll() is None

    demo.send_signal(number)
    _, err = demo.communicate()

    assert demo.returncode == 128 + number
    assert "Traceback" not in err
    assert files_left(tmp_path) == []
