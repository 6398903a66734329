"""The table of constraints (`catalog/constraints/constraint.py`)."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Id, Millis, owned

CONSTRAINT = sa.Table(
    "constraint",
    METADATA,
    *owned(),
    sa.Column("id", Id, nullable=False),
    sa.Column("portfolio_id", Id, nullable=False),
    sa.Column("product_id", Id, nullable=False),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("created_time", Millis, nullable=False),
    sa.Column("changed_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "id"),
    sa.Index(None, "account", "region", "portfolio_id", "created_time", "id"),
    sa.Index(None, "account", "region", "product_id", "portfolio_id"),
)
