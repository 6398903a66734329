"""A run: its processes outlive whoever started them, are stopped gently first, and leave nothing running."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from manciple.engine.terraform.run import Command, Request, Run, Status
from tests.contract.publishing import until


def request(run: Run, *commands: Command, seconds: float = 60, grace: float = 5, **limits: int) -> Request:
    return Request(
        commands=list(commands),
        cwd=str(run.package),
        environment={"PATH": os.defpath, "ONLY": "this"},
        seconds=seconds,
        grace=grace,
        limits=limits,
    )


def shell(name: str, script: str, *good: int) -> Command:
    return Command(name, ["/bin/sh", "-c", script], good or (0,))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    found = Run(tmp_path / "runs" / "one")
    found.make()
    return found


def wait(run: Run) -> None:
    until(lambda: run.status, lambda status: status is not Status.RUNNING)


def test_commands_run_one_after_the_other_until_one_fails(run: Run) -> None:
    before = run.status

    run.start(request(run, shell("a", "echo a; exit 2", 0, 2), shell("b", "echo b >&2; exit 3"), shell("c", "echo c")))

    wait(run)
    assert (before, run.status) == (Status.NEW, Status.ENDED)
    assert run.ended.codes == {"a": 2, "b": 3}
    assert (run.output("a"), run.errors("b"), run.output("c")) == (b"a\n", "b\n", b"")


def test_a_run_sees_nothing_of_our_environment(run: Run) -> None:
    run.start(request(run, shell("env", "env; umask")))

    wait(run)

    told = set(run.output("env").decode().split()) - {"PWD=" + str(run.package), "_=/usr/bin/env", "_=/bin/env"}
    assert told == {f"PATH={os.defpath}", "ONLY=this", "0077"}


def test_a_run_that_goes_on_is_not_started_twice(run: Run) -> None:
    run.start(request(run, shell("a", "echo once; while [ ! -e door ]; do sleep 0.02; done")))
    until(lambda: run.output("a"), lambda out: out == b"once\n")

    Run(run.directory).start(request(run, shell("a", "echo twice")))

    assert run.status is Status.RUNNING
    (run.package / "door").touch()
    wait(run)
    assert run.output("a") == b"once\n"


def test_asked_to_stop_a_command_ends_by_itself_and_the_next_is_not_run(run: Run) -> None:
    script = "trap 'echo stopping; exit 1' TERM; echo begun; while :; do sleep 0.02; done"
    run.start(request(run, shell("a", script, 0, 1), shell("b", "echo b")))
    until(lambda: run.output("a"), bool)

    run.stop()

    wait(run)
    assert run.ended.stopped
    assert run.ended.codes == {"a": 1}
    assert run.output("a") == b"begun\nstopping\n"


def test_what_does_not_stop_is_killed_after_the_grace_with_all_that_it_started(run: Run) -> None:
    script = "trap '' TERM; sleep 600 & echo $!; while :; do sleep 0.02; done"
    run.start(request(run, shell("a", script), grace=0.2))
    until(lambda: run.output("a"), bool)

    run.stop()

    wait(run)
    assert run.ended.codes == {"a": -signal.SIGKILL}
    until(lambda: Path(f"/proc/{run.output('a').decode().strip()}").exists(), lambda there: not there)


def test_a_run_that_takes_too_long_is_stopped(run: Run) -> None:
    run.start(request(run, shell("a", "sleep 600"), seconds=0.2, grace=0.2))

    wait(run)

    assert (run.ended.late, run.ended.stopped) == (True, True)


def test_limits_hold(run: Run) -> None:
    script = f"{sys.executable} -I -S -c 'x = bytearray(2 * 1024 ** 3)' || echo refused"
    run.start(request(run, shell("a", script), memory_bytes=1024**3))

    wait(run)

    assert run.output("a") == b"refused\n"


def test_a_run_whose_supervisor_was_killed_goes_on_and_can_be_stopped(run: Run) -> None:
    run.start(request(run, shell("a", "trap 'exit 1' TERM; echo begun; while :; do sleep 0.02; done")))
    until(lambda: run.output("a"), bool)
    os.kill(int((run.directory / "started").read_text()), signal.SIGKILL)
    time.sleep(0.05)

    before = run.status
    run.stop()

    wait(run)
    assert before is Status.RUNNING
    assert run.status is Status.LOST


def test_a_run_whose_processes_were_all_killed_is_lost(run: Run) -> None:
    run.start(request(run, shell("a", "echo begun; sleep 600")))
    until(lambda: run.output("a"), bool)
    working = run.directory / "working"
    until(lambda: working.exists() and working.read_text(), bool)
    os.kill(int((run.directory / "started").read_text()), signal.SIGKILL)
    os.killpg(int(working.read_text()), signal.SIGKILL)

    wait(run)

    assert run.status is Status.LOST


def test_what_cannot_be_started_is_told(run: Run) -> None:
    run.start(request(run, Command("a", ["/no/such/program"])))

    wait(run)

    assert run.ended.codes == {"a": 127}
    assert "/no/such/program could not be started" in run.errors("a")


@pytest.mark.parametrize("kind", ["link", "directory link", "hard link", "directory", "pipe", "too large", "nothing"])
def test_only_plain_files_of_the_run_itself_are_read(run: Run, tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "file"
    secret.write_bytes(b"secret")
    file = run.package / "file"
    match kind:
        case "link":
            file.symlink_to(secret)
        case "directory link":
            run.package.rmdir()
            run.package.symlink_to(tmp_path)
        case "hard link":
            file.hardlink_to(secret)
        case "directory":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case "too large":
            file.write_bytes(b"x" * 101)

    assert run.read("package", "file", most=100) is None


def test_a_plain_file_is_read(run: Run) -> None:
    (run.package / "file").write_bytes(b"content")

    assert run.read("package", "file", most=100) == b"content"
