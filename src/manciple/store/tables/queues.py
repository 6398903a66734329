"""The table of messages to provisioning engines."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Id, Millis, owned

QUEUED_MESSAGE = sa.Table(
    "queued_message",
    METADATA,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    sa.Column("queue", sa.String(80), nullable=False),
    sa.Column("operation_id", Id, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("sent_time", Millis, nullable=False),
    sa.Column("visible_time", Millis, nullable=False),
    sa.Column("receive_count", sa.Integer, nullable=False),
    sa.Column("first_received_time", Millis),
    sa.Index(None, "account", "region", "queue", "visible_time"),
    sa.Index(None, "operation_id"),
)
