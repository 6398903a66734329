"""Reading one file of a repository with git, which runs on a short leash.

Nothing is checked out: git fetches the newest commit of one branch into a bare repository of its own, and the file is
read from there as a blob. So no hook, filter or submodule runs and no link is followed. git gets an environment of its
own, one protocol, nobody to ask for credentials, and so much time and space.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_CONFIG = """\
[core]
    hooksPath = /dev/null
    fsmonitor = false
    askPass =
[credential]
    helper =
[fetch]
    fsckObjects = true
    recurseSubmodules = false
[gc]
    auto = 0
[http]
    followRedirects = false
[maintenance]
    auto = false
[protocol]
    allow = never
[protocol "{protocol}"]
    allow = always
[safe]
    directory = *
[submodule]
    recurse = false
"""
_REGULAR_FILES = ("100644", "100755")
_LOOK_EVERY = 0.05


class SourceError(Exception):
    """A repository could not be read; one sentence says why."""


class Fetched(NamedTuple):
    """A file as it was at a commit."""

    commit: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository in the operator's place: a directory, or an https address, of which a caller names two levels."""

    protocol: str
    url: str

    @classmethod
    def under(cls, base: str, name: str) -> "Repository":
        """The repository `account/repo` below a base. Raises SourceError for one that a link leads out of it."""
        if base.startswith("https://"):
            return cls("https", f"{base.rstrip('/')}/{name}")
        root = Path(base).resolve()
        found = next((path for path in (root / name, root / f"{name}.git") if path.exists()), None)
        if found is None:
            raise SourceError(f"There is no repository {name}.")
        if not found.resolve().is_relative_to(root):
            raise SourceError(f"The repository {name} lies outside of its connection.")
        return cls("file", f"file://{quote(str(found.resolve()))}")


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git for at most so many seconds and bytes of a repository."""

    seconds: float
    most_bytes: int

    def newest_commit(self, repository: Repository, branch: str) -> str:
        """The commit that a branch stands at. Raises SourceError."""
        with tempfile.TemporaryDirectory(prefix="manciple-git-") as home:
            told = self._run(home, repository, "ls-remote", "--", repository.url, f"refs/heads/{branch}").decode()
        commit = told.partition("\t")[0].strip()
        if not _COMMIT.fullmatch(commit):
            raise SourceError(f"The repository has no branch {branch}.")
        return commit

    def fetch(self, repository: Repository, branch: str, path: str) -> Fetched:
        """A file at the newest commit of a branch. Raises SourceError."""
        with tempfile.TemporaryDirectory(prefix="manciple-git-") as home:
            self._run(home, repository, "init", "--quiet", "--bare", "--template=", ".")
            depth = ("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
            wanted = f"+refs/heads/{branch}:refs/heads/wanted"
            self._run(home, repository, *depth, "--", repository.url, wanted)
            commit = self._run(home, repository, "rev-parse", "--verify", "refs/heads/wanted^{commit}").decode().strip()
            blob = self._find(home, repository, commit, path)
            return Fetched(commit, self._run(home, repository, "cat-file", "blob", blob))

    def _find(self, home: str, repository: Repository, commit: str, path: str) -> str:
        """The blob of a file: a regular one and not too large."""
        listed = self._run(home, repository, "ls-tree", "-z", "--long", "--full-tree", commit, "--", path)
        entry, _, name = listed.decode(errors="replace").rstrip("\0").partition("\t")
        mode, kind, blob, size = [*entry.split(), "", "", "", ""][:4]
        if name != path:
            raise SourceError(f"There is no {path} at commit {commit}.")
        if kind != "blob" or mode not in _REGULAR_FILES:
            raise SourceError(f"{path} is no regular file at commit {commit}.")
        if int(size) > self.most_bytes:
            raise SourceError(f"{path} has {size} bytes; at most {self.most_bytes} are taken.")
        return blob

    def _run(self, home: str, repository: Repository, *arguments: str) -> bytes:
        """Run git in a directory of its own and give what it prints."""
        config = Path(home, "gitconfig")
        config.write_text(_CONFIG.format(protocol=repository.protocol))
        command = ("git", "--literal-pathspecs", "-c", f"protocol.{repository.protocol}.allow=always", *arguments)
        with Path(home, "printed").open("w+b") as printed, Path(home, "said").open("w+b") as said:
            process = subprocess.Popen(
                command,
                cwd=home,
                env=_environment(home, config, repository.protocol),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=said,
                start_new_session=True,
            )
            try:
                self._watch(process, Path(home))
            finally:
                _kill(process)
            if process.returncode != 0:
                said.seek(0)
                raise SourceError(_reason(said.read(2000).decode(errors="replace")))
            printed.seek(0)
            return printed.read()

    def _watch(self, process: "subprocess.Popen[bytes]", home: Path) -> None:
        """Wait for the end; a process that takes too long or too much space is not waited for."""
        deadline, is_over = time.monotonic() + self.seconds, False
        while not is_over:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_EVERY)
                is_over = True
            if _size(home) > self.most_bytes:
                raise SourceError(f"The repository is too large: the branch has more than {self.most_bytes} bytes.")
            if not is_over and time.monotonic() > deadline:
                raise SourceError(f"git was not through after {self.seconds:g} seconds.")


def _environment(home: str, config: Path, protocol: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CEILING_DIRECTORIES": str(Path(home).parent),
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_OPTIONAL_LOCKS": "0",
    }


def _size(home: Path) -> int:
    total = 0
    for folder, _, files in os.walk(home):
        for name in files:
            with suppress(OSError):  # git renames its temporary files meanwhile
                total += Path(folder, name).lstat().st_size
    return total


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End git and what it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _reason(said: str) -> str:
    """What git said last, as one line without the places of this machine."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    text = re.sub(r"(?:file|https)://\S+|'/[^']*'|(?<!\w)/\S+", "the repository", last)
    told = text.removeprefix("fatal:").removeprefix("error:").strip()
    return f"git could not read the repository: {told or 'no reason given'}"
