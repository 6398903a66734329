"""CloudFormation endpoints that others wrote, from PyPI, started on loopback for tests that want something real.

moto is among the test dependencies. ministack pins a botocore of its own and so lives in an environment of its own: it
is taken from PATH or from beside the running Python (`pipx install ministack==1.5.33`).
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3

REGION = "eu-west-1"
KEYS = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "any"}

NAMES: dict[str, str] = {}
"""Which peer runs at an address."""


class PeerMissingError(Exception):
    """The peer is not installed."""


@contextmanager
def running_peer(name: str, directory: Path) -> Iterator[str]:
    """A peer in a process of its own; gives its address. Raises PeerMissingError."""
    port = _free_port()
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(directory), "TMPDIR": str(directory)} | KEYS
    environment |= {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1"}
    with (directory / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            _COMMANDS[name](port), cwd=directory, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(process, port)
            url = f"http://127.0.0.1:{port}"
            NAMES[url] = name
            yield url
        finally:
            process.kill()  # it keeps nothing, and may be waiting for a signal of its own
            process.wait()


@cache
def client_of(url: str, service: str) -> Any:
    """A client of one of a peer's services, to see what is there."""
    make: Any = boto3.client  # its stubs overload on literal names of services
    return make(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )


def _moto(port: int) -> Sequence[str]:
    if find_spec("openapi_spec_validator") is None:
        raise PeerMissingError("its CloudFormation wants more packages; install moto[cloudformation]")
    return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]


def _ministack(_port: int) -> Sequence[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which("ministack", path=path)
    if found is None:
        raise PeerMissingError("ministack is not on PATH")
    return [found]


_COMMANDS = {"moto": _moto, "ministack": _ministack}


def _wait_for(process: subprocess.Popen[bytes], port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, f"the peer ended with {process.returncode}"
            assert time.monotonic() < deadline, "the peer does not listen"
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
