"""Tables of the engine: what must happen and how far it is. The rows are the program counter (decisions/rows.md).

Rows hold what is queried, locked or fenced; models, templates and graphs are blobs by digest (`store/objects.py`).
"""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Arn, Digest, Id, Millis, owned

LogicalId = sa.String(255)

STACK = sa.Table(
    "stack",
    METADATA,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    sa.Column("provisioned_product_id", Id, nullable=False),
    sa.Column("parent_id", Id),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("arn", Arn, nullable=False),
    sa.Column("status", sa.String(48), nullable=False),
    sa.Column("status_reason", sa.Text),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("place", sa.JSON, nullable=False),
    sa.Column("deployed_digest", Digest),
    sa.Column("created_time", Millis, nullable=False),
    sa.Column("updated_time", Millis, nullable=False),
    sa.Column("notification_arns", sa.JSON, nullable=False, server_default="[]"),
    sa.Index(None, "account", "region", "provisioned_product_id"),
)

INSTANCE = sa.Table(
    "instance",
    METADATA,
    sa.Column("stack_id", Id, nullable=False),
    sa.Column("logical_id", LogicalId, nullable=False),
    sa.Column("incarnation", sa.Integer, nullable=False),
    sa.Column("type", sa.String(256), nullable=False),
    sa.Column("physical_id", sa.Text),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("digest", Digest),
    sa.Column("previous_digest", Digest),
    sa.Column("dependencies", sa.JSON, nullable=False),
    sa.Column("deletion_policy", sa.String(24), nullable=False),
    sa.PrimaryKeyConstraint("stack_id", "logical_id", "incarnation"),
)

OPERATION = sa.Table(
    "operation",
    METADATA,
    sa.Column("id", Id, primary_key=True),
    *owned(),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("target", sa.String(32), nullable=False),
    sa.Column("provisioned_product_id", Id, nullable=False),
    sa.Column("plan_id", Id),
    sa.Column("record_id", Id),
    sa.Column("stack_id", Id),
    sa.Column("phase", sa.String(24), nullable=False),
    sa.Column("cancelled", sa.Boolean, nullable=False),
    sa.Column("lease", Millis, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("claims", sa.Integer, nullable=False),
    sa.Column("calls", sa.Integer, nullable=False),
    sa.Column("not_before", Millis),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("handle", sa.JSON),
    sa.Column("request_digest", Digest, nullable=False),
    sa.Column("planned_digest", Digest),
    sa.Column("reason", sa.Text),
    sa.Column("created_time", Millis, nullable=False),
    sa.Column("updated_time", Millis, nullable=False),
    sa.Index("ix_operation_due", "not_before", "lease"),
    sa.Index(None, "account", "region", "provisioned_product_id"),
)

STEP = sa.Table(
    "step",
    METADATA,
    sa.Column("operation_id", Id, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("phase", sa.String(24), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("logical_id", LogicalId, nullable=False),
    sa.Column("verb", sa.String(16), nullable=False),
    sa.Column("before", sa.Integer),
    sa.Column("after", sa.Integer),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("token", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("context", sa.LargeBinary),
    sa.Column("not_before", Millis, nullable=False),
    sa.Column("deadline", Millis),
    sa.Column("error_code", sa.String(64)),
    sa.Column("error", sa.Text),
    sa.PrimaryKeyConstraint("operation_id", "number"),
)

DEPENDENCY = sa.Table(
    "dependency",
    METADATA,
    sa.Column("operation_id", Id, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("needs", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("operation_id", "number", "needs"),
)

SIGNAL = sa.Table(
    "signal",
    METADATA,
    sa.Column("operation_id", Id, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("unique_id", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("data", sa.LargeBinary),
    sa.Column("received_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("operation_id", "number", "unique_id"),
)

EVENT = sa.Table(
    "event",
    METADATA,
    sa.Column("operation_id", Id, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("stack_id", Id, nullable=False),
    sa.Column("timestamp", Millis, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("logical_id", LogicalId, nullable=False),
    sa.Column("physical_id", sa.Text),
    sa.Column("type", sa.String(256), nullable=False),
    sa.Column("status", sa.String(48), nullable=False),
    sa.Column("reason", sa.Text),
    sa.PrimaryKeyConstraint("operation_id", "number"),
    sa.Index(None, "stack_id", "timestamp", "number"),
)

NOTIFICATION = sa.Table(
    "notification",
    METADATA,
    sa.Column("operation_id", Id, nullable=False),
    sa.Column("stack_id", Id, nullable=False),
    sa.Column("topic_arn", Arn, nullable=False),
    sa.Column("told", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", Millis, nullable=False),
    sa.PrimaryKeyConstraint("operation_id", "stack_id", "topic_arn"),
    sa.Index(None, "not_before"),
)
"""A topic that is to be told the events of a stack's operation; `told` is the number of the last one it was told."""

EXPORT = sa.Table(
    "export",
    METADATA,
    *owned(),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("stack_id", Id, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "name"),
    sa.Index(None, "stack_id"),
)

IMPORT = sa.Table(
    "import",
    METADATA,
    *owned(),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("stack_id", Id, nullable=False),
    sa.Column("operation_id", Id),
    sa.PrimaryKeyConstraint("account", "region", "name", "stack_id"),
    sa.Index(None, "stack_id"),
)
