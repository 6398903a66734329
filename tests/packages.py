"""Archives of packages, as people and as attackers make them."""

import io
import tarfile
from collections.abc import Mapping
from typing import Any

from manciple.engine.terraform.configuration import Configuration, read_configuration
from manciple.engine.terraform.package import Package, PackageLimits, read_package

MAIN = b'resource "terraform_data" "it" {}\n'


def entry(name: str, **members: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for member, value in members.items():
        setattr(info, member, value)
    return info


def archive(*entries: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as tar:  # type: ignore[call-overload]  # modes are texts here
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def pack(files: Mapping[str, bytes | str], mode: str = "w:gz") -> bytes:
    contents = {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}
    return archive(*((entry(name, size=len(content)), content) for name, content in contents.items()), mode=mode)


def package(files: Mapping[str, bytes | str], **limits: int) -> Package:
    return read_package(pack(files), PackageLimits(**limits))


def configuration(text: str = "", files: Mapping[str, str] | None = None) -> Configuration:
    return read_configuration(package({"main.tf": text, **(files or {})}))
