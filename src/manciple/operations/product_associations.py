"""Products in portfolios: associate, disassociate, list a product's portfolios."""

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.entities import ProductAssociation
from manciple.catalog.policy import check_quota
from manciple.errors import ResourceInUseException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.details import portfolio_detail
from manciple.operations.lookups import find_association, find_portfolio, find_product
from manciple.store.pages import Pager, Request
from manciple.store.rows import PORTFOLIOS, PRODUCT_ASSOCIATIONS
from manciple.store.tables.catalog import PORTFOLIO, PRODUCT_ASSOCIATION
from manciple.store.tables.constraints import CONSTRAINT


@operation("AssociateProductWithPortfolio", writes=True)
def associate_product_with_portfolio(
    context: Context, input: shapes.AssociateProductWithPortfolioInput
) -> shapes.AssociateProductWithPortfolioOutput:
    """Offer a product in a portfolio. Doing so again changes nothing and is no error."""
    product = find_product(context, input.product_id)
    portfolio = find_portfolio(context, input.portfolio_id)
    if input.source_portfolio_id is not None:
        find_association(context, product.id, find_portfolio(context, input.source_portfolio_id).id)
    if PRODUCT_ASSOCIATIONS.get(context.tx, *context.owner, product.id, portfolio.id) is None:
        _check_room(context, portfolio.id)
        association = ProductAssociation(
            account=context.account,
            region=context.region,
            product_id=product.id,
            portfolio_id=portfolio.id,
            source_portfolio_id=input.source_portfolio_id,
            created_time=context.now,
        )
        PRODUCT_ASSOCIATIONS.insert(context.tx, association)
    return shapes.AssociateProductWithPortfolioOutput()


@operation("DisassociateProductFromPortfolio", writes=True)
def disassociate_product_from_portfolio(
    context: Context, input: shapes.DisassociateProductFromPortfolioInput
) -> shapes.DisassociateProductFromPortfolioOutput:
    """Take a product out of a portfolio; what was launched through it keeps running.

    Constraints go first: ResourceInUseException is modelled, its text is ours.
    """
    product = find_product(context, input.product_id)
    portfolio = find_portfolio(context, input.portfolio_id)
    association = find_association(context, product.id, portfolio.id)
    of_product = (CONSTRAINT.c.portfolio_id == portfolio.id, CONSTRAINT.c.product_id == product.id)
    if count(context, CONSTRAINT, *of_product):
        raise ResourceInUseException(f"Product {product.id} still has Constraints in portfolio {portfolio.id}")
    PRODUCT_ASSOCIATIONS.delete(context.tx, association)
    return shapes.DisassociateProductFromPortfolioOutput()


@operation("ListPortfoliosForProduct")
def list_portfolios_for_product(
    context: Context, input: shapes.ListPortfoliosForProductInput
) -> shapes.ListPortfoliosForProductOutput:
    """The portfolios that a product is in, oldest first."""
    product = find_product(context, input.product_id)
    offering = sa.select(PRODUCT_ASSOCIATION.c.portfolio_id).where(
        PRODUCT_ASSOCIATION.c.account == context.account,
        PRODUCT_ASSOCIATION.c.region == context.region,
        PRODUCT_ASSOCIATION.c.product_id == product.id,
    )
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, (*context.owner, "ListPortfoliosForProduct", product.id)),
        PORTFOLIOS.select.where(
            PORTFOLIO.c.account == context.account,
            PORTFOLIO.c.region == context.region,
            PORTFOLIO.c.id.in_(offering),
        ),
        [PORTFOLIO.c.created_time, PORTFOLIO.c.id],
    )
    details = page.of(PORTFOLIOS.of).of(portfolio_detail)
    return shapes.ListPortfoliosForProductOutput(next_page_token=details.next_token, portfolio_details=details.items)


def _check_room(context: Context, portfolio_id: str) -> None:
    used = count(context, PRODUCT_ASSOCIATION, PRODUCT_ASSOCIATION.c.portfolio_id == portfolio_id)
    limit = context.runtime.settings.quota.products_per_portfolio
    check_quota(used, limit, f"products in portfolio {portfolio_id}")
