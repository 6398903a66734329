"""Messages to provisioning engines."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "queued_message",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("queue", sa.String(length=80), nullable=False),
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sent_time", sa.BigInteger(), nullable=False),
        sa.Column("visible_time", sa.BigInteger(), nullable=False),
        sa.Column("receive_count", sa.Integer(), nullable=False),
        sa.Column("first_received_time", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queued_message")),
    )
    op.create_index(
        op.f("ix_queued_message_account_region_queue_visible_time"),
        "queued_message",
        ["account", "region", "queue", "visible_time"],
    )
    op.create_index(op.f("ix_queued_message_operation_id"), "queued_message", ["operation_id"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index(op.f("ix_queued_message_operation_id"), "queued_message")
    op.drop_index(op.f("ix_queued_message_account_region_queue_visible_time"), "queued_message")
    op.drop_table("queued_message")
