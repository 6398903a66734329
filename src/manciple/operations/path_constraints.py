"""The constraints along launch paths: those of the product in the path's portfolio, whoever's portfolio that is."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.constraints import Constraint, Effects, effects_of
from manciple.catalog.entities import Portfolio
from manciple.operations.call import Context
from manciple.store.constraint_rows import CONSTRAINTS
from manciple.store.tables.constraints import CONSTRAINT

PortfolioKey = tuple[str, str, str]


def constraints_along(
    context: Context, portfolios: Sequence[Portfolio], product_id: str
) -> Mapping[PortfolioKey, list[Constraint]]:
    """A product's constraints in each of some portfolios, the oldest first."""
    along: dict[PortfolioKey, list[Constraint]] = {_key(portfolio): [] for portfolio in portfolios}
    for owner in dict.fromkeys((portfolio.account, portfolio.region) for portfolio in portfolios):
        ids = [portfolio.id for portfolio in portfolios if (portfolio.account, portfolio.region) == owner]
        for constraint in CONSTRAINTS.find(context.tx, *_of(owner, ids, product_id), order=_ORDER):
            along[*owner, constraint.portfolio_id].append(constraint)
    return along


def effects_along(context: Context, portfolio: Portfolio, product_id: str) -> Effects:
    """What the constraints make of a launch by this caller."""
    found = constraints_along(context, [portfolio], product_id)[_key(portfolio)]
    return effects_of(found, context.account, context.caller.partition)


def summaries(constraints: Iterable[Constraint]) -> list[shapes.ConstraintSummary]:
    """Constraints as launch paths show them."""
    return [shapes.ConstraintSummary(type=one.type, description=one.description) for one in constraints]


def constraints_of(along: Mapping[PortfolioKey, list[Constraint]], portfolio: Portfolio) -> list[Constraint]:
    """Those of one portfolio."""
    return along[_key(portfolio)]


_ORDER = (CONSTRAINT.c.created_time, CONSTRAINT.c.id)


def _key(portfolio: Portfolio) -> PortfolioKey:
    return portfolio.account, portfolio.region, portfolio.id


def _of(owner: tuple[str, str], portfolio_ids: Sequence[str], product_id: str) -> list[sa.ColumnElement[bool]]:
    return [
        CONSTRAINT.c.account == owner[0],
        CONSTRAINT.c.region == owner[1],
        CONSTRAINT.c.product_id == product_id,
        CONSTRAINT.c.portfolio_id.in_(portfolio_ids),
    ]
