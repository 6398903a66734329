"""How many principals may launch one product, through all the portfolios that it is in (reference, 5.11)."""

import sqlalchemy as sa

from manciple.catalog.policy import check_quota
from manciple.operations.call import Context
from manciple.store.tables.catalog import PRINCIPAL_ASSOCIATION, PRODUCT_ASSOCIATION

_IN_PORTFOLIO = PRODUCT_ASSOCIATION.alias("in_portfolio")
_PRINCIPALS = sa.func.count(PRINCIPAL_ASSOCIATION.c.principal_arn.distinct())


def check_for_products(context: Context, portfolio_id: str, principal_arn: str) -> None:
    """Raise LimitExceededException if a product of the portfolio has no room for this principal."""
    fullest = context.tx.first(
        sa.select(_IN_PORTFOLIO.c.product_id, _PRINCIPALS.label("number"))
        .where(
            *_owned(context, _IN_PORTFOLIO),
            _IN_PORTFOLIO.c.portfolio_id == portfolio_id,
            *_owned(context, PRODUCT_ASSOCIATION),
            PRODUCT_ASSOCIATION.c.product_id == _IN_PORTFOLIO.c.product_id,
            *_owned(context, PRINCIPAL_ASSOCIATION),
            PRINCIPAL_ASSOCIATION.c.portfolio_id == PRODUCT_ASSOCIATION.c.portfolio_id,
            PRINCIPAL_ASSOCIATION.c.principal_arn != principal_arn,
        )
        .group_by(_IN_PORTFOLIO.c.product_id)
        .order_by(sa.desc("number"))
        .limit(1)
    )
    if fullest is not None:
        _check(context, fullest.product_id, fullest.number)


def check_for_portfolio(context: Context, product_id: str, portfolio_id: str) -> None:
    """Raise LimitExceededException if a product has no room for the principals of a further portfolio."""
    offering = sa.select(PRODUCT_ASSOCIATION.c.portfolio_id).where(
        *_owned(context, PRODUCT_ASSOCIATION), PRODUCT_ASSOCIATION.c.product_id == product_id
    )
    of_portfolio = PRINCIPAL_ASSOCIATION.c.portfolio_id
    joined = sa.or_(of_portfolio == portfolio_id, of_portfolio.in_(offering))
    number = context.tx.scalar(sa.select(_PRINCIPALS).where(*_owned(context, PRINCIPAL_ASSOCIATION), joined))
    _check(context, product_id, int(number) - 1)


def _check(context: Context, product_id: str, used: int) -> None:
    check_quota(used, context.runtime.settings.quota.principals_per_product, f"principals of product {product_id}")


def _owned(context: Context, table: sa.FromClause) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.account == context.account, table.c.region == context.region
