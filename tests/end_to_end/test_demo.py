"""`manciple demo`: the whole way, and nothing left of it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def start(tmp_path: Path) -> subprocess.Popen[str]:
    """Start the demo with a temporary directory of its own, and AWS settings that would lead it astray."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    astray = {"AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "MANCIPLE_PORT": "9"}
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "tmp").mkdir()
    environment = {**kept, **astray, "HOME": str(home), "TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, "-m", "manciple.cli", "demo"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def files_left(tmp_path: Path) -> list[Path]:
    return [found for found in tmp_path.rglob("*") if found.is_file()]


def test_the_demo_launches_a_product_and_updates_it_with_a_replacement(tmp_path: Path) -> None:
    demo = start(tmp_path)

    out, err = demo.communicate()

    statuses = re.findall(r"^rec-[a-z0-9]{13}  (\w+)$", out, re.MULTILINE)
    assert (demo.returncode, err) == (0, "")
    assert statuses == ["SUCCEEDED", "SUCCEEDED"]
    assert re.search(r"^  ± Table  AWS::DynamoDB::Table  replace$", out, re.MULTILINE)
    assert re.search(r"^  TableName +orders-test$", out, re.MULTILINE)


def test_the_demo_leaves_no_files(tmp_path: Path) -> None:
    start(tmp_path).communicate()

    assert files_left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_files(tmp_path: Path, number: signal.Signals) -> None:
    demo = start(tmp_path)
    assert demo.stdout
    while "manciple plan" not in demo.stdout.readline():
        assert demo.poll() is None

    demo.send_signal(number)
    _, err = demo.communicate()

    assert demo.returncode == 128 + number
    assert "Traceback" not in err
    assert files_left(tmp_path) == []
