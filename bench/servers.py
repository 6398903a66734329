"""The servers that are measured: Manciple, the Starlette echo (the floor) and moto (the peer)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.catalog import Credentials
from bench.processes import Process, free_port, running

ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:user/bench"
ANYONE = Credentials(ACCOUNT, ARN, ACCOUNT, "any")

# The settings that `app.py` gives uvicorn, as its command line spells them.
_UVICORN = ("--http", "httptools", "--loop", "uvloop", "--no-access-log", "--no-server-header", "--no-proxy-headers")


class Manciple(NamedTuple):
    """A running Manciple, who may call it, and its data directory."""

    process: Process
    credentials: Credentials
    data: Path


@contextmanager
def manciple(core: int | None = None, **settings: str) -> Iterator[Manciple]:
    """A server with a directory of its own; with `auth="sigv4"` a key is made for it first.

    The access log is on, as JSON, into a file.
    """
    with TemporaryDirectory(prefix="manciple-bench-") as directory:
        data = Path(directory) / "data"
        credentials = _create_key(data) if settings.get("auth") == "sigv4" else ANYONE
        given = {"log_format": "json", **settings}
        environ = {f"MANCIPLE_{name.upper()}": text for name, text in given.items()}
        port = free_port()
        arguments = ("serve", "--port", str(port), "--data", str(data))
        log = Path(directory) / "log"
        with running("manciple.cli", *arguments, port=port, core=core, environ=environ, log=log) as process:
            yield Manciple(process, credentials, data)


@contextmanager
def echo(core: int | None = None) -> Iterator[Process]:
    """A Starlette echo under the same HTTP server and settings."""
    port = free_port()
    with running("uvicorn", "bench.echo:app", "--port", str(port), *_UVICORN, port=port, core=core) as process:
        yield process


@contextmanager
def moto(core: int | None = None) -> Iterator[Process]:
    """moto's server."""
    port = free_port()
    with running("moto.server", "-p", str(port), port=port, core=core) as process:
        yield process


def _create_key(data: Path) -> Credentials:
    command = ["key", "create", "--account", ACCOUNT, "--arn", ARN, "--data", str(data), "--json"]
    made = subprocess.run([sys.executable, "-m", "manciple.cli", *command], check=True, capture_output=True)
    key = json.loads(made.stdout)
    return Credentials(ACCOUNT, ARN, key["AccessKeyId"], key["SecretAccessKey"])
