"""The body of an upload: received into a spool, decoded, and checked against everything that was said of it.

Said of it are its length, Content-MD5, `x-amz-content-sha256`, and checksums in headers or trailers. What cannot be
checked is refused by name.
"""

import base64
import binascii
import hashlib
import re
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, NamedTuple, cast

from manciple.operations.own.object_checksums import ALGORITHMS, Checksum, encoded
from manciple.operations.own.object_errors import ObjectStoreError
from manciple.operations.own.objects import IN_MEMORY
from manciple.wire.aws_chunked import TRAILER_SIGNATURE, Decoder, Signatures, Signing
from manciple.wire.messages import Disconnected, Receive, Request

UNSIGNED = "UNSIGNED-PAYLOAD"
CHECKSUM = "x-amz-checksum-"

_STREAMING = {
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
}
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
NO_CHECKSUMS = {CHECKSUM + "mode", CHECKSUM + "type", CHECKSUM + "algorithm"}
"""Headers that begin like a checksum's and are none."""


class Upload(NamedTuple):
    """A body that has come whole and as said: its bytes, their number, SHA-256 and MD5 in hex, checksums in base64."""

    file: BinaryIO
    size: int
    sha256: str
    md5: str
    checksums: dict[str, str]


async def receive_upload(request: Request, receive: Receive, limit: int, signing: Signing | None) -> Upload:
    """Receive a body of at most `limit` bytes; chunk signatures are checked where `signing` is given.

    Raises ObjectStoreError by the first thing that is not as said, and Disconnected.
    """
    body = _Body(request, limit, signing)
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            body.feed(message.get("body", b""))
            if not message.get("more_body"):
                return body.finish()
    except BaseException:
        body.file.close()
        raise


class _Body:
    def __init__(self, request: Request, limit: int, signing: Signing | None) -> None:
        headers = request.headers
        self._headers = headers
        self._payload = _payload(headers)
        self._limit = limit
        self._announced = _announced_length(headers)
        self._check_size(self._announced)
        self._decoder = _decoder(headers, self._payload, signing)
        self._size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._trailer = _trailer(headers) if self._decoder else None
        self._checksums = _demanded(headers, self._trailer)
        self.file = cast(BinaryIO, SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the caller closes it

    def feed(self, received: bytes) -> None:
        """Take in what came."""
        data = self._decoder.feed(received) if self._decoder else received
        self._size += len(data)
        self._check_size(self._size)
        for checksum in (self._md5, self._sha256, *self._checksums.values()):
            checksum.update(data)
        self.file.write(data)

    def finish(self) -> Upload:
        """Check all that was said."""
        trailers = self._decoder.finish() if self._decoder else {}
        if self._size != self._announced:
            raise ObjectStoreError("IncompleteBody")
        if _HEX_SHA256.fullmatch(self._payload) and self._payload != (computed := self._sha256.hexdigest()):
            raise ObjectStoreError(
                "XAmzContentSHA256Mismatch",
                ClientComputedContentSHA256=self._payload,
                S3ComputedContentSHA256=computed,
            )
        self._check_md5()
        checksums = {name: encoded(checksum) for name, checksum in self._checksums.items()}
        self._check_checksums(checksums, trailers)
        self.file.seek(0)
        return Upload(self.file, self._size, self._sha256.hexdigest(), self._md5.hexdigest(), checksums)

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise ObjectStoreError("EntityTooLarge", ProposedSize=size, MaxSizeAllowed=self._limit)

    def _check_md5(self) -> None:
        claimed = self._headers.get("content-md5")
        if claimed is None:
            return
        if len(_base64(claimed)) != self._md5.digest_size:
            raise ObjectStoreError("InvalidDigest", **{"Content-MD5": claimed})
        if claimed != (computed := encoded(self._md5)):
            raise ObjectStoreError("BadDigest", ExpectedDigest=claimed, CalculatedDigest=computed)

    def _check_checksums(self, computed: dict[str, str], trailers: dict[str, str]) -> None:
        if self._trailer and CHECKSUM + self._trailer not in trailers:
            raise ObjectStoreError(
                "InvalidRequest", f"The trailer {CHECKSUM}{self._trailer} was announced and did not come."
            )
        said = self._headers | trailers
        for name, value in computed.items():
            if (claimed := said.get(CHECKSUM + name)) is None:
                continue
            if len(_base64(claimed)) != len(_base64(value)):
                raise ObjectStoreError("InvalidRequest", f"Value for {CHECKSUM}{name} header is invalid.")
            if claimed != value:
                raise ObjectStoreError(
                    "BadDigest", f"The {name.upper()} you specified did not match the calculated checksum."
                )


def _payload(headers: dict[str, str]) -> str:
    payload = headers.get("x-amz-content-sha256", UNSIGNED)
    if payload != UNSIGNED and payload not in _STREAMING and not _HEX_SHA256.fullmatch(payload):
        raise ObjectStoreError(
            "InvalidArgument",
            f"x-amz-content-sha256 must be {UNSIGNED}, {', '.join(sorted(_STREAMING))} or a valid sha256 value.",
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=payload,
        )
    return payload


def _announced_length(headers: dict[str, str]) -> int:
    name = "x-amz-decoded-content-length" if is_chunked(headers) else "content-length"
    text = headers.get(name, "" if "transfer-encoding" in headers or is_chunked(headers) else "0")
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise ObjectStoreError(
            "MissingContentLength", f"The header {name} must give the length of the object in bytes."
        )
    return int(text)


def is_chunked(headers: dict[str, str]) -> bool:
    """Is the body in the content encoding aws-chunked?"""
    encodings = [part.strip() for part in headers.get("content-encoding", "").split(",")]
    return headers.get("x-amz-content-sha256") in _STREAMING or "aws-chunked" in encodings


def _decoder(headers: dict[str, str], payload: str, signing: Signing | None) -> Decoder | None:
    if not is_chunked(headers):
        return None
    has_signatures = signing is not None and payload.startswith("STREAMING-AWS4-")
    signatures = Signatures(signing) if has_signatures and signing else None
    return Decoder(signatures, has_signed_trailers=payload.endswith("-TRAILER"))


def _trailer(headers: dict[str, str]) -> str | None:
    """The algorithm whose checksum is announced as a trailer."""
    names = [name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",") if name.strip()]
    checksums = [name for name in names if name != TRAILER_SIGNATURE]
    if len(checksums) > 1 or any(not name.startswith(CHECKSUM) for name in checksums):
        raise ObjectStoreError("InvalidRequest", "The value specified in the x-amz-trailer header is not supported")
    return checksums[0].removeprefix(CHECKSUM) if checksums else None


def _demanded(headers: dict[str, str], trailer: str | None) -> dict[str, Checksum]:
    """A checksum of each algorithm that a header or the trailer names."""
    names = [name.removeprefix(CHECKSUM) for name in headers if name.startswith(CHECKSUM) and name not in NO_CHECKSUMS]
    names += [trailer] if trailer else []
    if named := headers.get("x-amz-sdk-checksum-algorithm"):
        names.append(named.lower())
    for name in names:
        if name not in ALGORITHMS:
            raise ObjectStoreError(
                "InvalidRequest", f"The checksum algorithm {name} is not supported; there are {', '.join(ALGORITHMS)}."
            )
    return {name: ALGORITHMS[name]() for name in names}


def _base64(text: str) -> bytes:
    with suppress(binascii.Error, ValueError):
        return base64.b64decode(text, validate=True)
    return b""
