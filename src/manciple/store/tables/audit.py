"""The audit: one row a call that may change something. Rows are added, never changed."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Arn, Id, Millis, owned

AUDIT = sa.Table(
    "audit",
    METADATA,
    *owned(),
    sa.Column("time", Millis, nullable=False),
    sa.Column("request_id", Id, nullable=False),
    sa.Column("principal", Arn, nullable=False),
    sa.Column("session", Arn, nullable=False),
    sa.Column("operation", sa.String(80), nullable=False),
    sa.Column("resources", sa.JSON, nullable=False),
    sa.Column("source_address", sa.String(64), nullable=False),
    sa.Column("user_agent", sa.String(256), nullable=False),
    sa.Column("outcome", sa.String(80), nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "time", "request_id"),
    sa.Index(None, "account", "region", "operation", "time", "request_id"),
    sa.Index(None, "account", "region", "principal", "time", "request_id"),
)
