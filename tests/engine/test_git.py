"""git on a short leash: what takes too much space or time is not waited for, and says so."""

import os
import subprocess
from pathlib import Path

import pytest

from manciple.engine.git import Git, Repository, SourceError

PLENTY = Git(seconds=30, most_bytes=10_000_000)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with a small file, one of a million bytes that cannot be packed, and two million that can."""
    folder = tmp_path / "team" / "repo"
    folder.mkdir(parents=True)
    (folder / "small").write_text("small")
    (folder / "large").write_bytes(os.urandom(1_000_000))
    (folder / "zeros").write_bytes(bytes(2_000_000))
    identity = {f"GIT_{who}_{what}": "x@example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **identity}
    for arguments in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True)
    return Repository.under(str(tmp_path), "team/repo")


def test_a_file_is_read_at_the_newest_commit(repository: Repository) -> None:
    fetched = PLENTY.fetch(repository, "main", "small")

    assert fetched.content == b"small"
    assert fetched.commit == PLENTY.newest_commit(repository, "main")


def test_a_file_that_is_too_large_is_not_read(repository: Repository) -> None:
    with pytest.raises(SourceError, match="zeros has 2000000 bytes; at most 1500000 are taken"):
        Git(seconds=30, most_bytes=1_500_000).fetch(repository, "main", "zeros")


def test_a_repository_that_is_too_large_is_not_read(repository: Repository) -> None:
    with pytest.raises(SourceError, match="more than 100000 bytes"):
        Git(seconds=30, most_bytes=100_000).fetch(repository, "main", "small")


def test_git_is_not_waited_for_longer_than_it_may_take(repository: Repository, tmp_path: Path) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
        with pytest.raises(SourceError, match=r"git was not through after 0\.2 seconds"):
            Git(seconds=0.2, most_bytes=100_000).newest_commit(repository, "main")


def test_no_other_protocol_is_spoken(tmp_path: Path) -> None:
    repository = Repository("https", f"file://{tmp_path}")

    with pytest.raises(SourceError, match="transport 'file' not allowed"):
        PLENTY.newest_commit(repository, "main")


def test_nothing_of_the_processs_environment_reaches_git(repository: Repository, tmp_path: Path) -> None:
    told = tmp_path / "told"
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(f"#!/bin/sh\nenv > {told}\nexit 1\n")
    spy.chmod(0o755)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
        patch.setenv("GIT_SSH_COMMAND", "planted")
        with pytest.raises(SourceError):
            PLENTY.newest_commit(repository, "main")

    assert "planted" not in told.read_text()
