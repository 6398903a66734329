"""The checksums that S3's clients send with a body, fed as the body comes.

CRC-32 and the SHA family are the standard library's. CRC-32C (RFC 3720) and CRC-64/NVME (NVM Express command set
specification) have none there; a table of 65,536 values takes two bytes a step.
"""

import base64
import hashlib
import zlib
from collections.abc import Callable
from functools import cache
from typing import Protocol


class Checksum(Protocol):
    """What hashlib's objects and ours have in common."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""

    def digest(self) -> bytes:
        """The checksum of all bytes so far, big-endian."""


class Crc32:
    """CRC-32 by zlib."""

    def __init__(self) -> None:
        self._crc = 0

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""
        self._crc = zlib.crc32(data, self._crc)

    def digest(self) -> bytes:
        """Four bytes."""
        return self._crc.to_bytes(4, "big")


class TableCrc:
    """A reflected CRC whose register starts and ends inverted, by its reflected polynomial and width in bytes."""

    def __init__(self, polynomial: int, width: int) -> None:
        self._polynomial = polynomial
        self._table = _table(polynomial)
        self._width = width
        self._ones = (1 << 8 * width) - 1
        self._crc = self._ones

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""
        crc, table = self._crc, self._table
        for low, high in zip(data[::2], data[1::2], strict=False):
            crc = table[(crc ^ (high << 8 | low)) & 0xFFFF] ^ crc >> 16
        if len(data) % 2:
            crc = _step(crc ^ data[-1], self._polynomial, 8)
        self._crc = crc

    def digest(self) -> bytes:
        """As many bytes as the CRC is wide."""
        return (self._crc ^ self._ones).to_bytes(self._width, "big")


def _step(crc: int, polynomial: int, bits: int) -> int:
    for _ in range(bits):
        crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
    return crc


@cache
def _table(polynomial: int) -> list[int]:
    return [_step(value, polynomial, 16) for value in range(1 << 16)]


ALGORITHMS: dict[str, Callable[[], Checksum]] = {
    "crc32": Crc32,
    "crc32c": lambda: TableCrc(0x82F63B78, 4),
    "crc64nvme": lambda: TableCrc(0x9A6C9329AC4BC9B5, 8),
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
}
"""By the name that stands in `x-amz-checksum-…`. S3 knows xxHash too, which needs a library; it is refused by name."""


def encoded(checksum: Checksum) -> str:
    """A checksum as headers and trailers hold it."""
    return base64.b64encode(checksum.digest()).decode()
