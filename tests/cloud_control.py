"""Starts the tests' own Cloud Control API (tests/cloud_control_server.py), and talks to it from the other side."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class There:
    """What a test sees of the endpoint, and what it tells it to do."""

    def __init__(self, url: str) -> None:
        self.url = url

    def reset(self) -> None:
        """Begin with an empty world."""
        self.tell(reset=True)

    def tell(self, **wanted: Any) -> None:
        """Set faults, how often a request is to be asked about, or what is there."""
        request = urllib.request.Request(f"{self.url}/_control", json.dumps(wanted).encode(), method="PUT")
        urllib.request.urlopen(request, timeout=10).close()

    def fault(self, operation: str, do: str, **members: Any) -> None:
        """Let one thing go wrong."""
        self.tell(faults=[{"operation": operation, "do": do, **members}])

    def set(self, type_: str, identifier: str, properties: dict[str, Any] | None) -> None:
        """Change what is there behind everybody's back; None takes it away."""
        self.tell(resources=[{"TypeName": type_, "Identifier": identifier, "Properties": properties}])

    def told(self) -> dict[str, Any]:
        """Everything that the endpoint tells."""
        with urllib.request.urlopen(f"{self.url}/_control", timeout=10) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def resources(self, type_: str | None = None) -> dict[str, dict[str, Any]]:
        """What is there, by identifier."""
        found = self.told()["resources"]
        return {one["Identifier"]: one["Properties"] for one in found if type_ in (None, one["TypeName"])}

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The calls that came, in order."""
        return [one for one in self.told()["calls"] if operation in (None, one["operation"])]

    def count(self, operation: str) -> int:
        """How many calls of an operation came."""
        return len(self.calls(operation))


@contextmanager
def running_endpoint() -> Iterator[There]:
    """The endpoint in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.cloud_control_server", str(port)]
    process = subprocess.Popen(command, cwd=Path(__file__).parent.parent)
    try:
        _wait_for(process, port)
        yield There(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "the endpoint ended"
            assert time.monotonic() < deadline, "the endpoint does not listen"
            time.sleep(0.05)
        else:
            return
