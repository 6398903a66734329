"""A program that the operator names as an argument list, never a shell: its request on stdin, its answer on stdout.

It has a session of its own, so that all it started ends with it; it sees the server's environment without our settings.
"""

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO

from manciple.settings import PREFIX

LONGEST_OUTPUT = 16_000
"""The last bytes of what a program says are kept: far more than is shown, lest a part of a secret begins that."""

_LOOK = 0.1


class Program:
    """One program with its arguments."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = list(argv)

    def run(self, request: bytes, seconds: float, is_stopped: Callable[[], bool]) -> tuple[int | None, bytes]:
        """Run it; its exit status (None if it was stopped) and the end of its output. Raises OSError."""
        with tempfile.TemporaryFile() as stdin:
            stdin.write(request)
            stdin.seek(0)
            process = subprocess.Popen(
                self._argv,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
                start_new_session=True,
            )
        assert process.stdout is not None
        with process.stdout as output:
            try:
                said = _listen(process, output, time.monotonic() + seconds, is_stopped)
                is_over = _has_ended(process)
            finally:
                _end(process)
        return (process.returncode if is_over else None), said


def _listen(
    process: subprocess.Popen[bytes], output: IO[bytes], deadline: float, is_stopped: Callable[[], bool]
) -> bytes:
    """Read until the program has ended or is to be stopped; what others keep its output open is not waited for."""
    said, is_open = b"", True
    while time.monotonic() < deadline and not is_stopped():
        if is_open and select.select([output], [], [], _LOOK)[0]:
            part = os.read(output.fileno(), 65_536)
            said, is_open = (said + part)[-LONGEST_OUTPUT:], bool(part)
        elif _has_ended(process):
            break
        elif not is_open:
            time.sleep(_LOOK)
    return said


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Has it ended? It is left unreaped, so that its number, which is its group's, is nobody else's yet."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the program and of all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
