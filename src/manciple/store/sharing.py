"""The rows of sharing (tables in `store/tables/sharing.py`)."""

from manciple.catalog import sharing
from manciple.store.rows import Rows
from manciple.store.tables import sharing as tables

PORTFOLIO_SHARES = Rows(sharing.PortfolioShare, tables.PORTFOLIO_SHARE)
SHARE_ACTIONS = Rows(sharing.ShareAction, tables.SHARE_ACTION)
PORTFOLIO_REJECTIONS = Rows(sharing.PortfolioRejection, tables.PORTFOLIO_REJECTION)
