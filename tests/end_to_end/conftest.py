"""A real server on loopback, and the command line run against it."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from manciple import logs
from manciple.app import Server
from manciple.cli.application import run
from manciple.settings import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "order-intake"

_accounts = (f"{number:012d}" for number in itertools.count(300_000_000_000))


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


Run = Callable[..., Ended]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server in open mode."""
    data = tmp_path_factory.mktemp("server") / "data"
    logs.configure("console", "error")
    running = Server(load({"port": 0, "data": str(data)}, {}).settings)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def account(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """An account that nobody else uses, in the environment as a user sets it."""
    account = next(_accounts)
    variables = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "COLUMNS": "80",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return account


@pytest.fixture
def manciple(account: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command as the test's account: `manciple("plan", "Order intake", "orders")`."""

    def run_command(*arguments: str) -> Ended:
        status = run(arguments)
        return Ended(status, *capsys.readouterr())

    return run_command


@pytest.fixture
def published(manciple: Run) -> str:
    """The example product's name, published."""
    assert manciple("publish", str(EXAMPLE)).status == 0
    return "Order intake"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a command as a process of its own with a clean environment, to which `variables` are added."""
    started: list[subprocess.Popen[str]] = []

    def start_command(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        command = [sys.executable, "-m", "manciple.cli", *arguments]
        options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        # A shell that runs the tests in the background has them, and so the child, ignore Ctrl-C.
        options["preexec_fn"] = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        started.append(subprocess.Popen(command, env=kept | variables, **options))
        return started[-1]

    yield start_command
    for process in started:
        process.kill()
        process.communicate()
