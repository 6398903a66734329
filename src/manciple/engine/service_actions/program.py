"""A program that the operator names as an argument list, never a shell: its request on stdin, its answer on stdout.

It has a session of its own, so that all it started ends with it; it sees the server's environment without our settings.
The request may hold secrets: it goes through a pipe and touches no disk.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO

from manciple.settings import PREFIX

LONGEST_OUTPUT = 16_000
"""The last bytes of what a program says are kept: far more than is shown, lest a part of a secret begins that."""

_LOOK = 0.1
_NAP = 0.02
"""Seconds between two looks at whether a program that has closed its output has ended: most have."""

_PART = 65_536


class Program:
    """One program with its arguments."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = list(argv)

    def run(self, request: bytes, seconds: float, is_stopped: Callable[[], bool]) -> tuple[int | None, bytes]:
        """Run it; its exit status (None if it was stopped) and the end of its output. Raises OSError."""
        deadline = time.monotonic() + seconds
        process = subprocess.Popen(
            self._argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
            start_new_session=True,
        )
        try:
            with _Talk(process, request) as talk:
                is_over = False
                while not is_over and time.monotonic() < deadline and not is_stopped():
                    is_over = not talk.go_on() and _has_ended(process)
        finally:
            _end(process)
        return (process.returncode if is_over else None), talk.said


class _Talk:
    """What goes to a program and comes from it; what others keep its output open is not waited for."""

    def __init__(self, process: subprocess.Popen[bytes], request: bytes) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.said = b""
        self._stdin, self._stdout = process.stdin, process.stdout
        self._rest = memoryview(request)
        self._open = selectors.DefaultSelector()
        os.set_blocking(self._stdin.fileno(), False)
        self._open.register(self._stdin, selectors.EVENT_WRITE, self._write)
        self._open.register(self._stdout, selectors.EVENT_READ, self._read)

    def __enter__(self) -> "_Talk":
        return self

    def __exit__(self, *_given: object) -> None:
        for stream in (self._stdin, self._stdout):
            self._close(stream)
        self._open.close()

    def go_on(self) -> bool:
        """Write and read what can be; False if for a moment nothing could."""
        if not self._open.get_map():
            time.sleep(_NAP)
            return False
        ready = self._open.select(_LOOK)
        for key, _ in ready:
            key.data()
        return bool(ready)

    def _write(self) -> None:
        try:
            self._rest = self._rest[os.write(self._stdin.fileno(), self._rest[:_PART]) :]
        except BrokenPipeError:  # it does not want to know
            self._rest = memoryview(b"")
        if not self._rest:
            self._close(self._stdin)

    def _read(self) -> None:
        part = os.read(self._stdout.fileno(), _PART)
        self.said = (self.said + part)[-LONGEST_OUTPUT:]
        if not part:
            self._close(self._stdout)

    def _close(self, stream: IO[bytes]) -> None:
        if not stream.closed:
            self._open.unregister(stream)
            with suppress(BrokenPipeError):
                stream.close()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Has it ended? It is left unreaped, so that its number, which is its group's, is nobody else's yet."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the program and of all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
