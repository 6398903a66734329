"""How many rows of a kind the caller has: what quotas and "still in use" are decided by."""

import sqlalchemy as sa

from manciple.operations.call import Context


def count(context: Context, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
    """The number of rows of the caller's account and region that meet the conditions."""
    mine = (table.c.account == context.account, table.c.region == context.region)
    return int(context.tx.scalar(sa.select(sa.func.count()).select_from(table).where(*mine, *conditions)))
