"""What an account sees in a region: its own portfolios, and those that other accounts share with it.

This is the one place that lets anything of one account be seen from another. A portfolio or a product that is found
carries its owner's account; whoever reads further (versions, templates, constraints) reads there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa

from manciple.catalog.entities import Portfolio, Product
from manciple.catalog.sharing import PortfolioShare, SharedPortfolio, joined, reaches, recipients_for
from manciple.errors import ResourceNotFoundException
from manciple.operations.call import Context
from manciple.operations.lookups import only
from manciple.store.directories import find_directory
from manciple.store.prepared import Prepared
from manciple.store.rows import PORTFOLIOS, PRODUCTS
from manciple.store.sharing import PORTFOLIO_REJECTIONS, PORTFOLIO_SHARES
from manciple.store.tables.catalog import PORTFOLIO, PRODUCT, PRODUCT_ASSOCIATION
from manciple.store.tables.sharing import PORTFOLIO_REJECTION, PORTFOLIO_SHARE

Condition: TypeAlias = sa.ColumnElement[bool]

_SOURCE = PRODUCT_ASSOCIATION.alias("source")


@dataclass(frozen=True, slots=True)
class Sight:
    """The portfolios of other accounts that an account sees in a region, by id."""

    account: str
    region: str
    shared: Mapping[str, SharedPortfolio]

    @property
    def accounts(self) -> list[str]:
        """The account, and the owners of what is shared with it."""
        return [self.account, *self.owners]

    @property
    def owners(self) -> list[str]:
        """The other accounts whose portfolios are seen."""
        return sorted({portfolio.owner for portfolio in self.shared.values()})

    def within(self, table: sa.Table) -> list[Condition]:
        """The rows of a table that are the account's or of an owner; its index finds them."""
        mine = table.c.account.in_(self.accounts) if self.shared else table.c.account == self.account
        return [mine, table.c.region == self.region]

    def offers(self) -> list[Condition]:
        """The associations of products that count: those of the account and those of portfolios shared with it.

        A product that a local portfolio has from a shared one is offered as long as that one is shared and has it.
        """
        columns = PRODUCT_ASSOCIATION.c
        if not self.shared:
            return [*self.within(PRODUCT_ASSOCIATION), columns.source_portfolio_id.is_(None)]
        is_local = sa.and_(
            columns.account == self.account, sa.or_(columns.source_portfolio_id.is_(None), self._has_source())
        )
        is_shared = sa.and_(columns.portfolio_id.in_(self.shared), columns.source_portfolio_id.is_(None))
        return [*self.within(PRODUCT_ASSOCIATION), sa.or_(is_local, is_shared)]

    def _has_source(self) -> Condition:
        columns = PRODUCT_ASSOCIATION.c
        return sa.and_(
            columns.source_portfolio_id.in_(self.shared),
            sa.exists()
            .where(
                _SOURCE.c.account.in_(self.owners),
                _SOURCE.c.region == self.region,
                _SOURCE.c.product_id == columns.product_id,
                _SOURCE.c.portfolio_id == columns.source_portfolio_id,
                _SOURCE.c.source_portfolio_id.is_(None),
            )
            .correlate(PRODUCT_ASSOCIATION),
        )


def look(context: Context, region: str | None = None) -> Sight:
    """What the caller's account sees now, in the call's region or in another one."""
    region = region or context.region
    organizations = find_directory(context.tx).organizations
    recipients = recipients_for(context.account, organizations)
    if _any_share(len(recipients)).first(context.tx, region, *recipients) is None:
        return Sight(context.account, region, {})
    shares = PORTFOLIO_SHARES.find(
        context.tx, PORTFOLIO_SHARE.c.principal_id.in_(recipients), PORTFOLIO_SHARE.c.region == region
    )
    found = [share for share in shares if reaches(share, context.account, organizations) and _is_done(context, share)]
    rejected = _rejected(context, region) if any(share.recipient.is_node for share in found) else frozenset()
    kept = [share for share in found if not (share.recipient.is_node and share.portfolio_id in rejected)]
    return Sight(context.account, region, joined(kept))


@lru_cache(maxsize=64)
def _any_share(recipients: int) -> Prepared:
    """A share to one of so many recipients: most accounts have none, and ask with nearly every call of an end user."""
    names = [f"recipient_{number}" for number in range(recipients)]
    is_recipient = sa.or_(*(PORTFOLIO_SHARE.c.principal_id == sa.bindparam(name) for name in names))
    statement = sa.select(PORTFOLIO_SHARE.c.portfolio_id).where(
        PORTFOLIO_SHARE.c.region == sa.bindparam("region"), is_recipient
    )
    return Prepared(statement, ["region", *names])


def find_seen_portfolio(context: Context, portfolio_id: str) -> Portfolio:
    """The portfolio with this id, the caller's own or a shared one, or ResourceNotFoundException."""
    portfolio = PORTFOLIOS.get(context.tx, *context.owner, portfolio_id)
    if portfolio is None and (shared := look(context).shared.get(portfolio_id)):
        portfolio = PORTFOLIOS.get(context.tx, shared.owner, context.region, portfolio_id)
    if portfolio is None:
        raise ResourceNotFoundException(f"Portfolio not found: {portfolio_id}")
    return portfolio


def find_seen_product(context: Context, product_id: str) -> Product:
    """The product with this id, the caller's own or one in a shared portfolio, or ResourceNotFoundException."""
    product = PRODUCTS.get(context.tx, *context.owner, product_id) or product_of(context, look(context), product_id)
    if product is None:
        raise ResourceNotFoundException(f"{product_id} does not exist or access was denied")
    return product


def find_seen_product_by(context: Context, product_id: str | None, name: str | None) -> Product:
    """The product with this id or of this name, the caller's own or a shared one: one of the two must be there."""
    if product_id is not None:
        return find_seen_product(context, product_id)
    return only(products_by(context, look(context), PRODUCT.c.name == name), "Product", str(name))


def product_of(context: Context, sight: Sight, product_id: str) -> Product | None:
    """The product with this id that an account sees: its own, or one that a portfolio it sees offers."""
    own = PRODUCTS.get(context.tx, sight.account, sight.region, product_id)
    if own is not None or not sight.shared:
        return own
    return next(iter(_products_of_others(context, sight, PRODUCT.c.id == product_id)), None)


def products_by(context: Context, sight: Sight, condition: Condition) -> list[Product]:
    """Every product that an account sees and that meets a condition: its own first."""
    mine = [PRODUCT.c.account == sight.account, PRODUCT.c.region == sight.region]
    own = PRODUCTS.find(context.tx, *mine, condition)
    return own + (_products_of_others(context, sight, condition) if sight.shared else [])


def portfolios_offering(context: Context, sight: Sight, product_id: str) -> list[Portfolio]:
    """The portfolios that an account sees and that offer a product, oldest first."""
    order = [PORTFOLIO.c.created_time, PORTFOLIO.c.id]
    return PORTFOLIOS.find(context.tx, *offering(sight, product_id), order=order)


def offering(sight: Sight, product_id: str) -> list[Condition]:
    """What portfolios must meet: that an account sees them, and that they offer a product."""
    offered = sa.select(PRODUCT_ASSOCIATION.c.portfolio_id).where(
        *sight.offers(), PRODUCT_ASSOCIATION.c.product_id == product_id
    )
    return [*sight.within(PORTFOLIO), PORTFOLIO.c.id.in_(offered)]


def _products_of_others(context: Context, sight: Sight, condition: Condition) -> list[Product]:
    offered: Any = sa.select(PRODUCT_ASSOCIATION.c.product_id).where(
        *sight.offers(), PRODUCT_ASSOCIATION.c.product_id == PRODUCT.c.id
    )
    return PRODUCTS.find(
        context.tx,
        PRODUCT.c.account.in_(sight.owners),
        PRODUCT.c.region == sight.region,
        condition,
        sa.exists(offered.correlate(PRODUCT)),
    )


def _is_done(context: Context, share: PortfolioShare) -> bool:
    """A share to a node takes a moment where the behaviour is faithful."""
    is_over = context.runtime.behaviour.is_over("sharing", share.created_time, context.now)
    return is_over or not share.recipient.is_node


def _rejected(context: Context, region: str) -> frozenset[str]:
    found = PORTFOLIO_REJECTIONS.find(
        context.tx, PORTFOLIO_REJECTION.c.account == context.account, PORTFOLIO_REJECTION.c.region == region
    )
    return frozenset(rejection.portfolio_id for rejection in found)
