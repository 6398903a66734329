"""The rows of sharing (tables in `store/tables/sharing.py`)."""

import msgspec
from sqlalchemy.dialects import postgresql, sqlite

from manciple.catalog import sharing
from manciple.store.database import Transaction
from manciple.store.rows import Rows
from manciple.store.tables import sharing as tables

PORTFOLIO_SHARES = Rows(sharing.PortfolioShare, tables.PORTFOLIO_SHARE)
SHARE_ACTIONS = Rows(sharing.ShareAction, tables.SHARE_ACTION)
PORTFOLIO_REJECTIONS = Rows(sharing.PortfolioRejection, tables.PORTFOLIO_REJECTION)
ORGANIZATION_ACCESS = Rows(sharing.OrganizationAccess, tables.ORGANIZATION_ACCESS)
PRODUCT_COPIES = Rows(sharing.ProductCopy, tables.PRODUCT_COPY)


def write_access(tx: Transaction, access: sharing.OrganizationAccess) -> None:
    """Replace what is stored for an organization; calls in several regions may come at once."""
    fields = msgspec.structs.asdict(access)
    insert = (postgresql if tx.is_postgresql else sqlite).insert(tables.ORGANIZATION_ACCESS).values(**fields)
    key = [tables.ORGANIZATION_ACCESS.c.organization_id]
    tx.execute(insert.on_conflict_do_update(index_elements=key, set_=fields))
