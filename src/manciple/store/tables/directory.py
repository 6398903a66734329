"""The operator's directory: one row for the whole server."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Digest

DIRECTORY = sa.Table(
    "directory",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("digest", Digest, nullable=False),
    sa.Column("document", sa.LargeBinary, nullable=False),
)
