"""The table of callbacks: which step of which operation a token speaks for."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Digest, Id, Millis

CALLBACK = sa.Table(
    "callback",
    METADATA,
    sa.Column("token_hash", Digest, primary_key=True),
    sa.Column("operation_id", Id, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("is_lasting", sa.Boolean, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.Index(None, "operation_id", "number", "epoch"),
)
