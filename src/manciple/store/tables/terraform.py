"""Tables of products that Terraform deploys."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Digest, Id, Millis, owned

TERRAFORM_STATE = sa.Table(
    "terraform_state",
    METADATA,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    sa.Column("provisioned_product_id", Id, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.Column("updated_time", Millis, nullable=False),
    sa.Column("lineage", sa.String(255)),
    sa.Column("serial", sa.BigInteger, nullable=False),
    sa.Column("digest", Digest),
    sa.Column("versions", sa.Integer, nullable=False),
    sa.Column("lock_id", sa.String(255)),
    sa.Column("lock_info", sa.Text),
    sa.Column("locked_by", Id),
    sa.Column("applied_digest", Digest),
    sa.Index(None, "account", "region", "provisioned_product_id", unique=True),
)

TERRAFORM_STATE_VERSION = sa.Table(
    "terraform_state_version",
    METADATA,
    sa.Column("state_id", Id, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    *owned(),
    sa.Column("lineage", sa.String(255), nullable=False),
    sa.Column("serial", sa.BigInteger, nullable=False),
    sa.Column("digest", Digest, nullable=False),
    sa.Column("operation_id", Id, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("state_id", "number"),
)

TERRAFORM_RUN = sa.Table(
    "terraform_run",
    METADATA,
    sa.Column("token_hash", Digest, primary_key=True),
    *owned(),
    sa.Column("state_id", Id, nullable=False),
    sa.Column("operation_id", Id, nullable=False),
    sa.Column("may_write", sa.Boolean, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.Column("ended_time", Millis),
    sa.Index(None, "operation_id"),
)

TERRAFORM_PLAN = sa.Table(
    "terraform_plan",
    METADATA,
    sa.Column("operation_id", Id, primary_key=True),
    *owned(),
    sa.Column("state_id", Id, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("content_digest", Digest, nullable=False),
    sa.Column("package_digest", Digest, nullable=False),
    sa.Column("lineage", sa.String(255)),
    sa.Column("serial", sa.BigInteger, nullable=False),
    sa.Column("program", sa.String(64), nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.Column("locks_digest", Digest),
)
