"""The one collection of tables, and the column types they share.

Times are milliseconds since the epoch. Everything that belongs to a caller leads with (account, region).
"""

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

Account = sa.String(12)
Region = sa.String(32)
Id = sa.String(128)
Arn = sa.String(2048)
Digest = sa.String(64)


class OptionalId(sa.TypeDecorator[str]):
    """An id or None in a column that rows are ordered by: None is kept as the empty text, which all databases order."""

    impl = sa.String(128)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str:
        """Write None as the empty text."""
        return value or ""

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Read the empty text as None."""
        return value or None


Millis = sa.BigInteger


def owned() -> tuple[sa.Column[str], sa.Column[str]]:
    """The two columns that say whose a row is; first in every table, key and index of what belongs to a caller."""
    return sa.Column("account", Account, nullable=False), sa.Column("region", Region, nullable=False)
