"""The table of stack instances (`catalog/stack_sets.py`)."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Account, Id, Region, owned

STACK_INSTANCE = sa.Table(
    "stack_instance",
    METADATA,
    *owned(),
    sa.Column("provisioned_product_id", Id, nullable=False),
    sa.Column("instance_account", Account, nullable=False),
    sa.Column("instance_region", Region, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "provisioned_product_id", "instance_account", "instance_region"),
)
