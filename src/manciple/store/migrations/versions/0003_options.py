"""TagOptions, budgets, service actions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "budget_association",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=128), nullable=False),
        sa.Column("budget_name", sa.String(length=100), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "resource_id", "budget_name", name=op.f("pk_budget_association")),
    )
    op.create_table(
        "service_action",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("definition_type", sa.String(length=32), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_service_action")),
    )
    with op.batch_alter_table("service_action", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_service_action_account_region_created_time_id"),
            ["account", "region", "created_time", "id"],
            unique=False,
        )

    op.create_table(
        "service_action_association",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("product_id", sa.String(length=128), nullable=False),
        sa.Column("provisioning_artifact_id", sa.String(length=128), nullable=False),
        sa.Column("service_action_id", sa.String(length=128), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account",
            "region",
            "provisioning_artifact_id",
            "service_action_id",
            name=op.f("pk_service_action_association"),
        ),
    )
    with op.batch_alter_table("service_action_association", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_service_action_association_account_region_service_action_id_provisioning_artifact_id"),
            ["account", "region", "service_action_id", "provisioning_artifact_id"],
            unique=False,
        )

    op.create_table(
        "tag_option",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_tag_option")),
    )
    with op.batch_alter_table("tag_option", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tag_option_account_region_created_time_id"),
            ["account", "region", "created_time", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_tag_option_account_region_key_value"), ["account", "region", "key", "value"], unique=True
        )

    op.create_table(
        "tag_option_association",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=128), nullable=False),
        sa.Column("tag_option_id", sa.String(length=128), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "region", "resource_id", "tag_option_id", name=op.f("pk_tag_option_association")
        ),
    )
    with op.batch_alter_table("tag_option_association", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tag_option_association_account_region_tag_option_id_resource_id"),
            ["account", "region", "tag_option_id", "resource_id"],
            unique=False,
        )


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("tag_option_association", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tag_option_association_account_region_tag_option_id_resource_id"))

    op.drop_table("tag_option_association")
    with op.batch_alter_table("tag_option", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tag_option_account_region_key_value"))
        batch_op.drop_index(batch_op.f("ix_tag_option_account_region_created_time_id"))

    op.drop_table("tag_option")
    with op.batch_alter_table("service_action_association", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_service_action_association_account_region_service_action_id_provisioning_artifact_id")
        )

    op.drop_table("service_action_association")
    with op.batch_alter_table("service_action", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_action_account_region_created_time_id"))

    op.drop_table("service_action")
    op.drop_table("budget_association")
