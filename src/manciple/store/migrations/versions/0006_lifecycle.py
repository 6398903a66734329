"""Workflows of provisioning engines."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "workflow",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=128), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("received_time", sa.BigInteger(), nullable=True),
        sa.Column("result_digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_workflow")),
    )
    op.create_index(
        op.f("ix_workflow_account_region_record_id_attempt"),
        "workflow",
        ["account", "region", "record_id", "attempt"],
        unique=True,
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index(op.f("ix_workflow_account_region_record_id_attempt"), "workflow")
    op.drop_table("workflow")
