"""Stack instances to rows and back."""

import sqlalchemy as sa

from manciple.catalog.stack_sets import StackInstance
from manciple.store.database import Transaction
from manciple.store.rows import Rows
from manciple.store.tables.stack_instances import STACK_INSTANCE

STACK_INSTANCES = Rows(StackInstance, STACK_INSTANCE)


def of_product(account: str, region: str, provisioned_product_id: str) -> list[sa.ColumnElement[bool]]:
    """The condition that a stack instance is a product's."""
    return [
        STACK_INSTANCE.c.account == account,
        STACK_INSTANCE.c.region == region,
        STACK_INSTANCE.c.provisioned_product_id == provisioned_product_id,
    ]


def forget_instances(tx: Transaction, account: str, region: str, provisioned_product_id: str) -> None:
    """Forget the instances of a product that is gone."""
    tx.execute(sa.delete(STACK_INSTANCE).where(*of_product(account, region, provisioned_product_id)))
