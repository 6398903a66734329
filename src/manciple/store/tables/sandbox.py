"""Tables of the sandbox: a simulated cloud with commits of its own, apart from the engine's rows.

`sandbox_ledger` remembers every client token with the digest of its request and the first answer: a second call under a
token acts on nothing. Everything is keyed by account and region.
"""

import sqlalchemy as sa

from manciple.store.metadata import METADATA, Digest, Millis, owned

PhysicalId = sa.String(1024)
Type = sa.String(256)

SANDBOX_RESOURCE = sa.Table(
    "sandbox_resource",
    METADATA,
    *owned(),
    sa.Column("type", Type, nullable=False),
    sa.Column("physical_id", PhysicalId, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("created_time", Millis, nullable=False),
    sa.PrimaryKeyConstraint("account", "region", "type", "physical_id"),
)

SANDBOX_LEDGER = sa.Table(
    "sandbox_ledger",
    METADATA,
    sa.Column("token", sa.Text, primary_key=True),
    *owned(),
    sa.Column("request_digest", Digest, nullable=False),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("type", Type, nullable=False),
    sa.Column("physical_id", PhysicalId),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("calls", sa.Integer, nullable=False),
)

SANDBOX_FAULT = sa.Table(
    "sandbox_fault",
    METADATA,
    *owned(),
    sa.Column("selector", Type, nullable=False),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("error_code", sa.String(64)),
    sa.Column("message", sa.Text),
    sa.Column("delay_ms", Millis, nullable=False),
    sa.Column("skip", sa.Integer, nullable=False),
    sa.Column("remaining", sa.Integer),
    sa.PrimaryKeyConstraint("account", "region", "selector", "action"),
)
