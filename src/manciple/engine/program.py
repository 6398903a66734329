"""A program that the operator names as an argument list, never a shell: its request on stdin, its answer on stdout.

It has a session of its own, so that all it started ends with it; it sees the server's environment without our settings,
or the one that it is given. The request may hold secrets: it goes through a pipe and touches no disk.
"""

import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from manciple.settings import PREFIX

LONGEST_OUTPUT = 16_000
"""The last bytes of what a program says are kept: far more than is shown, lest a part of a secret begins that."""

_LOOK = 0.1
_NAP = 0.02
"""Seconds between two looks at whether a program that has closed its output has ended: most have."""

_PART = 65_536


class Ran(NamedTuple):
    """How a program ended: its exit status, None if it was stopped, and the end of what it wrote.

    `complaint` is the end of its standard error, where that was kept apart.
    """

    status: int | None
    said: bytes
    complaint: bytes = b""


class Program:
    """One program with its arguments.

    The last `longest` bytes of its output are kept. With `is_apart` its standard error is no part of that.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
        is_apart: bool = False,
        longest: int = LONGEST_OUTPUT,
    ) -> None:
        self._argv = list(argv)
        self._directory = directory
        self._environment = environment
        self._is_apart = is_apart
        self._longest = longest

    def run(self, request: bytes, seconds: float, is_stopped: Callable[[], bool]) -> Ran:
        """Run it to its end, or until it takes too long or is stopped. Raises OSError."""
        if not self._is_apart:
            return self._run(request, seconds, is_stopped, subprocess.STDOUT)
        with tempfile.TemporaryFile() as errors:
            ran = self._run(request, seconds, is_stopped, errors)
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - LONGEST_OUTPUT))
            return ran._replace(complaint=errors.read())

    def _run(self, request: bytes, seconds: float, is_stopped: Callable[[], bool], errors: int | IO[bytes]) -> Ran:
        deadline = time.monotonic() + seconds
        process = subprocess.Popen(
            self._argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=self._directory,
            env=_surroundings() if self._environment is None else self._environment,
            start_new_session=True,
        )
        try:
            with _Talk(process, request, self._longest) as talk:
                is_over = False
                while not is_over and time.monotonic() < deadline and not is_stopped():
                    is_over = not talk.go_on() and _has_ended(process)
        finally:
            _end(process)
        return Ran(process.returncode if is_over else None, talk.said)


def _surroundings() -> dict[str, str]:
    """The server's environment without our settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


class _Talk:
    """What goes to a program and comes from it; what others keep its output open is not waited for."""

    def __init__(self, process: subprocess.Popen[bytes], request: bytes, longest: int) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.said = b""
        self._longest = longest
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
        self.said = (self.said + part)[-self._longest :]
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
