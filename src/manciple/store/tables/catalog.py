"""Tables of the catalog: one row an entity, the columns named as the entity's fields (`catalog/entities.py`)."""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Account, Arn, Digest, Id, Millis, OptionalId, Region, owned


def _key(*columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("account", "region", *columns)


def _id(name: str = "id", *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, Id, nullable=optional)


def _text(name: str, *, optional: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=optional)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON, nullable=False)


def _time(name: str = "created_time") -> sa.Column[int]:
    return sa.Column(name, Millis, nullable=False)


PORTFOLIO = sa.Table(
    "portfolio",
    METADATA,
    *owned(),
    _id(),
    _text("display_name", optional=False),
    _text("provider_name", optional=False),
    _text("description"),
    _json("tags"),
    _time(),
    _key("id"),
    sa.Index(None, "account", "region", "created_time", "id"),
)

PRODUCT = sa.Table(
    "product",
    METADATA,
    *owned(),
    _id(),
    _id("view_id"),
    _text("name", optional=False),
    _text("owner", optional=False),
    sa.Column("type", sa.String(32), nullable=False),
    _text("description"),
    _text("distributor"),
    _text("support_description"),
    _text("support_email"),
    _text("support_url"),
    _json("tags"),
    _time(),
    _id("source_product_id", optional=True),
    _key("id"),
    sa.Index(None, "account", "region", "view_id", unique=True),
    sa.Index(None, "account", "region", "name"),
    sa.Index(None, "account", "region", "created_time", "id"),
)

PROVISIONING_ARTIFACT = sa.Table(
    "provisioning_artifact",
    METADATA,
    *owned(),
    _id(),
    _id("product_id"),
    sa.Column("sequence", sa.Integer, nullable=False),
    _text("name"),
    _text("description"),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("guidance", sa.String(16), nullable=False),
    _text("template_url"),
    sa.Column("template_digest", Digest, nullable=False),
    _time(),
    _id("source_artifact_id", optional=True),
    _id("source_product_id", optional=True),
    sa.Column("source_revision", sa.String(512)),
    _key("id"),
    sa.Index(None, "account", "region", "product_id", "sequence", unique=True),
)

PRODUCT_ASSOCIATION = sa.Table(
    "product_association",
    METADATA,
    *owned(),
    _id("product_id"),
    _id("portfolio_id"),
    _id("source_portfolio_id", optional=True),
    _time(),
    _key("product_id", "portfolio_id"),
    sa.Index(None, "account", "region", "portfolio_id", "created_time", "product_id"),
)

PRINCIPAL_ASSOCIATION = sa.Table(
    "principal_association",
    METADATA,
    *owned(),
    _id("portfolio_id"),
    sa.Column("principal_arn", Arn, nullable=False),
    sa.Column("principal_type", sa.String(16), nullable=False),
    _time(),
    _key("portfolio_id", "principal_arn", "principal_type"),
    sa.Index(None, "account", "region", "principal_type", "principal_arn", "portfolio_id"),
)

PROVISIONED_PRODUCT = sa.Table(
    "provisioned_product",
    METADATA,
    *owned(),
    _id(),
    sa.Column("name", Id, nullable=False),
    sa.Column("arn", Arn, nullable=False),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    _text("status_message"),
    _time(),
    sa.Column("revision", sa.BigInteger, nullable=False),
    _id("idempotency_token", optional=True),
    _id("product_id"),
    _text("product_name", optional=False),
    _id("provisioning_artifact_id"),
    _text("provisioning_artifact_name"),
    _id("path_id"),
    sa.Column("launch_role_arn", Arn),
    sa.Column("user_arn", Arn, nullable=False),
    sa.Column("user_arn_session", Arn, nullable=False),
    sa.Column("physical_id", Arn),
    _json("tags"),
    _json("notification_arns"),
    sa.Column("parameters_digest", Digest),
    sa.Column("last_record_id", OptionalId, nullable=False),
    _id("last_provisioning_record_id", optional=True),
    _id("last_successful_provisioning_record_id", optional=True),
    _key("id"),
    sa.Index(None, "account", "region", "name", unique=True),
    sa.Index(None, "account", "region", "created_time", "id"),
    sa.Index(None, "account", "region", "user_arn", "created_time", "id"),
    sa.Index(None, "account", "region", "user_arn_session", "created_time", "id"),
    sa.Index(None, "account", "region", "arn", "id"),
    sa.Index(None, "account", "region", "last_record_id", "id"),
)

PLAN = sa.Table(
    "plan",
    METADATA,
    *owned(),
    _id(),
    sa.Column("name", Id, nullable=False),
    sa.Column("type", sa.String(32), nullable=False),
    _id("provisioned_product_id"),
    sa.Column("provisioned_product_name", Id, nullable=False),
    _id("product_id"),
    _id("provisioning_artifact_id"),
    _id("path_id"),
    sa.Column("status", sa.String(24), nullable=False),
    _text("status_message"),
    _text("status_reason"),
    _time(),
    _time("updated_time"),
    _json("notification_arns"),
    _json("tags"),
    sa.Column("user_arn", Arn, nullable=False),
    sa.Column("user_arn_session", Arn, nullable=False),
    sa.Column("launch_role_arn", Arn),
    sa.Column("is_new", sa.Boolean, nullable=False),
    sa.Column("base_revision", sa.BigInteger, nullable=False),
    sa.Column("request_digest", Digest, nullable=False),
    sa.Column("planned_digest", Digest),
    sa.Column("document_digest", Digest),
    sa.Column("changes_digest", Digest),
    sa.Column("fingerprint", Digest),
    sa.Column("base_fingerprint", Digest),
    _id("record_id", optional=True),
    _key("id"),
    sa.Index(None, "account", "region", "provisioned_product_id"),
    sa.Index(None, "account", "region", "created_time", "id"),
    sa.Index(None, "account", "region", "user_arn", "created_time", "id"),
    sa.Index(None, "account", "region", "user_arn_session", "created_time", "id"),
)

RECORD = sa.Table(
    "record",
    METADATA,
    *owned(),
    _id(),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    _time(),
    _time("updated_time"),
    _id("provisioned_product_id"),
    sa.Column("provisioned_product_name", Id, nullable=False),
    sa.Column("provisioned_product_type", sa.String(32), nullable=False),
    _id("product_id"),
    _id("provisioning_artifact_id"),
    _id("path_id"),
    sa.Column("launch_role_arn", Arn),
    _id("plan_id", optional=True),
    sa.Column("user_arn", Arn, nullable=False),
    sa.Column("user_arn_session", Arn, nullable=False),
    _json("tags"),
    _json("errors"),
    _json("outputs"),
    sa.Column("product_account", Account),
    _key("id"),
    sa.Index(None, "account", "region", "created_time", "id"),
    sa.Index(None, "account", "region", "user_arn", "created_time", "id"),
    sa.Index(None, "account", "region", "user_arn_session", "created_time", "id"),
    sa.Index(None, "account", "region", "provisioned_product_id", "created_time", "id"),
    sa.Index(None, "account", "region", "product_id", "created_time", "id"),
)

ACCESS_KEY = sa.Table(
    "access_key",
    METADATA,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account", Account, nullable=False),
    sa.Column("arn", Arn, nullable=False),
    sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
    _text("policy", optional=False),
    sa.Column("is_operator", sa.Boolean, nullable=False),
    _time(),
)

IDEMPOTENCY = sa.Table(
    "idempotency",
    METADATA,
    *owned(),
    sa.Column("operation", sa.String(80), nullable=False),
    sa.Column("token", sa.String(128), nullable=False),
    sa.Column("principal", Arn, nullable=False),
    sa.Column("input_digest", Digest, nullable=False),
    sa.Column("response", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", Millis, nullable=False),
    _key("operation", "token"),
    sa.Index(None, "expires_at"),
)

Term = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")
"""Ordered by code points on both databases, so that "begins with" is a range of the index."""

TERM = sa.Table(
    "term",
    METADATA,
    *owned(),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("field", sa.String(64), nullable=False),
    sa.Column("term", Term, nullable=False),
    _time(),
    _id(),
    _key("kind", "field", "term", "created_time", "id"),
    sa.Index(None, "account", "region", "kind", "term", "id"),
    sa.Index(None, "account", "region", "kind", "id", "field", "term"),
)

TERM_COUNT = sa.Table(
    "term_count",
    METADATA,
    *owned(),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("field", sa.String(64), nullable=False),
    sa.Column("term", Term, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    _key("kind", "field", "term"),
)

ENVIRONMENT = sa.Table(
    "environment",
    METADATA,
    sa.Column("account", Account, primary_key=True),
    sa.Column("region", Region, primary_key=True),
    sa.Column("document", sa.LargeBinary, nullable=False),
)

KEY_CHECK = sa.Table(
    "key_check",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
