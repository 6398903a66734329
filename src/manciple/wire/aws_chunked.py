"""The content encoding `aws-chunked`: a body in chunks, each with its signature, and headers behind the last.

    <size in hex>[;chunk-signature=<64 hex>]\\r\\n <bytes> \\r\\n   … 0[;chunk-signature=…]\\r\\n [trailers] \\r\\n

Source: Amazon S3 API reference, "Signature calculations … transferring payload in multiple chunks" and "… including
trailing headers".
"""

import hmac
import re
from hashlib import sha256
from typing import NamedTuple

from manciple.operations.own.object_errors import ObjectStoreError

TRAILER_SIGNATURE = "x-amz-trailer-signature"

_HEAD = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?")
_LONGEST_HEAD = 256
_LONGEST_TRAILERS = 8192
_EMPTY = sha256().hexdigest()


class Signing(NamedTuple):
    """What chunk signatures are made with: the day's key, the request's scope and time, and its own signature."""

    key: bytes
    scope: str
    signed_at: str
    seed: str


class Signatures:
    """The chain of signatures of one body: each holds the one before."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing
        self._previous = signing.seed

    def check_chunk(self, digest: str, claimed: str) -> None:
        """Check the signature of a chunk by the SHA-256 of its bytes. Raises SignatureDoesNotMatch."""
        self._check("AWS4-HMAC-SHA256-PAYLOAD", f"{_EMPTY}\n{digest}", claimed)

    def check_trailers(self, lines: str, claimed: str) -> None:
        """Check the signature of the trailers, given as `name:value\\n`. Raises SignatureDoesNotMatch."""
        self._check("AWS4-HMAC-SHA256-TRAILER", sha256(lines.encode()).hexdigest(), claimed)

    def _check(self, algorithm: str, content: str, claimed: str) -> None:
        key, scope, signed_at, _ = self._signing
        text = f"{algorithm}\n{signed_at}\n{scope}\n{self._previous}\n{content}"
        expected = hmac.digest(key, text.encode(), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), claimed.encode()):
            raise ObjectStoreError("SignatureDoesNotMatch")
        self._previous = expected


class Decoder:
    """Takes a body as it comes and gives the bytes that it encodes; `signatures` are checked where given."""

    def __init__(self, signatures: Signatures | None = None, *, has_signed_trailers: bool = False) -> None:
        self._signatures = signatures
        self._has_signed_trailers = has_signed_trailers
        self._buffer = bytearray()
        self._left = 0
        self._in_chunk = False
        self._is_over = False
        self._claimed = ""
        self._digest = sha256()

    def feed(self, data: bytes) -> bytes:
        """Take bytes in and give what they complete. Raises IncompleteBody or SignatureDoesNotMatch."""
        self._buffer += data
        given = bytearray()
        while not self._is_over and (self._take(given) if self._in_chunk else self._begin()):
            pass
        if self._is_over and len(self._buffer) > _LONGEST_TRAILERS:
            raise _malformed()
        return bytes(given)

    def finish(self) -> dict[str, str]:
        """The trailers, names in lower case, once the body has ended. Raises as `feed`."""
        if not self._is_over:
            raise ObjectStoreError("IncompleteBody")
        trailers = _read_trailers(bytes(self._buffer))
        claimed = trailers.pop(TRAILER_SIGNATURE, "")
        if self._signatures and self._has_signed_trailers:
            lines = "".join(f"{name}:{value}\n" for name, value in trailers.items())
            self._signatures.check_trailers(lines, claimed)
        return trailers

    def _begin(self) -> bool:
        end = self._buffer.find(b"\r\n", 0, _LONGEST_HEAD)
        if end < 0:
            if len(self._buffer) >= _LONGEST_HEAD:
                raise _malformed()
            return False
        found = _HEAD.fullmatch(bytes(self._buffer[:end]))
        if found is None:
            raise _malformed()
        del self._buffer[: end + 2]
        self._left = int(found[1], 16)
        self._claimed = (found[2] or b"").decode()
        self._digest = sha256()
        self._in_chunk = self._left > 0
        self._is_over = not self._in_chunk
        if self._is_over:
            self._check()
        return True

    def _take(self, given: bytearray) -> bool:
        """Take what has come of a chunk, and the line end behind it; False if more must come first."""
        part = self._buffer[: self._left]
        del self._buffer[: self._left]
        given += part
        self._left -= len(part)
        if self._signatures:
            self._digest.update(part)
        if self._left or len(self._buffer) < 2:
            return False
        if self._buffer[:2] != b"\r\n":
            raise _malformed()
        del self._buffer[:2]
        self._in_chunk = False
        self._check()
        return True

    def _check(self) -> None:
        if self._signatures:
            self._signatures.check_chunk(self._digest.hexdigest(), self._claimed)


def _read_trailers(content: bytes) -> dict[str, str]:
    trailers = {}
    for line in content.decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if line and not colon:
            raise _malformed()
        if line:
            trailers[name.strip().lower()] = value.strip()
    return trailers


def _malformed() -> ObjectStoreError:
    return ObjectStoreError("IncompleteBody", "The body is not what the content encoding aws-chunked looks like.")
