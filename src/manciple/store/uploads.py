"""The rows of uploads in parts: what becomes one object once its parts are named."""

from typing import BinaryIO

import sqlalchemy as sa

from manciple.catalog.entities import Entity
from manciple.store.artifacts import Owner, UploadPart, drop_bytes, keep_bytes
from manciple.store.database import Transaction
from manciple.store.rows import Rows
from manciple.store.tables.artifacts import UPLOAD, UPLOAD_PART


class MultipartUpload(Entity, frozen=True, kw_only=True):
    """An upload that is under way.

    `headers` are those that the object will be served with; `algorithm` is the checksum that was named for it, and
    `is_whole` whether that is of the whole object or of the checksums of its parts.
    """

    id: str
    bucket: str
    key: str
    headers: dict[str, str]
    algorithm: str | None
    is_whole: bool
    created_time: int


UPLOADS = Rows(MultipartUpload, UPLOAD)
PARTS = Rows(UploadPart, UPLOAD_PART)


def put_part(tx: Transaction, owner: Owner, part: UploadPart, body: BinaryIO) -> None:
    """Keep a part and its bytes in place of one of the same number."""
    if (before := PARTS.get(tx, *owner, part.upload_id, part.number)) is not None:
        PARTS.delete(tx, before)
        drop_bytes(tx, owner, before.digest)
    keep_bytes(tx, owner, part.digest, body)
    PARTS.insert(tx, part)


def parts_of(tx: Transaction, owner: Owner, upload_id: str, after: int = 0) -> list[UploadPart]:
    """An upload's parts in the order of their numbers, those after one."""
    return PARTS.find(
        tx,
        UPLOAD_PART.c.account == owner[0],
        UPLOAD_PART.c.region == owner[1],
        UPLOAD_PART.c.upload_id == upload_id,
        UPLOAD_PART.c.number > after,
        order=[UPLOAD_PART.c.number],
    )


def uploads_of(tx: Transaction, owner: Owner, bucket: str) -> list[MultipartUpload]:
    """A bucket's uploads, by key and then by id."""
    return UPLOADS.find(
        tx,
        UPLOAD.c.account == owner[0],
        UPLOAD.c.region == owner[1],
        UPLOAD.c.bucket == bucket,
        order=[UPLOAD.c.key, UPLOAD.c.id],
    )


def old_uploads(tx: Transaction, before: int) -> list[MultipartUpload]:
    """Everybody's uploads that were opened before a moment and got no part since."""
    got_part = sa.exists().where(
        UPLOAD_PART.c.account == UPLOAD.c.account,
        UPLOAD_PART.c.region == UPLOAD.c.region,
        UPLOAD_PART.c.upload_id == UPLOAD.c.id,
        UPLOAD_PART.c.last_modified >= before,
    )
    return UPLOADS.find(tx, UPLOAD.c.created_time < before, ~got_part)


def delete_upload(tx: Transaction, upload: MultipartUpload) -> None:
    """Delete an upload with its parts."""
    owner = (upload.account, upload.region)
    parts = parts_of(tx, owner, upload.id)
    is_part = sa.and_(
        UPLOAD_PART.c.account == upload.account,
        UPLOAD_PART.c.region == upload.region,
        UPLOAD_PART.c.upload_id == upload.id,
    )
    tx.execute(sa.delete(UPLOAD_PART).where(is_part))
    UPLOADS.delete(tx, upload)
    for digest in sorted({part.digest for part in parts}):
        drop_bytes(tx, owner, digest)
