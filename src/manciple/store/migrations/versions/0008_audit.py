"""The audit."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "audit",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("principal", sa.String(length=2048), nullable=False),
        sa.Column("session", sa.String(length=2048), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("source_address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=256), nullable=False),
        sa.Column("outcome", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "time", "request_id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_account_region_operation_time_request_id"),
            ["account", "region", "operation", "time", "request_id"],
        )
        batch_op.create_index(
            batch_op.f("ix_audit_account_region_principal_time_request_id"),
            ["account", "region", "principal", "time", "request_id"],
        )


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_account_region_principal_time_request_id"))
        batch_op.drop_index(batch_op.f("ix_audit_account_region_operation_time_request_id"))

    op.drop_table("audit")
