"""Uploads in parts: opened, filled part by part, completed into one object or aborted.

Source: Amazon S3 user guide, "Uploading and copying objects using multipart upload" and "Multipart upload limits"; API
reference, CreateMultipartUpload … ListMultipartUploads.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Collection, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from manciple.operations.call import Caller, Context, Runtime, operation
from manciple.operations.own.object_checksums import ALGORITHMS, WHOLE_ONLY, Checksum, encoded
from manciple.operations.own.object_conditions import Conditions, check_write
from manciple.operations.own.object_errors import ObjectStoreError
from manciple.operations.own.objects import IN_MEMORY, Nothing, check_bucket, check_key
from manciple.store import artifacts
from manciple.store.artifacts import StoredObject, UploadPart, read_range
from manciple.store.database import Transaction
from manciple.store.uploads import UPLOADS, MultipartUpload, delete_upload, parts_of, put_part, uploads_of

MOST = 1000
MOST_PARTS = 10_000
SMALLEST_PART = 5 * 1024 * 1024
"""What every part but the last must at least have."""

_ETAG = re.compile(r'"?([0-9a-f]{32})"?')


class CreateUploadInput(msgspec.Struct, frozen=True, kw_only=True):
    """An object to come; `checksum_type` is COMPOSITE, FULL_OBJECT or what the algorithm has by itself."""

    bucket: str
    key: str
    headers: dict[str, str]
    algorithm: str | None = None
    checksum_type: str | None = None


class UploadInput(msgspec.Struct, frozen=True, kw_only=True):
    """An upload of an object."""

    bucket: str
    key: str
    upload_id: str


class UploadPartInput(UploadInput, frozen=True, kw_only=True):
    """A part's bytes, which were checked as they came, and what is known of them."""

    number: int
    body: BinaryIO
    size: int
    digest: str
    etag: str
    checksums: dict[str, str]


class NamedPart(msgspec.Struct, frozen=True):
    """A part as its uploader names it to complete the upload."""

    number: int
    etag: str
    checksums: dict[str, str]


class CompleteUploadInput(UploadInput, frozen=True, kw_only=True):
    """The parts that make the object, in order; `checksums` is what is said of the whole."""

    parts: tuple[NamedPart, ...]
    checksums: dict[str, str] = {}
    conditions: Conditions = Conditions()


class CompletedUpload(msgspec.Struct, frozen=True, kw_only=True):
    """The object that was made."""

    object: StoredObject
    checksum_type: str | None


class ListPartsInput(UploadInput, frozen=True, kw_only=True):
    """A page of an upload's parts, those after a number."""

    after: int = 0
    most: int = MOST


class PartPage(msgspec.Struct, frozen=True, kw_only=True):
    """An upload, some of its parts, and whether there are more."""

    upload: MultipartUpload
    parts: list[UploadPart]
    is_truncated: bool


class ListUploadsInput(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a bucket's uploads, those behind a key, or behind an upload of that key."""

    bucket: str
    prefix: str = ""
    key_marker: str = ""
    id_marker: str = ""
    most: int = MOST


class UploadPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some uploads, and whether there are more."""

    uploads: list[MultipartUpload]
    is_truncated: bool


class _Assembled(NamedTuple):
    """An object put together before the transaction, and the parts that it was put together from."""

    upload: MultipartUpload
    parts: list[UploadPart]
    object: StoredObject
    body: BinaryIO


@operation("s3:CreateMultipartUpload", writes=True)
def create_multipart_upload(context: Context, input: CreateUploadInput) -> MultipartUpload:
    """Open an upload."""
    check_bucket(context, input.bucket)
    check_key(input.key)
    if input.algorithm is not None and input.algorithm not in ALGORITHMS:
        raise ObjectStoreError("InvalidRequest", f"The checksum algorithm {input.algorithm[:20]} is not supported.")
    upload = MultipartUpload(
        account=context.account,
        region=context.region,
        id=secrets.token_urlsafe(48),
        bucket=input.bucket,
        key=input.key,
        headers=input.headers,
        algorithm=input.algorithm,
        is_whole=input.checksum_type == "FULL_OBJECT" or input.algorithm in WHOLE_ONLY,
        created_time=context.now,
    )
    UPLOADS.insert(context.tx, upload)
    return upload


@operation("s3:UploadPart", writes=True)
def upload_part(context: Context, input: UploadPartInput) -> UploadPart:
    """Keep a part, in place of one of the same number."""
    upload = _find(context.tx, context.owner, input)
    if not 1 <= input.number <= MOST_PARTS:
        raise ObjectStoreError("InvalidArgument", f"Part number must be an integer between 1 and {MOST_PARTS}.")
    others = (part.size for part in parts_of(context.tx, context.owner, upload.id) if part.number != input.number)
    _check_size(context.runtime, sum(others) + input.size)
    part = UploadPart(
        account=context.account,
        region=context.region,
        upload_id=upload.id,
        number=input.number,
        size=input.size,
        digest=input.digest,
        etag=input.etag,
        checksums=input.checksums,
        last_modified=context.now,
    )
    put_part(context.tx, context.owner, part, input.body)
    return part


def assemble(runtime: Runtime, caller: Caller, input: CompleteUploadInput) -> _Assembled:
    """Put an object together from its parts, before the transaction that keeps it."""
    owner = (caller.account, caller.region)
    with runtime.database.read() as tx:
        upload = _find(tx, owner, input)
        parts = _chosen(parts_of(tx, owner, upload.id), input.parts)
        _check_size(runtime, sum(part.size for part in parts))
        sums: dict[str, Checksum] = {"sha256": hashlib.sha256()}
        if upload.is_whole and upload.algorithm:
            sums["whole"] = ALGORITHMS[upload.algorithm]()
        contents = (content for part in parts for content in read_range(tx, owner, part, 0, part.size))
        body = _joined(contents, sums.values())
    found = StoredObject(
        key=upload.key,
        size=sum(part.size for part in parts),
        digest=sums["sha256"].digest().hex(),
        etag=_etag(parts),
        headers=upload.headers,
        checksums=_checksums(upload, parts, sums.get("whole")),
        last_modified=runtime.now(),
    )
    return _Assembled(upload, parts, found, body)


def _joined(contents: Iterable[bytes], sums: Collection[Checksum]) -> BinaryIO:
    """All bytes as one file, fed to the checksums on the way; whoever gets it closes it."""
    body = cast(BinaryIO, SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the caller closes it
    try:
        for content in contents:
            body.write(content)
            for checksum in sums:
                checksum.update(content)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


@operation("s3:CompleteMultipartUpload", writes=True, prepare=assemble)
def complete_multipart_upload(context: Context, input: CompleteUploadInput) -> CompletedUpload:
    """Make the object of the parts that are named; the upload and all its parts go."""
    made: _Assembled = context.prepared
    with made.body:
        upload = _find(context.tx, context.owner, input)
        if _chosen(parts_of(context.tx, context.owner, upload.id), input.parts) != made.parts:
            raise ObjectStoreError("InvalidPart")
        for name, value in input.checksums.items():
            if made.object.checksums.get(name, value) != value:
                raise ObjectStoreError("BadDigest", f"The {name.upper()} you specified did not match.")
        check_bucket(context, input.bucket)
        check_write(input.conditions, artifacts.find_object(context.tx, context.owner, input.bucket, input.key))
        artifacts.put_object(context.tx, context.owner, input.bucket, made.object, made.body)
        delete_upload(context.tx, upload)
    kind = ("FULL_OBJECT" if upload.is_whole else "COMPOSITE") if made.object.checksums else None
    return CompletedUpload(object=made.object, checksum_type=kind)


@operation("s3:AbortMultipartUpload", writes=True)
def abort_multipart_upload(context: Context, input: UploadInput) -> Nothing:
    """Give an upload up; its parts go."""
    delete_upload(context.tx, _find(context.tx, context.owner, input))
    return Nothing()


@operation("s3:ListParts")
def list_parts(context: Context, input: ListPartsInput) -> PartPage:
    """A page of the parts that an upload has."""
    upload = _find(context.tx, context.owner, input)
    found = parts_of(context.tx, context.owner, upload.id, input.after)
    most = min(input.most, MOST)
    return PartPage(upload=upload, parts=found[:most], is_truncated=len(found) > most)


@operation("s3:ListMultipartUploads")
def list_multipart_uploads(context: Context, input: ListUploadsInput) -> UploadPage:
    """A page of the uploads under way in a bucket."""
    check_bucket(context, input.bucket)
    place = (input.key_marker, input.id_marker)
    found = [
        upload
        for upload in uploads_of(context.tx, context.owner, input.bucket)
        if upload.key.startswith(input.prefix)
        and ((upload.key, upload.id) > place if input.id_marker else upload.key > input.key_marker)
    ]
    most = min(input.most, MOST)
    return UploadPage(uploads=found[:most], is_truncated=len(found) > most)


def _find(tx: Transaction, owner: tuple[str, str], input: UploadInput) -> MultipartUpload:
    upload = UPLOADS.get(tx, *owner, input.upload_id)
    if upload is None or (upload.bucket, upload.key) != (input.bucket, input.key):
        raise ObjectStoreError("NoSuchUpload", UploadId=input.upload_id)
    return upload


def _chosen(there: list[UploadPart], named: tuple[NamedPart, ...]) -> list[UploadPart]:
    """The parts that are named, which must be there as said, in ascending order, and large enough."""
    numbers = [part.number for part in named]
    if numbers != sorted(set(numbers)):
        raise ObjectStoreError("InvalidPartOrder")
    by_number = {part.number: part for part in there}
    chosen = [_as_said(by_number.get(part.number), part) for part in named]
    for part in chosen[:-1]:
        if part.size < SMALLEST_PART:
            raise ObjectStoreError(
                "EntityTooSmall", ProposedSize=part.size, MinSizeAllowed=SMALLEST_PART, PartNumber=part.number
            )
    return chosen


def _as_said(part: UploadPart | None, named: NamedPart) -> UploadPart:
    etag = _ETAG.fullmatch(named.etag)
    if part is None or etag is None or etag[1] != part.etag:
        raise ObjectStoreError("InvalidPart", PartNumber=named.number, ETag=named.etag[:100])
    if any(part.checksums.get(name, value) != value for name, value in named.checksums.items()):
        raise ObjectStoreError("InvalidPart", PartNumber=named.number)
    return part


def _etag(parts: list[UploadPart]) -> str:
    """The MD5 of the parts' MD5s, and their number, as S3 makes it."""
    joined = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(parts)}"


def _checksums(upload: MultipartUpload, parts: list[UploadPart], whole: Checksum | None) -> dict[str, str]:
    """The object's checksum: of all its bytes, or of the checksums of its parts with their number."""
    if upload.algorithm is None:
        return {}
    if whole is not None:
        return {upload.algorithm: encoded(whole)}
    values = [part.checksums.get(upload.algorithm) for part in parts]
    if not all(values):
        return {}
    joined = ALGORITHMS[upload.algorithm]()
    joined.update(b"".join(base64.b64decode(str(value)) for value in values))
    return {upload.algorithm: f"{encoded(joined)}-{len(parts)}"}


def _check_size(runtime: Any, size: int) -> None:
    if size > (limit := runtime.settings.limits.object_bytes):
        raise ObjectStoreError("EntityTooLarge", ProposedSize=size, MaxSizeAllowed=limit)
