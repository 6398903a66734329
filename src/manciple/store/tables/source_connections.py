"""The table of source connections: which repositories products follow."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Id, Millis, owned

SOURCE_CONNECTION = sa.Table(
    "source_connection",
    METADATA,
    *owned(),
    sa.Column("product_id", Id, nullable=False),
    sa.Column("connection_arn", sa.String(1224), nullable=False),
    sa.Column("repository", sa.String(100), nullable=False),
    sa.Column("branch", sa.String(250), nullable=False),
    sa.Column("artifact_path", sa.Text, nullable=False),
    sa.Column("next_sync_time", Millis, nullable=False),
    sa.Column("revision", sa.String(512)),
    sa.Column("last_sync_time", Millis),
    sa.Column("last_sync_status", sa.String(16)),
    sa.Column("last_sync_message", sa.Text),
    sa.Column("last_successful_sync_time", Millis),
    sa.Column("last_successful_artifact_id", Id),
    sa.PrimaryKeyConstraint("account", "region", "product_id"),
    sa.Index(None, "next_sync_time"),
)
