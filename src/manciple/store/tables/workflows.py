"""The table of workflows: which attempt at which record a token speaks for."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Digest, Id, Millis, owned

WORKFLOW = sa.Table(
    "workflow",
    METADATA,
    sa.Column("token_hash", Digest, primary_key=True),
    *owned(),
    sa.Column("record_id", Id, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.Column("received_time", Millis),
    sa.Column("result_digest", Digest),
    sa.Index(None, "account", "region", "record_id", "attempt", unique=True),
)
