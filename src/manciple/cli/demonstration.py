"""What `manciple demo` shows of each target: the example, its update, and what has to be there for it."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from manciple.cli.refusal import Refusal

Settings = Mapping[str, Any]
"""Settings by their dotted names."""

ADMIN_URL = "POSTGRESQL_ADMIN_URL"
"""What the handler of `examples/types/postgresql-database` is given."""
_ANYONE = {"AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true"}
"""Credentials for an emulator of the demo's own."""
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
"""What goes before them, and may name what is not there."""
_START_SECONDS = 60


class PartsMissingError(Exception):
    """What the demo of a target needs is not here; the message says what, and how to get it."""


class Demonstration(NamedTuple):
    """An example product and the update that is shown; `open` gives settings while what is deployed onto runs."""

    product: str
    folder: str
    name: str
    update: Mapping[str, str]
    open: Callable[[Path, Path, str | None], AbstractContextManager[Settings]]
    version: str = "v2"
    terminates: bool = True


def _sandbox(_examples: Path, _directory: Path, at: str | None) -> AbstractContextManager[Settings]:
    if at is not None:
        raise Refusal(f"The sandbox is inside the server; leave out --at {at}, or name a target.")
    return nullcontext({})


def _terraform(_examples: Path, _directory: Path, at: str | None) -> AbstractContextManager[Settings]:
    """The program where `at` says it is, or on PATH."""
    found = at or shutil.which("tofu") or shutil.which("terraform")
    if found is None or shutil.which(found) is None:
        raise PartsMissingError(
            f"{at or 'Neither tofu nor terraform'} is {'no program' if at else 'on PATH'}; install OpenTofu "
            "(https://opentofu.org/docs/intro/install/) or Terraform, or name its program by --at."
        )
    return nullcontext({"targets.terraform.binary": shutil.which(found)})


@contextmanager
def _cloudformation(_examples: Path, directory: Path, at: str | None) -> Iterator[Settings]:
    """The endpoint that `at` names, or an emulator that is installed here, started for the demo."""
    if at is not None:
        yield _endpoint(at)
        return
    command = _emulator()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    for name in _PROFILES:
        os.environ.pop(name, None)
    os.environ.update(_ANYONE)
    with (directory / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [part.format(port=port) for part in command],
            cwd=directory,
            env={**os.environ, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "TMPDIR": str(directory)},
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(process, port)
        yield _endpoint(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def _endpoint(address: str) -> Settings:
    return {
        "engine.target": "cloudformation",
        "targets.cloudformation.endpoint": address,
        "targets.cloudformation.poll_seconds": 0.2,
    }


def _emulator() -> Sequence[str]:
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if found := shutil.which("ministack", path=beside):
        return [found]
    if importlib.util.find_spec("moto") and importlib.util.find_spec("openapi_spec_validator"):
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}"]
    raise PartsMissingError(
        "There is no CloudFormation to deploy onto: install ministack (`pipx install ministack==1.5.33`) or "
        "moto[cloudformation,server] beside Manciple, or name an endpoint by --at."
    )


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise Refusal(f"The emulator {process.args!r} does not start.") from error
            time.sleep(0.05)
        else:
            return


def _postgresql(examples: Path, _directory: Path, at: str | None) -> AbstractContextManager[Settings]:
    """The server that `at` or the handler's own variable names."""
    address = at or os.environ.get(ADMIN_URL)
    if address is None:
        raise PartsMissingError(
            f"There is no PostgreSQL server to make databases on: name one by --at or {ADMIN_URL} "
            "(postgresql://admin:password@host:5432/postgres, a role that may make databases and roles)."
        )
    os.environ[ADMIN_URL] = address
    return nullcontext({"types": [str(examples / "types" / "postgresql-database")]})


DEMONSTRATIONS = {
    "stack": Demonstration(
        "Order intake", "order-intake", "orders", {"ProcessingSeconds": "120"}, _sandbox, terminates=False
    ),
    "cloudformation": Demonstration(
        "Order intake", "order-intake", "orders", {"ProcessingSeconds": "120"}, _cloudformation
    ),
    "terraform": Demonstration("Team space", "team-space", "space", {"seats": "6"}, _terraform),
    "postgresql": Demonstration(
        "Team database", "team-database", "database", {"Team": "store", "Connections": "20"}, _postgresql, "v1"
    ),
}
"""By target, as `manciple demo TARGET` names them; `stack` is the sandbox."""
