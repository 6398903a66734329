"""Constraints, the topics of a stack, and what is still to be told them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "constraint",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("portfolio_id", sa.String(length=128), nullable=False),
        sa.Column("product_id", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("changed_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_constraint")),
    )
    op.create_index(
        op.f("ix_constraint_account_region_portfolio_id_created_time_id"),
        "constraint",
        ["account", "region", "portfolio_id", "created_time", "id"],
    )
    op.create_index(
        op.f("ix_constraint_account_region_product_id_portfolio_id"),
        "constraint",
        ["account", "region", "product_id", "portfolio_id"],
    )
    op.add_column("stack", sa.Column("notification_arns", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "notification",
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("stack_id", sa.String(length=128), nullable=False),
        sa.Column("topic_arn", sa.String(length=2048), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", "stack_id", "topic_arn", name=op.f("pk_notification")),
    )
    op.create_index(op.f("ix_notification_not_before"), "notification", ["not_before"])


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("notification")
    op.drop_column("stack", "notification_arns")
    op.drop_table("constraint")
