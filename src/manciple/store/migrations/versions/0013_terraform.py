"""States, runs and saved plans of products that Terraform deploys."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "terraform_state",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("provisioned_product_id", sa.String(length=128), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("updated_time", sa.BigInteger(), nullable=False),
        sa.Column("lineage", sa.String(length=255), nullable=True),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("lock_id", sa.String(length=255), nullable=True),
        sa.Column("lock_info", sa.Text(), nullable=True),
        sa.Column("locked_by", sa.String(length=128), nullable=True),
        sa.Column("applied_digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terraform_state")),
    )
    op.create_index(
        op.f("ix_terraform_state_account_region_provisioned_product_id"),
        "terraform_state",
        ["account", "region", "provisioned_product_id"],
        unique=True,
    )
    op.create_table(
        "terraform_state_version",
        sa.Column("state_id", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("lineage", sa.String(length=255), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state_id", "number", name=op.f("pk_terraform_state_version")),
    )
    op.create_table(
        "terraform_run",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("state_id", sa.String(length=128), nullable=False),
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("may_write", sa.Boolean(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("ended_time", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_terraform_run")),
    )
    op.create_index(op.f("ix_terraform_run_operation_id"), "terraform_run", ["operation_id"])
    op.create_table(
        "terraform_plan",
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("state_id", sa.String(length=128), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("package_digest", sa.String(length=64), nullable=False),
        sa.Column("lineage", sa.String(length=255), nullable=True),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("program", sa.String(length=64), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("locks_digest", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_terraform_plan")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("terraform_plan")
    op.drop_index(op.f("ix_terraform_run_operation_id"), "terraform_run")
    op.drop_table("terraform_run")
    op.drop_table("terraform_state_version")
    op.drop_index(op.f("ix_terraform_state_account_region_provisioned_product_id"), "terraform_state")
    op.drop_table("terraform_state")
