"""Search that costs the same however much there is: terms in order, terms counted, indexes by who and by sort field."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TERM = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")
_COUNTED = (
    "'name', 'productid', 'productname', 'provisioningartifactid', 'provisioningartifactname', 'status', 'tags', "
    "'type', 'userarn', 'userarnsession'"
)
_BY_CREATOR = {
    "provisioned_product": ("user_arn", "user_arn_session"),
    "plan": ("user_arn", "user_arn_session"),
    "record": ("user_arn", "user_arn_session"),
}
_INDEXES = (("term", "id"), ("id", "field", "term"))
_INDEXES_BEFORE = (("term", "id"), ("id",))
_SELECT_WITH_TIME = """
SELECT t.account, t.region, t.kind, t.field, t.term, COALESCE(p.created_time, q.created_time, 0), t.id
FROM term AS t
LEFT JOIN provisioned_product AS p ON p.account = t.account AND p.region = t.region AND p.id = t.id
LEFT JOIN product AS q ON q.account = t.account AND q.region = t.region AND q.id = t.id
"""


def upgrade() -> None:
    """Bring the tables up to this revision."""
    op.execute("UPDATE provisioned_product SET last_record_id = '' WHERE last_record_id IS NULL")
    with op.batch_alter_table("provisioned_product", schema=None) as batch_op:
        batch_op.alter_column("last_record_id", existing_type=sa.String(128), nullable=False)
        for column in ("arn", "last_record_id"):
            batch_op.create_index(
                batch_op.f(f"ix_provisioned_product_account_region_{column}_id"),
                ["account", "region", column, "id"],
                unique=False,
            )
    for table, columns in _BY_CREATOR.items():
        for column in columns:
            op.create_index(
                op.f(f"ix_{table}_account_region_{column}_created_time_id"),
                table,
                ["account", "region", column, "created_time", "id"],
                unique=False,
            )
    _rebuild(_SELECT_WITH_TIME, ("created_time", "id"), _INDEXES)
    op.create_table(
        "term_count",
        *_columns(),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "kind", "field", "term", name=op.f("pk_term_count")),
    )
    grouped = "account, region, kind, field, term"
    op.execute(
        f"INSERT INTO term_count ({grouped}, number) SELECT {grouped}, COUNT(*) FROM term "  # noqa: S608 (our names)
        f"WHERE kind = 'provisioned_product' AND field IN ({_COUNTED}) GROUP BY {grouped}"
    )
    op.execute(
        f"INSERT INTO term_count ({grouped}, number) SELECT account, region, 'provisioned_product', '*', '', COUNT(*) "  # noqa: S608 (our names)
        "FROM provisioned_product GROUP BY account, region"
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("term_count")
    _rebuild("SELECT account, region, kind, field, term, id FROM term", ("id",), _INDEXES_BEFORE)
    for table, columns in _BY_CREATOR.items():
        for column in columns:
            op.drop_index(op.f(f"ix_{table}_account_region_{column}_created_time_id"), table)
    with op.batch_alter_table("provisioned_product", schema=None) as batch_op:
        for column in ("arn", "last_record_id"):
            batch_op.drop_index(batch_op.f(f"ix_provisioned_product_account_region_{column}_id"))
        batch_op.alter_column("last_record_id", existing_type=sa.String(128), nullable=True)
    op.execute("UPDATE provisioned_product SET last_record_id = NULL WHERE last_record_id = ''")


def _columns(last: tuple[str, ...] = ()) -> list[sa.Column[Any]]:
    types: dict[str, Any] = {"created_time": sa.BigInteger(), "id": sa.String(length=128)}
    return [
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("term", _TERM, nullable=False),
        *(sa.Column(name, types[name], nullable=False) for name in last),
    ]


def _rebuild(select: str, last: tuple[str, ...], indexes: tuple[tuple[str, ...], ...]) -> None:
    """Make the table of terms anew, with other last columns and indexes, from what a select gives of it."""
    op.create_table("kept_term", *_columns(last))
    op.execute(f"INSERT INTO kept_term {select}")
    op.drop_table("term")
    key = ("account", "region", "kind", "field", "term", *last)
    op.create_table("term", *_columns(last), sa.PrimaryKeyConstraint(*key, name=op.f("pk_term")))
    op.execute("INSERT INTO term SELECT * FROM kept_term")
    op.drop_table("kept_term")
    for columns in indexes:
        name = "_".join(("ix_term_account_region_kind", *columns))
        op.create_index(op.f(name), "term", ["account", "region", "kind", *columns], unique=False)
