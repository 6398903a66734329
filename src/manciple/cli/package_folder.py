"""A folder of Terraform files as a package: the same files make the same bytes, so that their digest can name them."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from manciple.cli.refusal import Refusal

_LEFT_OUT = ("product.yaml",)
_STATE = ("terraform.tfstate", "errored.tfstate")


def is_package_folder(folder: Path) -> bool:
    """Are there Terraform files in a folder?"""
    from manciple.engine.terraform.package import is_configuration

    return folder.is_dir() and any(is_configuration(file.name) for file in folder.iterdir())


def pack(folder: Path) -> bytes:
    """A folder's files as a `.tar.gz`: by name, without owners and times.

    What starts with a full stop (`.git`, `.terraform`), states, and the description of the product are left out. Raises
    Refusal for a package that a server would not read either.
    """
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, content in _files(folder, ""):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    _check(folder, packed.getvalue())
    return packed.getvalue()


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        name = f"{prefix}{path.name}"
        if _is_left_out(name, path.name):
            continue
        if path.is_symlink():
            raise Refusal(f"{path} is a link; a package has files and directories only.")
        if path.is_dir():
            yield from _files(path, f"{name}/")
        else:
            yield name, path.read_bytes()


def _is_left_out(name: str, short: str) -> bool:
    is_lock = short == ".terraform.lock.hcl"  # it pins the providers, and belongs to the package
    return (short.startswith(".") and not is_lock) or short.startswith(_STATE) or name in _LEFT_OUT


def _check(folder: Path, packed: bytes) -> None:
    from manciple.engine.terraform.configuration import read_configuration
    from manciple.engine.terraform.package import PackageError, PackageLimits, read_package

    try:
        read_configuration(read_package(packed, PackageLimits()))
    except PackageError as error:
        raise Refusal(f"{folder}: {error}") from error
