"""The artifact store's rows: buckets, objects, and their bytes in chunks.

A bucket's name is its own within one account; it is seen from the region that it was made in (contracts, 2 and 4).
Keys are plain text in a column: nothing here ever becomes a path. Bytes are kept in chunks, so that a large object is
never whole in memory and a range reads only what it needs.
"""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from manciple.catalog.entities import Entity
from manciple.store.database import Transaction
from manciple.store.tables.artifacts import BUCKET, OBJECT_CHUNK, STORED_OBJECT, UPLOAD_PART

CHUNK = 4 * 1024 * 1024
_BATCH = 1000
_HIGHEST = "\U0010ffff" * 256
"""The highest key of 1024 bytes."""

Owner = tuple[str, str]


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an object besides its bytes.

    `digest` is the SHA-256 and `etag` the MD5 of its bytes, both hexadecimal; `headers` are the headers that it is
    served with (lower-case names, `x-amz-meta-…` too); `checksums` are by algorithm (`crc32` …), base64.
    """

    key: str
    size: int
    digest: str
    etag: str
    headers: dict[str, str]
    checksums: dict[str, str]
    last_modified: int


class UploadPart(Entity, frozen=True, kw_only=True):
    """One part of an upload, numbered from 1; what is known of its bytes is as of an object's."""

    upload_id: str
    number: int
    size: int
    digest: str
    etag: str
    checksums: dict[str, str]
    last_modified: int


class Start(NamedTuple):
    """Where a list begins: at a key, or right behind it."""

    key: str
    is_included: bool

    @classmethod
    def behind(cls, last: StoredObject | str) -> "Start":
        """What follows an object, or everything that a common prefix stands for."""
        if isinstance(last, StoredObject):
            return cls(last.key, is_included=False)
        return cls(successor(last) or _HIGHEST, is_included=True)


_FIELDS = tuple(field.name for field in msgspec.structs.fields(StoredObject))
_OBJECT = sa.select(*(STORED_OBJECT.c[name] for name in _FIELDS))
_OF_BUCKET = sa.and_(
    STORED_OBJECT.c.account == sa.bindparam("of_account"),
    STORED_OBJECT.c.region == sa.bindparam("of_region"),
    STORED_OBJECT.c.bucket == sa.bindparam("of_bucket"),
)
_FIND = _OBJECT.where(_OF_BUCKET, STORED_OBJECT.c.key == sa.bindparam("of_key"))
_FIRST = _OBJECT.where(_OF_BUCKET).limit(1)
_REMOVE = sa.delete(STORED_OBJECT).where(_OF_BUCKET, STORED_OBJECT.c.key == sa.bindparam("of_key"))
_PUT = sa.insert(STORED_OBJECT)

_LOCATION = sa.select(BUCKET.c.region).where(
    BUCKET.c.account == sa.bindparam("account"), BUCKET.c.name == sa.bindparam("name")
)
_REMOVE_BUCKET = sa.delete(BUCKET).where(
    BUCKET.c.account == sa.bindparam("of_account"),
    BUCKET.c.region == sa.bindparam("of_region"),
    BUCKET.c.name == sa.bindparam("of_bucket"),
)
_CREATE_BUCKET = {
    False: sqlite.insert(BUCKET).on_conflict_do_nothing(),
    True: postgresql.insert(BUCKET).on_conflict_do_nothing(),
}

_OF_DIGEST = sa.and_(
    OBJECT_CHUNK.c.account == sa.bindparam("of_account"),
    OBJECT_CHUNK.c.region == sa.bindparam("of_region"),
    OBJECT_CHUNK.c.digest == sa.bindparam("of_digest"),
)
_CHUNK = sa.select(OBJECT_CHUNK.c.content).where(_OF_DIGEST, OBJECT_CHUNK.c.number == sa.bindparam("of_number"))
_ADD_CHUNK = {
    False: sqlite.insert(OBJECT_CHUNK).on_conflict_do_nothing(),
    True: postgresql.insert(OBJECT_CHUNK).on_conflict_do_nothing(),
}
_REMOVE_CHUNKS = sa.delete(OBJECT_CHUNK).where(_OF_DIGEST)
_USES = tuple(
    sa.select(table.c.digest)
    .where(
        table.c.account == sa.bindparam("of_account"),
        table.c.region == sa.bindparam("of_region"),
        table.c.digest == sa.bindparam("of_digest"),
    )
    .limit(1)
    for table in (STORED_OBJECT, UPLOAD_PART)
)
_BUCKETS = (
    sa.select(BUCKET.c.name, BUCKET.c.created_time)
    .where(BUCKET.c.account == sa.bindparam("account"), BUCKET.c.region == sa.bindparam("region"))
    .order_by(BUCKET.c.name)
)


def read_object(tx: Transaction, account: str, bucket: str, key: str) -> bytes | None:
    """The whole bytes of an object in one of an account's buckets, whatever its region, or None."""
    region = bucket_region(tx, account, bucket)
    if region is None or (found := find_object(tx, (account, region), bucket, key)) is None:
        return None
    return b"".join(read_range(tx, (account, region), found, 0, found.size))


def bucket_region(tx: Transaction, account: str, name: str) -> str | None:
    """The region in which an account has a bucket of this name, or None."""
    region: str | None = tx.scalar(_LOCATION, account=account, name=name)
    return region


def list_buckets(tx: Transaction, owner: Owner) -> list[tuple[str, int]]:
    """The names of an account's buckets in a region, in order, and when they were made."""
    return [(row.name, row.created_time) for row in tx.all(_BUCKETS, account=owner[0], region=owner[1])]


def create_bucket(tx: Transaction, owner: Owner, name: str, now: int) -> bool:
    """Make a bucket; False if the account has one of that name already, in any region."""
    row = {"account": owner[0], "region": owner[1], "name": name, "created_time": now}
    return tx.execute(_CREATE_BUCKET[tx.is_postgresql], row).rowcount == 1


def is_empty(tx: Transaction, owner: Owner, bucket: str) -> bool:
    """Has the bucket no object?"""
    return tx.first(_FIRST, **_of_bucket(owner, bucket)) is None


def delete_bucket(tx: Transaction, owner: Owner, name: str) -> None:
    """Delete a bucket's row; its objects must be gone."""
    tx.execute(_REMOVE_BUCKET, _of_bucket(owner, name))


def find_object(tx: Transaction, owner: Owner, bucket: str, key: str) -> StoredObject | None:
    """What is known of an object, or None."""
    row = tx.first(_FIND, **_of_bucket(owner, bucket), of_key=key)
    return None if row is None else _stored(row)


def put_object(tx: Transaction, owner: Owner, bucket: str, found: StoredObject, body: BinaryIO) -> None:
    """Keep an object and its bytes, read from `body`, in place of what was under its key."""
    delete_object(tx, owner, bucket, found.key)
    keep_bytes(tx, owner, found.digest, body)
    tx.execute(_PUT, {"account": owner[0], "region": owner[1], "bucket": bucket, **msgspec.structs.asdict(found)})


def delete_object(tx: Transaction, owner: Owner, bucket: str, key: str) -> None:
    """Delete an object, and its bytes if no other object has them; nothing if there is none."""
    found = find_object(tx, owner, bucket, key)
    if found is None:
        return
    tx.execute(_REMOVE, {**_of_bucket(owner, bucket), "of_key": key})
    drop_bytes(tx, owner, found.digest)


def keep_bytes(tx: Transaction, owner: Owner, digest: str, body: BinaryIO) -> None:
    """Keep bytes under their digest; call it before the row that uses them is written."""
    if _is_used(tx, owner, digest):
        return
    for number, content in enumerate(iter(lambda: body.read(CHUNK), b"")):
        row = {"account": owner[0], "region": owner[1], "digest": digest, "number": number, "content": content}
        tx.execute(_ADD_CHUNK[tx.is_postgresql], row)


def drop_bytes(tx: Transaction, owner: Owner, digest: str) -> None:
    """Delete bytes unless an object or part has them; call it once the row that used them is gone."""
    if not _is_used(tx, owner, digest):
        tx.execute(_REMOVE_CHUNKS, _of_digest(owner, digest))


def read_range(
    tx: Transaction, owner: Owner, found: "StoredObject | UploadPart", start: int, end: int
) -> Iterator[bytes]:
    """The bytes from `start` up to but not including `end`, chunk by chunk."""
    for number in range(start // CHUNK, -(-end // CHUNK)):
        content: bytes = tx.scalar(_CHUNK, **_of_digest(owner, found.digest), of_number=number)
        yield content[max(start - number * CHUNK, 0) : end - number * CHUNK]


def walk(
    tx: Transaction, owner: Owner, bucket: str, prefix: str, start: Start, delimiter: str
) -> Iterator[StoredObject | str]:
    """A bucket's objects under a prefix in the order of their keys, from `start`.

    With a delimiter, all keys that share the text up to the delimiter's first place behind the prefix come as that one
    text, and the keys below it are not read one by one.
    """
    common: str | None = None
    while rows := _batch(tx, owner, bucket, prefix, start):
        for row in rows:
            if common is not None and row.key.startswith(common):
                continue
            common = common_prefix(row.key, prefix, delimiter)
            yield _stored(row) if common is None else common
        if len(rows) < _BATCH:
            return
        start = Start.behind(_stored(rows[-1]) if common is None else common)


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """The part of a key up to and including the first delimiter behind the prefix, or None."""
    place = key.find(delimiter, len(prefix)) if delimiter else -1
    return None if place < 0 else key[: place + len(delimiter)]


def successor(prefix: str) -> str | None:
    """The lowest text that is above every text with this prefix, in the order of code points; None if there is none."""
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)


def _batch(tx: Transaction, owner: Owner, bucket: str, prefix: str, start: Start) -> Sequence[sa.Row[Any]]:
    key = STORED_OBJECT.c.key
    statement = _OBJECT.where(_OF_BUCKET, key >= prefix, key >= start.key if start.is_included else key > start.key)
    if highest := successor(prefix):
        statement = statement.where(key < highest)
    return tx.all(statement.order_by(key).limit(_BATCH), **_of_bucket(owner, bucket))


def _is_used(tx: Transaction, owner: Owner, digest: str) -> bool:
    return any(tx.first(uses, **_of_digest(owner, digest)) is not None for uses in _USES)


def _stored(row: sa.Row[Any]) -> StoredObject:
    return StoredObject(**row._asdict())


def _of_bucket(owner: Owner, bucket: str) -> dict[str, str]:
    return {"of_account": owner[0], "of_region": owner[1], "of_bucket": bucket}


def _of_digest(owner: Owner, digest: str) -> dict[str, str]:
    return {"of_account": owner[0], "of_region": owner[1], "of_digest": digest}
