"""Server processes under measurement: started, bound to one core where the system can, asked for their CPU time."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60


class Process:
    """A running server. `address` is (host, port)."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self._process = process
        self._log = log
        self.address = ("127.0.0.1", port)
        self.url = f"http://127.0.0.1:{port}"

    def cpu_seconds(self) -> float | None:
        """CPU time of all its threads so far, user and system; None where the system has no /proc."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        if not stat.exists():
            return None
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_memory(self) -> int | None:
        """The most memory that it has held, in bytes; None where the system has no /proc."""
        status = Path(f"/proc/{self._process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)

    def wait_until_ready(self) -> None:
        """Wait until it accepts connections."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                said = self._log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self._process.args!r} ended with status {self._process.returncode}: {said}")
            try:
                socket.create_connection(self.address, timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{self._process.args!r} does not answer after {START_SECONDS} s")


@contextmanager
def running(
    module: str,
    *arguments: str,
    port: int,
    core: int | None = None,
    environ: Mapping[str, str] | None = None,
    log: Path = Path(os.devnull),
) -> Iterator[Process]:
    """Run `python -m module` until the block ends; ready when it listens on `port`. `log` takes its output."""
    with log.open("ab") as output:
        command = [sys.executable, "-m", module, *arguments]
        environment = {**os.environ, **(environ or {})}
        with pin(core):  # a child inherits it
            started = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            process = Process(started, port, log)
            process.wait_until_ready()
            yield process
        finally:
            started.terminate()
            try:
                started.wait(10)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def two_cores() -> tuple[int | None, int | None]:
    """A core for the server and another for the client; None where the system cannot bind, or has only one."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


@contextmanager
def pin(core: int | None) -> Iterator[None]:
    """Bind this process to a core until the block ends; None leaves it free."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
