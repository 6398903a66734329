"""Shares of portfolios, access to organizations, copies of products."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "portfolio_share",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("portfolio_id", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("principal_id", sa.String(length=68), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("share_tag_options", sa.Boolean(), nullable=False),
        sa.Column("share_principals", sa.Boolean(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "region", "portfolio_id", "type", "principal_id", name=op.f("pk_portfolio_share")
        ),
    )
    op.create_index(
        op.f("ix_portfolio_share_principal_id_region_portfolio_id"),
        "portfolio_share",
        ["principal_id", "region", "portfolio_id"],
    )
    op.create_table(
        "share_action",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("portfolio_id", sa.String(length=128), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("principal_id", sa.String(length=68), nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_share_action")),
    )
    op.create_index(
        op.f("ix_share_action_account_region_portfolio_id_created_time"),
        "share_action",
        ["account", "region", "portfolio_id", "created_time"],
    )
    op.create_table(
        "portfolio_rejection",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("portfolio_id", sa.String(length=128), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "portfolio_id", name=op.f("pk_portfolio_rejection")),
    )
    op.create_table(
        "organization_access",
        sa.Column("organization_id", sa.String(length=68), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_organization_access")),
    )
    op.create_table(
        "product_copy",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("target_product_id", sa.String(length=128), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_product_copy")),
    )
    op.add_column("product", sa.Column("source_product_id", sa.String(length=128), nullable=True))
    op.add_column("provisioning_artifact", sa.Column("source_artifact_id", sa.String(length=128), nullable=True))
    op.add_column("provisioning_artifact", sa.Column("source_product_id", sa.String(length=128), nullable=True))
    op.add_column("record", sa.Column("product_account", sa.String(length=12), nullable=True))


def downgrade() -> None:
    """Take the tables back to the revision before."""
    op.drop_column("record", "product_account")
    op.drop_column("provisioning_artifact", "source_product_id")
    op.drop_column("provisioning_artifact", "source_artifact_id")
    op.drop_column("product", "source_product_id")
    op.drop_table("product_copy")
    op.drop_table("organization_access")
    op.drop_table("portfolio_rejection")
    op.drop_index(op.f("ix_share_action_account_region_portfolio_id_created_time"), table_name="share_action")
    op.drop_table("share_action")
    op.drop_index(op.f("ix_portfolio_share_principal_id_region_portfolio_id"), table_name="portfolio_share")
    op.drop_table("portfolio_share")
