"""The checksums that S3's clients send with a body, fed as the body comes.

CRC-32, MD5 and the SHA family are the standard library's. CRC-32C and CRC-64/NVME are those of the AWS Common Runtime,
which AWS's own clients compute them with: gigabytes a second, so that an upload holds up no other request.
"""

import base64
import hashlib
import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Protocol, TypeAlias


class Checksum(Protocol):
    """What hashlib's objects and ours have in common."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""

    def digest(self) -> bytes:
        """The checksum of all bytes so far, big-endian."""


Advance: TypeAlias = Callable[[bytes, int], int]
"""Takes bytes and the CRC of those before, answers the CRC of all."""


class Crc:
    """A CRC, by the function that computes it and its width in bytes."""

    def __init__(self, advance: Advance, width: int) -> None:
        self._advance = advance
        self._width = width
        self._crc = 0

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""
        self._crc = self._advance(data, self._crc)

    def digest(self) -> bytes:
        """As many bytes as the CRC is wide."""
        return self._crc.to_bytes(self._width, "big")


@cache
def _common_runtime(name: str) -> Advance:
    """A CRC of the AWS Common Runtime, which is imported when a client first sends one."""
    found: Advance = getattr(import_module("awscrt.checksums"), name)
    return found


ALGORITHMS: dict[str, Callable[[], Checksum]] = {
    "crc32": lambda: Crc(zlib.crc32, 4),
    "crc32c": lambda: Crc(_common_runtime("crc32c"), 4),
    "crc64nvme": lambda: Crc(_common_runtime("crc64nvme"), 8),
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
}
"""By the name that stands in `x-amz-checksum-…`. S3 knows xxHash too, which needs a library; it is refused by name."""

WHOLE_ONLY = {"crc64nvme"}
"""What is never made of the checksums of parts (user guide, "Checking object integrity")."""


def encoded(checksum: Checksum) -> str:
    """A checksum as headers and trailers hold it."""
    return base64.b64encode(checksum.digest()).decode()
