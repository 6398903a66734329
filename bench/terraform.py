"""Terraform as the peer: its commands on a graph in a directory of their own, with nothing fetched from anywhere."""

import os
import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

_PROGRAM = "terraform"
_BACKEND = 'terraform {{\n  backend "http" {{\n    address = "{address}"\n  }}\n}}\n'


def is_there() -> bool:
    """Is the program on PATH?"""
    return shutil.which(_PROGRAM) is not None


class Workspace:
    """A directory with one graph; each command is told by the CPU and wall seconds that it took."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        (config := directory / "cli.tfrc").write_text("disable_checkpoint = true\n")
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "TF_CLI_CONFIG_FILE": str(config),
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
        }

    def run(self, *arguments: str) -> tuple[float, float]:
        """Run a command and return (CPU, wall) seconds. Raises RuntimeError with what it printed if it fails."""
        before, begun = _children(), time.perf_counter()
        ended = subprocess.run(
            [_PROGRAM, *arguments], cwd=self._directory, env=self._environ, capture_output=True, text=True, check=False
        )
        wall = time.perf_counter() - begun
        if ended.returncode:
            raise RuntimeError(f"terraform {arguments[0]} failed: {ended.stderr[-2000:]}")
        return _children() - before, wall


@contextmanager
def workspace(graph: str, backend: str) -> Iterator[Workspace]:
    """A directory with this `main.tf.json`, initialised; `backend` is `local` or `http` (a state server here)."""
    with TemporaryDirectory(prefix="manciple-bench-") as name, _state_server() as address:
        directory = Path(name)
        (directory / "main.tf.json").write_text(graph)
        if backend == "http":
            (directory / "backend.tf").write_text(_BACKEND.format(address=address))
        made = Workspace(directory)
        made.run("init", "-input=false", "-no-color")
        yield made


def _children() -> float:
    """CPU seconds of all processes started here that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _State(BaseHTTPRequestHandler):
    """Terraform's http backend: GET and POST of one state."""

    protocol_version = "HTTP/1.1"
    state = b""

    def do_GET(self) -> None:
        self._answer(200 if self.state else 404, self.state)

    def do_POST(self) -> None:
        type(self).state = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def _state_server() -> Iterator[str]:
    handler = type("State", (_State,), {"state": b""})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/state"
        server.shutdown()
