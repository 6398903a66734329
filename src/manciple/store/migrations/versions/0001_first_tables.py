"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.create_table(
        "access_key",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("arn", sa.String(length=2048), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_key")),
    )
    op.create_table(
        "blob",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blob")),
    )
    op.create_table(
        "bucket",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_bucket")),
    )
    op.create_table(
        "callback",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("is_lasting", sa.Boolean(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_callback")),
    )
    with op.batch_alter_table("callback", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_callback_operation_id_number_epoch"), ["operation_id", "number", "epoch"], unique=False
        )

    op.create_table(
        "dependency",
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("needs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", "number", "needs", name=op.f("pk_dependency")),
    )
    op.create_table(
        "environment",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", name=op.f("pk_environment")),
    )
    op.create_table(
        "event",
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stack_id", sa.String(length=128), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("logical_id", sa.String(length=255), nullable=False),
        sa.Column("physical_id", sa.Text(), nullable=True),
        sa.Column("type", sa.String(length=256), nullable=False),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("operation_id", "number", name=op.f("pk_event")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_event_stack_id_timestamp_number"), ["stack_id", "timestamp", "number"], unique=False
        )

    op.create_table(
        "export",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("stack_id", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "name", name=op.f("pk_export")),
    )
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_export_stack_id"), ["stack_id"], unique=False)

    op.create_table(
        "idempotency",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("token", sa.String(length=128), nullable=False),
        sa.Column("principal", sa.String(length=2048), nullable=False),
        sa.Column("input_digest", sa.String(length=64), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "operation", "token", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "import",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("stack_id", sa.String(length=128), nullable=False),
        sa.Column("operation_id", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("account", "region", "name", "stack_id", name=op.f("pk_import")),
    )
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_stack_id"), ["stack_id"], unique=False)

    op.create_table(
        "instance",
        sa.Column("stack_id", sa.String(length=128), nullable=False),
        sa.Column("logical_id", sa.String(length=255), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=256), nullable=False),
        sa.Column("physical_id", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("previous_digest", sa.String(length=64), nullable=True),
        sa.Column("dependencies", sa.JSON(), nullable=False),
        sa.Column("deletion_policy", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("stack_id", "logical_id", "incarnation", name=op.f("pk_instance")),
    )
    op.create_table(
        "key_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_check")),
    )
    op.create_table(
        "object_chunk",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "digest", "number", name=op.f("pk_object_chunk")),
    )
    op.create_table(
        "operation",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("provisioned_product_id", sa.String(length=128), nullable=False),
        sa.Column("plan_id", sa.String(length=128), nullable=True),
        sa.Column("record_id", sa.String(length=128), nullable=True),
        sa.Column("stack_id", sa.String(length=128), nullable=True),
        sa.Column("phase", sa.String(length=24), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("handle", sa.JSON(), nullable=True),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("planned_digest", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("updated_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
    )
    with op.batch_alter_table("operation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_operation_account_region_provisioned_product_id"),
            ["account", "region", "provisioned_product_id"],
            unique=False,
        )
        batch_op.create_index("ix_operation_due", ["not_before", "lease"], unique=False)

    op.create_table(
        "plan",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("provisioned_product_id", sa.String(length=128), nullable=False),
        sa.Column("provisioned_product_name", sa.String(length=128), nullable=False),
        sa.Column("product_id", sa.String(length=128), nullable=False),
        sa.Column("provisioning_artifact_id", sa.String(length=128), nullable=False),
        sa.Column("path_id", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("status_message", sa.Text(), nullable=True),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("updated_time", sa.BigInteger(), nullable=False),
        sa.Column("notification_arns", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("user_arn", sa.String(length=2048), nullable=False),
        sa.Column("user_arn_session", sa.String(length=2048), nullable=False),
        sa.Column("launch_role_arn", sa.String(length=2048), nullable=True),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("base_revision", sa.BigInteger(), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("planned_digest", sa.String(length=64), nullable=True),
        sa.Column("document_digest", sa.String(length=64), nullable=True),
        sa.Column("changes_digest", sa.String(length=64), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("base_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("record_id", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_plan")),
    )
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_plan_account_region_created_time_id"),
            ["account", "region", "created_time", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_plan_account_region_provisioned_product_id"),
            ["account", "region", "provisioned_product_id"],
            unique=False,
        )

    op.create_table(
        "portfolio",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_portfolio")),
    )
    with op.batch_alter_table("portfolio", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_portfolio_account_region_created_time_id"),
            ["account", "region", "created_time", "id"],
            unique=False,
        )

    op.create_table(
        "principal_association",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("portfolio_id", sa.String(length=128), nullable=False),
        sa.Column("principal_arn", sa.String(length=2048), nullable=False),
        sa.Column("principal_type", sa.String(length=16), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account",
            "region",
            "portfolio_id",
            "principal_arn",
            "principal_type",
            name=op.f("pk_principal_association"),
        ),
    )
    with op.batch_alter_table("principal_association", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_principal_association_account_region_principal_type_principal_arn_portfolio_id"),
            ["account", "region", "principal_type", "principal_arn", "portfolio_id"],
            unique=False,
        )

    op.create_table(
        "product",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("view_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("distributor", sa.Text(), nullable=True),
        sa.Column("support_description", sa.Text(), nullable=True),
        sa.Column("support_email", sa.Text(), nullable=True),
        sa.Column("support_url", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_product")),
    )
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_product_account_region_created_time_id"),
            ["account", "region", "created_time", "id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_product_account_region_name"), ["account", "region", "name"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_product_account_region_view_id"), ["account", "region", "view_id"], unique=True
        )

    op.create_table(
        "product_association",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("product_id", sa.String(length=128), nullable=False),
        sa.Column("portfolio_id", sa.String(length=128), nullable=False),
        sa.Column("source_portfolio_id", sa.String(length=128), nullable=True),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "product_id", "portfolio_id", name=op.f("pk_product_association")),
    )
    with op.batch_alter_table("product_association", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_product_association_account_region_portfolio_id_created_time_product_id"),
            ["account", "region", "portfolio_id", "created_time", "product_id"],
            unique=False,
        )

    op.create_table(
        "provisioned_product",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("arn", sa.String(length=2048), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("status_message", sa.Text(), nullable=True),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_token", sa.String(length=128), nullable=True),
        sa.Column("product_id", sa.String(length=128), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("provisioning_artifact_id", sa.String(length=128), nullable=False),
        sa.Column("provisioning_artifact_name", sa.Text(), nullable=True),
        sa.Column("path_id", sa.String(length=128), nullable=False),
        sa.Column("launch_role_arn", sa.String(length=2048), nullable=True),
        sa.Column("user_arn", sa.String(length=2048), nullable=False),
        sa.Column("user_arn_session", sa.String(length=2048), nullable=False),
        sa.Column("physical_id", sa.String(length=2048), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("notification_arns", sa.JSON(), nullable=False),
        sa.Column("parameters_digest", sa.String(length=64), nullable=True),
        sa.Column("last_record_id", sa.String(length=128), nullable=True),
        sa.Column("last_provisioning_record_id", sa.String(length=128), nullable=True),
        sa.Column("last_successful_provisioning_record_id", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_provisioned_product")),
    )
    with op.batch_alter_table("provisioned_product", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_provisioned_product_account_region_created_time_id"),
            ["account", "region", "created_time", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_provisioned_product_account_region_name"), ["account", "region", "name"], unique=True
        )

    op.create_table(
        "provisioning_artifact",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("product_id", sa.String(length=128), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("guidance", sa.String(length=16), nullable=False),
        sa.Column("template_url", sa.Text(), nullable=True),
        sa.Column("template_digest", sa.String(length=64), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_provisioning_artifact")),
    )
    with op.batch_alter_table("provisioning_artifact", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_provisioning_artifact_account_region_product_id_sequence"),
            ["account", "region", "product_id", "sequence"],
            unique=True,
        )

    op.create_table(
        "record",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("updated_time", sa.BigInteger(), nullable=False),
        sa.Column("provisioned_product_id", sa.String(length=128), nullable=False),
        sa.Column("provisioned_product_name", sa.String(length=128), nullable=False),
        sa.Column("provisioned_product_type", sa.String(length=32), nullable=False),
        sa.Column("product_id", sa.String(length=128), nullable=False),
        sa.Column("provisioning_artifact_id", sa.String(length=128), nullable=False),
        sa.Column("path_id", sa.String(length=128), nullable=False),
        sa.Column("launch_role_arn", sa.String(length=2048), nullable=True),
        sa.Column("plan_id", sa.String(length=128), nullable=True),
        sa.Column("user_arn", sa.String(length=2048), nullable=False),
        sa.Column("user_arn_session", sa.String(length=2048), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.Column("outputs", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "id", name=op.f("pk_record")),
    )
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_record_account_region_created_time_id"),
            ["account", "region", "created_time", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_record_account_region_product_id_created_time_id"),
            ["account", "region", "product_id", "created_time", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_record_account_region_provisioned_product_id_created_time_id"),
            ["account", "region", "provisioned_product_id", "created_time", "id"],
            unique=False,
        )

    op.create_table(
        "sandbox_fault",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("selector", sa.String(length=256), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("delay_ms", sa.BigInteger(), nullable=False),
        sa.Column("skip", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("account", "region", "selector", "action", name=op.f("pk_sandbox_fault")),
    )
    op.create_table(
        "sandbox_ledger",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=256), nullable=False),
        sa.Column("physical_id", sa.String(length=1024), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sandbox_ledger")),
    )
    op.create_table(
        "sandbox_resource",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=256), nullable=False),
        sa.Column("physical_id", sa.String(length=1024), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "type", "physical_id", name=op.f("pk_sandbox_resource")),
    )
    op.create_table(
        "signal",
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("unique_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("received_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", "number", "unique_id", name=op.f("pk_signal")),
    )
    op.create_table(
        "stack",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("provisioned_product_id", sa.String(length=128), nullable=False),
        sa.Column("parent_id", sa.String(length=128), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("arn", sa.String(length=2048), nullable=False),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("deployed_digest", sa.String(length=64), nullable=True),
        sa.Column("created_time", sa.BigInteger(), nullable=False),
        sa.Column("updated_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stack")),
    )
    with op.batch_alter_table("stack", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stack_account_region_provisioned_product_id"),
            ["account", "region", "provisioned_product_id"],
            unique=False,
        )

    op.create_table(
        "step",
        sa.Column("operation_id", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=24), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("logical_id", sa.String(length=255), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("context", sa.LargeBinary(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("operation_id", "number", name=op.f("pk_step")),
    )
    op.create_table(
        "stored_object",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("bucket", sa.String(length=63), nullable=False),
        sa.Column("key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=64), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("checksums", sa.JSON(), nullable=False),
        sa.Column("last_modified", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "bucket", "key", name=op.f("pk_stored_object")),
    )
    with op.batch_alter_table("stored_object", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stored_object_account_region_digest"), ["account", "region", "digest"], unique=False
        )

    op.create_table(
        "term",
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column(
            "term",
            sa.String(length=512).with_variant(sa.String(length=512, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "kind", "field", "term", "id", name=op.f("pk_term")),
    )
    with op.batch_alter_table("term", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_term_account_region_kind_id"), ["account", "region", "kind", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_term_account_region_kind_term_id"), ["account", "region", "kind", "term", "id"], unique=False
        )


def downgrade() -> None:
    """Take the tables back to the revision before."""
    with op.batch_alter_table("term", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_term_account_region_kind_term_id"))
        batch_op.drop_index(batch_op.f("ix_term_account_region_kind_id"))

    op.drop_table("term")
    with op.batch_alter_table("stored_object", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stored_object_account_region_digest"))

    op.drop_table("stored_object")
    op.drop_table("step")
    with op.batch_alter_table("stack", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stack_account_region_provisioned_product_id"))

    op.drop_table("stack")
    op.drop_table("signal")
    op.drop_table("sandbox_resource")
    op.drop_table("sandbox_ledger")
    op.drop_table("sandbox_fault")
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_record_account_region_provisioned_product_id_created_time_id"))
        batch_op.drop_index(batch_op.f("ix_record_account_region_product_id_created_time_id"))
        batch_op.drop_index(batch_op.f("ix_record_account_region_created_time_id"))

    op.drop_table("record")
    with op.batch_alter_table("provisioning_artifact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_provisioning_artifact_account_region_product_id_sequence"))

    op.drop_table("provisioning_artifact")
    with op.batch_alter_table("provisioned_product", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_provisioned_product_account_region_name"))
        batch_op.drop_index(batch_op.f("ix_provisioned_product_account_region_created_time_id"))

    op.drop_table("provisioned_product")
    with op.batch_alter_table("product_association", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_association_account_region_portfolio_id_created_time_product_id"))

    op.drop_table("product_association")
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_account_region_view_id"))
        batch_op.drop_index(batch_op.f("ix_product_account_region_name"))
        batch_op.drop_index(batch_op.f("ix_product_account_region_created_time_id"))

    op.drop_table("product")
    with op.batch_alter_table("principal_association", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_principal_association_account_region_principal_type_principal_arn_portfolio_id")
        )

    op.drop_table("principal_association")
    with op.batch_alter_table("portfolio", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_portfolio_account_region_created_time_id"))

    op.drop_table("portfolio")
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plan_account_region_provisioned_product_id"))
        batch_op.drop_index(batch_op.f("ix_plan_account_region_created_time_id"))

    op.drop_table("plan")
    with op.batch_alter_table("operation", schema=None) as batch_op:
        batch_op.drop_index("ix_operation_due")
        batch_op.drop_index(batch_op.f("ix_operation_account_region_provisioned_product_id"))

    op.drop_table("operation")
    op.drop_table("object_chunk")
    op.drop_table("key_check")
    op.drop_table("instance")
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_stack_id"))

    op.drop_table("import")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_expires_at"))

    op.drop_table("idempotency")
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_export_stack_id"))

    op.drop_table("export")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_stack_id_timestamp_number"))

    op.drop_table("event")
    op.drop_table("environment")
    op.drop_table("dependency")
    with op.batch_alter_table("callback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_callback_operation_id_number_epoch"))

    op.drop_table("callback")
    op.drop_table("bucket")
    op.drop_table("blob")
    op.drop_table("access_key")
