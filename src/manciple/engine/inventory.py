"""What a provisioned product consists of now, as the engine's rows tell: for those who act on it from outside."""

import sqlalchemy as sa

from manciple.engine.service_actions.execution import Target
from manciple.store.database import Transaction
from manciple.store.tables.engine import INSTANCE, STACK

_OF_PRODUCT = (
    STACK.c.account == sa.bindparam("account"),
    STACK.c.region == sa.bindparam("region"),
    STACK.c.provisioned_product_id == sa.bindparam("product"),
)
_STACK = sa.select(STACK.c.id).where(*_OF_PRODUCT, STACK.c.parent_id.is_(None)).limit(1)
_LIVE = (
    sa.select(INSTANCE.c.logical_id, INSTANCE.c.physical_id, INSTANCE.c.type)
    .select_from(sa.join(STACK, INSTANCE, INSTANCE.c.stack_id == STACK.c.id))
    .where(*_OF_PRODUCT, INSTANCE.c.state == "live", INSTANCE.c.physical_id.is_not(None))
    .order_by(INSTANCE.c.logical_id)
)


def stack_of(tx: Transaction, account: str, region: str, provisioned_product_id: str) -> str:
    """The id of the product's own stack; empty if it has none."""
    return str(tx.scalar(_STACK, account=account, region=region, product=provisioned_product_id) or "")


def targets_of(tx: Transaction, account: str, region: str, provisioned_product_id: str) -> tuple[Target, ...]:
    """The product's resources, by logical id; none where a target keeps no rows of them."""
    found = tx.all(_LIVE, account=account, region=region, product=provisioned_product_id)
    return tuple(Target(logical_id=row.logical_id, physical_id=row.physical_id, type=row.type) for row in found)
