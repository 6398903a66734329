"""A package: the files of a `.tar.gz`, taken from it so that nothing in it can do harm.

Nothing is unpacked by tarfile's own hands: entries are read one by one, in the order in which they stream, counted
before they are kept; what is kept are regular files under clean relative paths, and only `write_package` writes them.
"""

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from manciple.settings.sections import Terraform

GZIP = b"\x1f\x8b"
BLOCK = tarfile.BLOCKSIZE

BACKEND_FILE = "manciple_backend_override.tf.json"
"""Where the run says which backend holds the state; a package may not bring it."""

_OURS = "manciple_"
_FOREIGN = {
    ".terraform": "what `init` made elsewhere",
    "terraform.tfstate.d": "the state of another deployment",
    ".terraformrc": "a configuration of the command line",
    "terraform.rc": "a configuration of the command line",
    ".tofurc": "a configuration of the command line",
    "errored.tfstate": "the state of another deployment",
}
_STATE = ("terraform.tfstate",)
_FOR_TOFU = (".tofu", ".tofu.json")
_LONGEST_NAME, _LONGEST_PATH = 255, 1024


class PackageError(Exception):
    """A package that is refused; one sentence names the entry and why, or the limit."""


class NotArchiveError(PackageError):
    """Bytes that are no `.tar.gz`; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The package is not a .tar.gz: {reason}.")
        self.reason = reason


class PackageLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How large a package may be: packed, unpacked, entries, and text that is read as configuration."""

    archive_bytes: int = 16 * 1024**2
    unpacked_bytes: int = 64 * 1024**2
    entries: int = 2000
    configuration_bytes: int = 1024**2


def limits_of(settings: Terraform) -> PackageLimits:
    """The limits that the settings say."""
    return PackageLimits(
        archive_bytes=settings.archive_bytes,
        unpacked_bytes=settings.unpacked_bytes,
        entries=settings.entries,
        configuration_bytes=settings.configuration_bytes,
    )


class Package(msgspec.Struct, frozen=True):
    """The files of a package by relative path, sorted; `/` between the parts of a path."""

    files: Mapping[str, bytes]

    def directory(self, path: str) -> dict[str, bytes]:
        """The files directly in a directory by name; the root's path is empty."""
        prefix = f"{path}/" if path else ""
        names = ((name.removeprefix(prefix), name) for name in self.files if name.startswith(prefix))
        return {short: self.files[name] for short, name in names if "/" not in short}


def read_package(archive: bytes, limits: PackageLimits) -> Package:
    """The files of a `.tar.gz`. Raises PackageError."""
    if len(archive) > limits.archive_bytes:
        raise PackageError(f"The package has {len(archive)} bytes; at most {limits.archive_bytes} are allowed.")
    if not archive.startswith(GZIP):
        raise NotArchiveError("it does not begin as gzip does")
    files: dict[str, bytes] = {}
    try:
        for path, content in _entries(archive, limits):
            files[path] = content
            if sum(map(len, files.values())) > limits.unpacked_bytes:
                raise _too_large(limits)
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, ValueError) as error:
        raise NotArchiveError(str(error).rstrip(".") or "it is cut off") from None
    package = Package(dict(sorted(files.items())))
    _check(package)
    return package


def write_package(package: Package, directory: Path) -> None:
    """Write a package's files into a directory that nobody else may look into (umask 077, whatever is set)."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, content in package.files.items():
        file = directory / path
        _make_directories(directory, file.parent)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)


def is_configuration(name: str) -> bool:
    """Is a file of this name one that Terraform reads in its directory? (internal/configs/parser_config_dir.go)"""
    is_ignored = name.startswith(".") or name.endswith("~") or (name.startswith("#") and name.endswith("#"))
    return name.endswith((".tf", ".tf.json")) and not is_ignored


def is_override(name: str) -> bool:
    """Is it one that is merged over the others?"""
    stem = name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def _make_directories(top: Path, directory: Path) -> None:
    if directory != top and not directory.is_dir():
        _make_directories(top, directory.parent)
        directory.mkdir(mode=0o700)


def _entries(archive: bytes, limits: PackageLimits) -> Iterator[tuple[str, bytes]]:
    """Paths and contents of the regular files, as they stream by; refused ones raise."""
    left, room = limits.entries, limits.unpacked_bytes + (2 * limits.entries + 20) * BLOCK
    stream = _Bounded(io.BytesIO(archive), room, limits)
    with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as tar:
        for entry in tar:
            left -= 1
            if left < 0:
                raise PackageError(f"The package has more than {limits.entries} entries.")
            path = _path(entry.name)
            _check_entry(entry, limits)
            if entry.isreg() and path and not _is_of_mac(path):
                yield path, _content(tar, entry)


def _check_entry(entry: tarfile.TarInfo, limits: PackageLimits) -> None:
    if not (entry.isreg() or entry.isdir()) or entry.issparse():
        raise PackageError(f"{_shown(entry.name)} is a {_kind(entry)}; a package has files and directories only.")
    if not 0 <= entry.size <= limits.unpacked_bytes:
        raise _too_large(limits)


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    opened = tar.extractfile(entry)
    content = opened.read() if opened else b""
    if len(content) != entry.size:
        raise PackageError(f"{_shown(entry.name)} is cut off.")
    return content


def _path(name: str) -> str:
    """An entry's path without `.`; raises PackageError for one that leaves the package or cannot be a path here."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts:
        raise PackageError(f"{_shown(name)} leads out of the package.")
    if not all(part.isprintable() and len(part.encode(errors="replace")) <= _LONGEST_NAME for part in parts):
        raise PackageError(f"{_shown(name)} is no name of a file here.")
    if len(name) > _LONGEST_PATH:
        raise PackageError(f"{_shown(name)} is longer than {_LONGEST_PATH} characters.")
    return "/".join(parts)


def _kind(entry: tarfile.TarInfo) -> str:
    if entry.issym() or entry.islnk():
        return f"link to {_shown(entry.linkname)}"
    return "sparse file" if entry.issparse() else "device or of another kind"


def _is_of_mac(path: str) -> bool:
    """Is it what macOS's tar adds beside each file? Both reference engines skip those."""
    return PurePosixPath(path).name.startswith("._")


def _check(package: Package) -> None:
    for path in package.files:
        _check_path(package, path)
    if not any(is_configuration(name) for name in package.directory("")):
        raise PackageError(
            "The package has no .tf or .tf.json file at its root: pack the files, not the folder that they are in."
        )


def _check_path(package: Package, path: str) -> None:
    parts = path.split("/")
    for part in parts:
        what = _FOREIGN.get(part) or (_FOREIGN["errored.tfstate"] if part.startswith(_STATE) else None)
        if what:
            raise PackageError(f"{path} is {what}; leave it out of the package.")
    if parts[-1].startswith(_OURS) and is_configuration(parts[-1]):
        raise PackageError(f"{path}: names that begin with {_OURS} are kept for this server; give it another.")
    if parts[-1].endswith(_FOR_TOFU):
        raise PackageError(f"{path} is read by OpenTofu only; name it .tf, so that it is the same for all.")
    above = ("/".join(parts[:count]) for count in range(1, len(parts)))
    if both := next((directory for directory in above if directory in package.files), None):
        raise PackageError(f"{both} is a file and a directory.")


def _shown(name: str) -> str:
    return ascii(name if len(name) <= 100 else f"{name[:100]}…")


def _too_large(limits: PackageLimits) -> PackageError:
    return PackageError(f"The package has more than {limits.unpacked_bytes} bytes when it is unpacked.")


class _Bounded(gzip.GzipFile):
    """What a gzip file holds, up to a number of bytes; headers and padding count too."""

    def __init__(self, packed: IO[bytes], room: int, limits: PackageLimits) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._room = room
        self._limits = limits

    def read(self, size: int | None = -1) -> bytes:
        """Read on. Raises PackageError where there is more than there may be."""
        content = super().read(self._room + 1 if size is None or size < 0 else min(size, self._room + 1))
        self._room -= len(content)
        if self._room < 0:
            raise _too_large(self._limits)
        return content
