"""Tables of service actions and of the versions that have them."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Id, Millis, owned

SERVICE_ACTION = sa.Table(
    "service_action",
    METADATA,
    *owned(),
    sa.Column("id", Id, nullable=False),
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("definition_type", sa.String(32), nullable=False),
    sa.Column("definition", sa.JSON, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "id"),
    sa.Index(None, "account", "region", "created_time", "id"),
)

SERVICE_ACTION_ASSOCIATION = sa.Table(
    "service_action_association",
    METADATA,
    *owned(),
    sa.Column("product_id", Id, nullable=False),
    sa.Column("provisioning_artifact_id", Id, nullable=False),
    sa.Column("service_action_id", Id, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "provisioning_artifact_id", "service_action_id"),
    sa.Index(None, "account", "region", "service_action_id", "provisioning_artifact_id"),
)
