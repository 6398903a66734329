"""Is this process fit to answer, and how much work is there?"""

import sqlalchemy as sa

from manciple.operations.call import Runtime
from manciple.store.tables.engine import OPERATION

_ONE = sa.select(sa.literal(1))
_BY_STATE = (
    sa.select(OPERATION.c.kind, OPERATION.c.phase, sa.func.count().label("total"))
    .where(OPERATION.c.not_before.is_not(None))
    .group_by(OPERATION.c.kind, OPERATION.c.phase)
)


def is_ready(runtime: Runtime) -> bool:
    """Does the database answer?"""
    try:
        with runtime.database.read() as tx:
            return bool(tx.scalar(_ONE) == 1)
    except sa.exc.SQLAlchemyError:
        return False


def open_operations(runtime: Runtime) -> dict[tuple[str, str], int]:
    """How many operations of the engine are not done, by kind and phase."""
    with runtime.database.read() as tx:
        return {(row.kind, row.phase): row.total for row in tx.all(_BY_STATE)}
