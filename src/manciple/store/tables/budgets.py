"""The table of budgets' associations."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Id, Millis, owned

BUDGET_ASSOCIATION = sa.Table(
    "budget_association",
    METADATA,
    *owned(),
    sa.Column("resource_id", Id, nullable=False),
    sa.Column("budget_name", sa.String(100), nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "resource_id", "budget_name"),
)
