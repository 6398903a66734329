"""The program that stands beside one run: `python -I -S supervisor.py DIRECTORY LOCK`, its request on standard input.

It outlives the server that started it, so that what was begun is carried through and its end is known whoever asks for
it. It runs the commands one after the other under limits, passes a request to stop on (SIGTERM, SIGKILL only after a
grace), ends what a command left running, and writes how it ended. Only the standard library is used.

`LOCK` is the number of an open file that is locked: every process of the run holds it, so the lock tells whether any
lives. `started` holds the supervisor's process id, `working` that of the command it runs, `ended` how all ended.
"""

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

_LIMITS = {
    "memory_bytes": resource.RLIMIT_DATA,  # address space says nothing: Go reserves far more than it uses
    "cpu_seconds": resource.RLIMIT_CPU,
    "file_bytes": resource.RLIMIT_FSIZE,
}


class Watch:
    """Looks after one command: it has so many seconds, and then, or once asked to stop, a grace to end by itself."""

    def __init__(self, seconds: float, grace: float) -> None:
        self.is_stopped = False
        self.is_late = False
        self._grace = grace
        self._pid: int | None = None
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def await_end(self, process: "subprocess.Popen[bytes]") -> int:
        """Wait for the end of a command and of all that it started; returns its exit code."""
        self._pid = process.pid
        if self.is_stopped:
            self._stop()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # not reaped yet: its group cannot be another's
        self._signal_group(signal.SIGKILL)
        self._pid = None
        return process.wait()

    def _stop(self, *_: object) -> None:
        self.is_stopped = True
        if self._pid is not None:
            os.kill(self._pid, signal.SIGTERM)
        signal.setitimer(signal.ITIMER_REAL, self._grace)

    def _ring(self, *_: object) -> None:
        if self.is_stopped:
            self._signal_group(signal.SIGKILL)
        else:
            self.is_late = True
            self._stop()

    def _signal_group(self, number: signal.Signals) -> None:
        if self._pid is not None:
            try:
                os.killpg(self._pid, number)
            except (ProcessLookupError, PermissionError):
                return


def supervise(directory: Path, lock: int, request: dict[str, Any]) -> None:
    """Run the commands of a request until one fails."""
    _write(directory / "started", str(os.getpid()))
    own = os.open(directory / "supervised", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(own, fcntl.LOCK_EX)  # the commands do not hold this one
    watch = Watch(request["seconds"], request["grace"])
    codes: dict[str, int] = {}
    for command in request["commands"]:
        codes[command["name"]] = _run(directory, lock, request, command, watch)
        if watch.is_stopped or codes[command["name"]] not in command["good"]:
            break
    ended = {"codes": codes, "stopped": watch.is_stopped, "late": watch.is_late}
    _write(directory / "ended", json.dumps(ended))


def _run(directory: Path, lock: int, request: dict[str, Any], command: dict[str, Any], watch: Watch) -> int:
    name = command["name"]
    with (directory / f"{name}.out").open("wb") as out, (directory / f"{name}.err").open("wb") as err:
        try:
            process = subprocess.Popen(
                command["argv"],
                cwd=request["cwd"],
                env=request["environment"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=[lock],
                process_group=0,
                umask=0o077,
                preexec_fn=lambda: _limit(request["limits"]),  # noqa: PLW1509 (this program has one thread)
                **_identity(request),
            )
        except (OSError, subprocess.SubprocessError) as error:
            err.write(f"{command['argv'][0]} could not be started: {error}".encode())
            return 127
        _write(directory / "working", str(process.pid))
        return watch.await_end(process)


def _identity(request: dict[str, Any]) -> dict[str, Any]:
    if request["uid"] is None:
        return {}
    return {"user": request["uid"], "group": request["gid"], "extra_groups": []}


def _limit(limits: dict[str, int]) -> None:
    for name, most in limits.items():
        resource.setrlimit(_LIMITS[name], (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write(file: Path, text: str) -> None:
    """Write a small file at once: whoever reads it sees all of it or none."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(text)
    fresh.replace(file)


if __name__ == "__main__":
    os.umask(0o077)
    supervise(Path(sys.argv[1]), int(sys.argv[2]), json.load(sys.stdin))
