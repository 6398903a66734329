"""The artifact store: buckets and objects, in S3's form (contracts, section 4).

A bucket belongs to (account, name) and is seen from its own region only; nobody sees another account's.
"""

import re
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

import msgspec

from manciple.operations.call import Context, operation
from manciple.operations.own.object_conditions import Conditions, check_write, is_modified, resolve_range
from manciple.operations.own.object_errors import ObjectStoreError
from manciple.operations.own.page_tokens import read_token, write_token
from manciple.store import artifacts
from manciple.store.artifacts import Start, StoredObject
from manciple.store.uploads import delete_upload, uploads_of

IN_MEMORY = 8 * 1024 * 1024
"""A body above this many bytes is spooled to a temporary file."""

LEGACY_REGION = "us-east-1"
"""Where creating a bucket that one has already is no error (API reference, CreateBucket)."""

_KEY_BYTES = 1024
_MOST = 1000
_ROUTES = {"service", "health", "livez", "readyz", "metrics"}
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_NO_NAME = re.compile(
    r".*\.\.|\d{1,3}(\.\d{1,3}){3}\Z|\d{12}\Z|(xn--|sthree-|amzn-s3-demo-)|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)\Z"
)


class BucketInput(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket; `location` is the region that CreateBucket's document names."""

    bucket: str
    location: str | None = None


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket that is there."""

    name: str
    region: str


class ObjectInput(msgspec.Struct, frozen=True, kw_only=True):
    """An object to get, head or delete; `range` is the Range header."""

    bucket: str
    key: str
    conditions: Conditions = Conditions()
    range: str | None = None


class PutObjectInput(msgspec.Struct, frozen=True, kw_only=True):
    """An object to keep: its bytes, which were checked as they came, and what is known of them (`StoredObject`)."""

    bucket: str
    key: str
    body: BinaryIO
    size: int
    digest: str
    etag: str
    headers: dict[str, str]
    checksums: dict[str, str]
    conditions: Conditions = Conditions()


class FoundObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object, or the part `start` to `end` (not included) of it. `body` is None for HEAD and where not modified."""

    object: StoredObject
    is_modified: bool
    range: tuple[int, int] | None = None
    body: BinaryIO | None = None


class ListObjectsInput(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a bucket's keys."""

    bucket: str
    prefix: str = ""
    delimiter: str = ""
    start_after: str = ""
    continuation_token: str | None = None
    max_keys: int = _MOST


class ListObjectsOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Objects and common prefixes in order, and the token for the next page."""

    contents: list[StoredObject]
    common_prefixes: list[str]
    next_token: str | None


class ListBucketsInput(msgspec.Struct, frozen=True, kw_only=True):
    """The caller's buckets whose names begin so."""

    prefix: str = ""


class OwnBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket and when it was made."""

    name: str
    created_time: int


class ListBucketsOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Buckets in the order of their names."""

    buckets: list[OwnBucket]


class Nothing(msgspec.Struct, frozen=True):
    """The output of what answers nothing."""


@operation("s3:CreateBucket", writes=True)
def create_bucket(context: Context, input: BucketInput) -> Bucket:
    """Create a bucket in the caller's region."""
    _check_name(input.bucket)
    if input.location not in (None, "", context.region):
        raise ObjectStoreError(
            "IllegalLocationConstraintException",
            f"The {input.location} location constraint is incompatible for the region specific endpoint "
            "this request was sent to.",
        )
    if not artifacts.create_bucket(context.tx, context.owner, input.bucket, context.now):
        _refuse_again(context, input.bucket)
    return Bucket(name=input.bucket, region=context.region)


@operation("s3:ListBuckets")
def list_buckets(context: Context, input: ListBucketsInput) -> ListBucketsOutput:
    """The buckets of the caller's account in their region: what is in another one is not seen (contracts, 2)."""
    found = artifacts.list_buckets(context.tx, context.owner)
    buckets = [OwnBucket(name=name, created_time=made) for name, made in found if name.startswith(input.prefix)]
    return ListBucketsOutput(buckets=buckets)


@operation("s3:GetBucketLocation")
def get_bucket_location(context: Context, input: BucketInput) -> Bucket:
    """Where a bucket is."""
    return head_bucket.run(context, input)


@operation("s3:HeadBucket")
def head_bucket(context: Context, input: BucketInput) -> Bucket:
    """Find a bucket."""
    check_bucket(context, input.bucket)
    return Bucket(name=input.bucket, region=context.region)


@operation("s3:DeleteBucket", writes=True)
def delete_bucket(context: Context, input: BucketInput) -> Nothing:
    """Delete an empty bucket; the uploads under way in it go with it."""
    check_bucket(context, input.bucket)
    if not artifacts.is_empty(context.tx, context.owner, input.bucket):
        raise ObjectStoreError("BucketNotEmpty", BucketName=input.bucket)
    for upload in uploads_of(context.tx, context.owner, input.bucket):
        delete_upload(context.tx, upload)
    artifacts.delete_bucket(context.tx, context.owner, input.bucket)
    return Nothing()


@operation("s3:PutObject", writes=True)
def put_object(context: Context, input: PutObjectInput) -> StoredObject:
    """Keep an object, in place of one under the same key."""
    check_bucket(context, input.bucket)
    check_key(input.key)
    check_write(input.conditions, artifacts.find_object(context.tx, context.owner, input.bucket, input.key))
    found = StoredObject(
        key=input.key,
        size=input.size,
        digest=input.digest,
        etag=input.etag,
        headers=input.headers,
        checksums=input.checksums,
        last_modified=context.now,
    )
    artifacts.put_object(context.tx, context.owner, input.bucket, found, input.body)
    return found


@operation("s3:GetObject")
def get_object(context: Context, input: ObjectInput) -> FoundObject:
    """Get an object or a range of it, as one snapshot."""
    head = head_object.run(context, input)
    if not head.is_modified:
        return head
    start, end = head.range or (0, head.object.size)
    body = cast(BinaryIO, SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the caller closes it
    for content in artifacts.read_range(context.tx, context.owner, head.object, start, end):
        body.write(content)
    body.seek(0)
    return msgspec.structs.replace(head, body=body)


@operation("s3:HeadObject")
def head_object(context: Context, input: ObjectInput) -> FoundObject:
    """Find an object and what is known of it."""
    check_bucket(context, input.bucket)
    check_key(input.key)
    found = artifacts.find_object(context.tx, context.owner, input.bucket, input.key)
    if found is None:
        raise ObjectStoreError("NoSuchKey", Key=input.key)
    if not is_modified(input.conditions, found):
        return FoundObject(object=found, is_modified=False)
    return FoundObject(object=found, is_modified=True, range=resolve_range(input.range, found.size))


@operation("s3:DeleteObject", writes=True)
def delete_object(context: Context, input: ObjectInput) -> Nothing:
    """Delete an object; that there is none is no error."""
    check_bucket(context, input.bucket)
    check_key(input.key)
    if input.conditions.if_match is not None:
        check_write(input.conditions, artifacts.find_object(context.tx, context.owner, input.bucket, input.key))
    artifacts.delete_object(context.tx, context.owner, input.bucket, input.key)
    return Nothing()


@operation("s3:ListBucket")
def list_objects(context: Context, input: ListObjectsInput) -> ListObjectsOutput:
    """List a page of a bucket's objects in the order of their keys."""
    check_bucket(context, input.bucket)
    if input.max_keys < 0:
        raise ObjectStoreError("InvalidArgument", "max-keys must be 0 or more.", ArgumentName="max-keys")
    start = (
        _resume(context, input) if input.continuation_token is not None else Start(input.start_after, is_included=False)
    )
    entries = artifacts.walk(context.tx, context.owner, input.bucket, input.prefix, start, input.delimiter)
    page = list(islice(entries, min(input.max_keys, _MOST)))
    more = bool(page) and next(entries, None) is not None
    return ListObjectsOutput(
        contents=[entry for entry in page if isinstance(entry, StoredObject)],
        common_prefixes=[entry for entry in page if isinstance(entry, str)],
        next_token=_token(context, input, page[-1]) if more else None,
    )


def _check_name(name: str) -> None:
    """Refuse what breaks S3's rules (user guide, "General purpose bucket naming rules") or names a route of ours."""
    if name in _ROUTES or not _NAME.fullmatch(name) or _NO_NAME.match(name):
        raise ObjectStoreError("InvalidBucketName", BucketName=name)


def _refuse_again(context: Context, name: str) -> None:
    if artifacts.bucket_region(context.tx, context.account, name) != context.region:
        raise ObjectStoreError("BucketAlreadyExists", BucketName=name)
    if context.region != LEGACY_REGION:
        raise ObjectStoreError("BucketAlreadyOwnedByYou", BucketName=name)


def check_bucket(context: Context, name: str) -> None:
    """Raise NoSuchBucket unless the caller has a bucket of this name in their region."""
    if artifacts.bucket_region(context.tx, context.account, name) != context.region:
        raise ObjectStoreError("NoSuchBucket", BucketName=name)


def check_key(key: str) -> None:
    """Raise KeyTooLongError for a key that is too long."""
    if (size := len(key.encode())) > _KEY_BYTES:
        raise ObjectStoreError("KeyTooLongError", Size=size, MaxSizeAllowed=_KEY_BYTES)


def _token(context: Context, input: ListObjectsInput, last: StoredObject | str) -> str:
    return write_token(context, _scope(input), Start.behind(last))


def _resume(context: Context, input: ListObjectsInput) -> Start:
    try:
        return Start(*read_token(context, _scope(input), str(input.continuation_token)))
    except ValueError as error:
        raise ObjectStoreError(
            "InvalidArgument", "The continuation token provided is incorrect", ArgumentName="continuation-token"
        ) from error


def _scope(input: ListObjectsInput) -> list[str]:
    return [input.bucket, input.prefix, input.delimiter]
