"""Tables of sharing: shares of portfolios, what was done about them, access to organizations, copies of products.

A share is its owner's; recipients find theirs by the index that begins with whom it is shared with.
"""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Id, Millis, owned

Node = sa.String(68)
"""An account's id, or an organization's or a unit's."""

PORTFOLIO_SHARE = sa.Table(
    "portfolio_share",
    METADATA,
    *owned(),
    sa.Column("portfolio_id", Id, nullable=False),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("principal_id", Node, nullable=False),
    sa.Column("accepted", sa.Boolean, nullable=False),
    sa.Column("share_tag_options", sa.Boolean, nullable=False),
    sa.Column("share_principals", sa.Boolean, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "portfolio_id", "type", "principal_id"),
    sa.Index(None, "principal_id", "region", "portfolio_id"),
)

SHARE_ACTION = sa.Table(
    "share_action",
    METADATA,
    *owned(),
    sa.Column("id", Id, nullable=False),
    sa.Column("portfolio_id", Id, nullable=False),
    sa.Column("verb", sa.String(16), nullable=False),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("principal_id", Node, nullable=False),
    sa.Column("accounts", sa.JSON, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "id"),
    sa.Index(None, "account", "region", "portfolio_id", "created_time"),
)

PORTFOLIO_REJECTION = sa.Table(
    "portfolio_rejection",
    METADATA,
    *owned(),
    sa.Column("portfolio_id", Id, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "portfolio_id"),
)

ORGANIZATION_ACCESS = sa.Table(
    "organization_access",
    METADATA,
    sa.Column("organization_id", Node, primary_key=True),
    sa.Column("is_enabled", sa.Boolean, nullable=False),
    sa.Column("changed_time", Millis, nullable=False),
)

PRODUCT_COPY = sa.Table(
    "product_copy",
    METADATA,
    *owned(),
    sa.Column("id", Id, nullable=False),
    sa.Column("target_product_id", Id),
    sa.Column("failure", sa.Text),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "id"),
)
