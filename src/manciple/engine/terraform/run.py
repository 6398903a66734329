"""One run of the program: a directory of its own, and processes that live on when the server dies.

Whether a run goes on is told by a lock that all of its processes hold, never by a process id alone: ids are used again.
What the program may see stands in `private`, which is its own user's where it has one; the rest is the server's.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path

import msgspec

_SUPERVISOR = Path(__file__).with_name("supervisor.py")


class Status(Enum):
    """How a run stands: not started, going on, ended, or gone without having told how it ended."""

    NEW = "new"
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


class Command(msgspec.Struct, frozen=True):
    """One command of a run: its name, its words, and the exit codes after which the next one follows."""

    name: str
    argv: list[str]
    good: tuple[int, ...] = (0,)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a supervisor is asked to run. `limits` are by `memory_bytes`, `cpu_seconds`, `file_bytes`."""

    commands: list[Command]
    cwd: str
    environment: dict[str, str]
    seconds: float
    grace: float
    limits: Mapping[str, int] = {}
    uid: int | None = None
    gid: int | None = None


class Ended(msgspec.Struct, frozen=True):
    """How a run ended: the exit code of each command that ran; whether it was stopped, by whom or by its time."""

    codes: dict[str, int]
    stopped: bool
    late: bool


class Run:
    """A run in its directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.private = directory / "private"

    @property
    def package(self) -> Path:
        """Where the package is, and the program runs."""
        return self.private / "package"

    def make(self, *, is_for_another: bool = False) -> None:
        """Make the directory, empty; another user can pass through it to what is private to the program."""
        self.remove()
        mode = 0o711 if is_for_another else 0o700
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        self.directory.mkdir()
        for directory in (self.directory.parent, self.directory):
            directory.chmod(mode)
        for directory in (self.private, self.package, self.private / "home", self.private / "tmp"):
            directory.mkdir(mode=0o700)

    def give_to(self, uid: int | None, gid: int | None) -> None:
        """Let another user own what the program may see."""
        for parent, directories, files in os.walk(self.private):
            for name in ("", *directories, *files):
                os.chown(
                    Path(parent) / name, -1 if uid is None else uid, -1 if gid is None else gid, follow_symlinks=False
                )

    def write(self, name: str, content: bytes) -> Path:
        """Write a file beside the package, for the program's user only."""
        file = self.private / name
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        return file

    def keep_token(self, token: str) -> None:
        """Keep the run's token where only the server sees it, so that no word of the program repeats it."""
        descriptor = os.open(self.directory / "token", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(token)

    @property
    def token(self) -> str:
        """The run's token."""
        return _read(self.directory / "token", 0).decode()

    def read(self, *path: str, most: int) -> bytes | None:
        """A file that the program left under its private directory; None if it is no plain file, or larger.

        No link is followed: the program may be hostile, and it cannot read what this server can.
        """
        descriptor = os.open(self.private, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for number, name in enumerate(path, 1):
                kind = os.O_NONBLOCK if number == len(path) else os.O_DIRECTORY
                inner = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | kind, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            told = os.fstat(descriptor)
            if not stat.S_ISREG(told.st_mode) or told.st_nlink != 1 or told.st_size > most:
                return None
            with os.fdopen(os.dup(descriptor), "rb") as content:
                return content.read(most)
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def start(self, request: Request) -> None:
        """Start the supervisor, unless the run goes on."""
        with self._lock("lock") as lock:
            if lock is None:
                return
            with (self.directory / "supervisor.err").open("wb") as errors:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_SUPERVISOR), str(self.directory), str(lock)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    pass_fds=[lock],
                    start_new_session=True,
                    cwd="/",
                    env={},
                )
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(msgspec.json.encode(request))
        _reap_later(process)

    @property
    def status(self) -> Status:
        """How the run stands."""
        if not self.directory.is_dir():
            return Status.NEW
        with self._lock("lock") as lock:
            if lock is None:
                return Status.RUNNING
        if (self.directory / "ended").exists():
            return Status.ENDED
        return Status.LOST if (self.directory / "supervisor.err").exists() else Status.NEW

    @property
    def ended(self) -> Ended:
        """How it ended."""
        return msgspec.json.decode((self.directory / "ended").read_bytes(), type=Ended)

    def stop(self, *, hard: bool = False) -> None:
        """Ask the run to stop: its supervisor, or where that is dead the program itself; `hard` kills the program."""
        with self._lock("supervised") as lock:
            is_supervised = lock is None
        if hard or not is_supervised:
            self._signal("working", signal.SIGKILL if hard else signal.SIGTERM, group=hard)
        else:
            self._signal("started", signal.SIGTERM)

    def output(self, name: str, start: int = 0) -> bytes:
        """What a command wrote to its standard output, from a byte on."""
        return _read(self.directory / f"{name}.out", start)

    def errors(self, name: str) -> str:
        """What a command wrote to its standard error."""
        return _read(self.directory / f"{name}.err", 0).decode(errors="replace")

    def remove(self) -> None:
        """Remove the directory."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _signal(self, holder: str, number: signal.Signals, *, group: bool = False) -> None:
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.directory / holder).read_text())
            (os.killpg if group else os.kill)(pid, number)

    @contextlib.contextmanager
    def _lock(self, name: str) -> Iterator[int | None]:
        """The lock under its number, None if another holds it; given back in the end, if nobody inherited it."""
        descriptor = os.open(self.directory / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            yield descriptor if _is_locked_now(descriptor) else None
        finally:
            os.close(descriptor)


def _is_locked_now(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: Path, start: int) -> bytes:
    try:
        with file.open("rb") as content:
            content.seek(start)
            return content.read()
    except FileNotFoundError:
        return b""


_CHILDREN: list["subprocess.Popen[bytes]"] = []
"""Supervisors that this process started: reaped when another one is started, not waited for."""


def _reap_later(process: "subprocess.Popen[bytes]") -> None:
    _CHILDREN[:] = [one for one in (*_CHILDREN, process) if one.poll() is None]
