"""Tables of TagOptions and of what offers them."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Id, Millis, owned

TAG_OPTION = sa.Table(
    "tag_option",
    METADATA,
    *owned(),
    sa.Column("id", Id, nullable=False),
    sa.Column("key", sa.String(128), nullable=False),
    sa.Column("value", sa.String(256), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "id"),
    sa.Index(None, "account", "region", "key", "value", unique=True),
    sa.Index(None, "account", "region", "created_time", "id"),
)

TAG_OPTION_ASSOCIATION = sa.Table(
    "tag_option_association",
    METADATA,
    *owned(),
    sa.Column("resource_id", Id, nullable=False),
    sa.Column("tag_option_id", Id, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "resource_id", "tag_option_id"),
    sa.Index(None, "account", "region", "tag_option_id", "resource_id"),
)
