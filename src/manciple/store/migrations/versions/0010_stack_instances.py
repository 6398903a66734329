"""Stack instances of stack sets."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "stack_instance",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("provisioned_product_id", sa.String(length=128), nullable=False),
        sa.Column("instance_account", sa.String(length=12), nullable=False),
        sa.Column("instance_region", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint(
            "account",
            "region",
            "provisioned_product_id",
            "instance_account",
            "instance_region",
            name=op.f("pk_stack_instance"),
        ),
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("stack_instance")
