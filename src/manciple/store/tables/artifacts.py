"""Tables of the artifact store: buckets, the objects in them, uploads in parts, and all their bytes in chunks.

Chunks are kept by the digest of the whole object or part, once for each account and region however many have these
bytes, and go with the last of them. They are apart from the blobs of `store/objects.py`, which are kept for ever.
"""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Digest, Id, Millis, owned

BucketName = sa.String(63)
ObjectKey = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Ordered by code points, which is the order of UTF-8's bytes and S3's; SQLite's own order is that too."""

BUCKET = sa.Table(
    "bucket",
    METADATA,
    *owned(),
    sa.Column("name", BucketName, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "name"),
)

STORED_OBJECT = sa.Table(
    "stored_object",
    METADATA,
    *owned(),
    sa.Column("bucket", BucketName, nullable=False),
    sa.Column("key", ObjectKey, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("digest", Digest, nullable=False),
    sa.Column("etag", sa.String(64), nullable=False),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("checksums", sa.JSON, nullable=False),
    sa.Column("last_modified", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "bucket", "key"),
    sa.Index(None, "account", "region", "digest"),
)

UPLOAD = sa.Table(
    "upload",
    METADATA,
    *owned(),
    sa.Column("id", Id, nullable=False),
    sa.Column("bucket", BucketName, nullable=False),
    sa.Column("key", ObjectKey, nullable=False),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("algorithm", sa.String(16)),
    sa.Column("is_whole", sa.Boolean, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "id"),
    sa.Index(None, "account", "region", "bucket", "key", "id"),
)

UPLOAD_PART = sa.Table(
    "upload_part",
    METADATA,
    *owned(),
    sa.Column("upload_id", Id, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("digest", Digest, nullable=False),
    sa.Column("etag", sa.String(64), nullable=False),
    sa.Column("checksums", sa.JSON, nullable=False),
    sa.Column("last_modified", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "upload_id", "number"),
    sa.Index(None, "account", "region", "digest"),
)

OBJECT_CHUNK = sa.Table(
    "object_chunk",
    METADATA,
    *owned(),
    sa.Column("digest", Digest, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "digest", "number"),
)
