"""Source connections: products that follow a repository, and the commits of their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "source_connection",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("product_id", sa.String(length=128), nullable=False),
        sa.Column("connection_arn", sa.String(length=1224), nullable=False),
        sa.Column("repository", sa.String(length=100), nullable=False),
        sa.Column("branch", sa.String(length=250), nullable=False),
        sa.Column("artifact_path", sa.Text(), nullable=False),
        sa.Column("next_sync_time", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.String(length=512), nullable=True),
        sa.Column("last_sync_time", sa.BigInteger(), nullable=True),
        sa.Column("last_sync_status", sa.String(length=16), nullable=True),
        sa.Column("last_sync_message", sa.Text(), nullable=True),
        sa.Column("last_successful_sync_time", sa.BigInteger(), nullable=True),
        sa.Column("last_successful_artifact_id", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("account", "region", "product_id", name=op.f("pk_source_connection")),
    )
    op.create_index(op.f("ix_source_connection_next_sync_time"), "source_connection", ["next_sync_time"], unique=False)
    op.add_column("provisioning_artifact", sa.Column("source_revision", sa.String(length=512), nullable=True))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("provisioning_artifact", schema=None) as batch_op:
        batch_op.drop_column("source_revision")
    op.drop_index(op.f("ix_source_connection_next_sync_time"), "source_connection")
    op.drop_table("source_connection")
