"""Products in portfolios: associate, disassociate, list a product's portfolios."""

from manciple.api import shapes
from manciple.catalog.entities import Product, ProductAssociation
from manciple.catalog.policy import check_quota
from manciple.errors import InvalidParametersException, ResourceInUseException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.details import portfolio_detail
from manciple.operations.lookups import find_association, find_portfolio, find_product
from manciple.operations.product_principals import check_for_portfolio
from manciple.operations.sight import find_seen_portfolio, find_seen_product, look, offering
from manciple.store.pages import Pager, Request
from manciple.store.rows import PORTFOLIOS, PRODUCT_ASSOCIATIONS
from manciple.store.tables.catalog import PORTFOLIO, PRODUCT_ASSOCIATION
from manciple.store.tables.constraints import CONSTRAINT
from manciple.store.tables.sharing import PORTFOLIO_SHARE


@operation("AssociateProductWithPortfolio", writes=True)
def associate_product_with_portfolio(
    context: Context, input: shapes.AssociateProductWithPortfolioInput
) -> shapes.AssociateProductWithPortfolioOutput:
    """Offer a product in a portfolio. Doing so again changes nothing and is no error.

    A product of another account needs the shared portfolio that it comes through as SourcePortfolioId.
    """
    product, source_id = _find_product(context, input)
    portfolio = find_portfolio(context, input.portfolio_id)
    if PRODUCT_ASSOCIATIONS.get(context.tx, *context.owner, product.id, portfolio.id) is None:
        _check_room(context, portfolio.id)
        check_for_portfolio(context, product.id, portfolio.id)
        if source_id is not None:
            _refuse_sharing_on(context, product.id, portfolio.id)
        association = ProductAssociation(
            account=context.account,
            region=context.region,
            product_id=product.id,
            portfolio_id=portfolio.id,
            source_portfolio_id=source_id,
            created_time=context.now,
        )
        PRODUCT_ASSOCIATIONS.insert(context.tx, association)
    return shapes.AssociateProductWithPortfolioOutput()


@operation("DisassociateProductFromPortfolio", writes=True)
def disassociate_product_from_portfolio(
    context: Context, input: shapes.DisassociateProductFromPortfolioInput
) -> shapes.DisassociateProductFromPortfolioOutput:
    """Take a product out of a portfolio; what was launched through it keeps running.

    A product that is no longer shared can be taken out, too. Constraints go first: ResourceInUseException is modelled,
    its text is ours.
    """
    portfolio = find_portfolio(context, input.portfolio_id)
    association = PRODUCT_ASSOCIATIONS.get(context.tx, *context.owner, input.product_id, portfolio.id)
    if association is None:
        association = find_association(context, find_seen_product(context, input.product_id).id, portfolio)
    of_product = (CONSTRAINT.c.portfolio_id == portfolio.id, CONSTRAINT.c.product_id == input.product_id)
    if count(context, CONSTRAINT, *of_product):
        raise ResourceInUseException(f"Product {input.product_id} still has Constraints in portfolio {portfolio.id}")
    PRODUCT_ASSOCIATIONS.delete(context.tx, association)
    return shapes.DisassociateProductFromPortfolioOutput()


@operation("ListPortfoliosForProduct")
def list_portfolios_for_product(
    context: Context, input: shapes.ListPortfoliosForProductInput
) -> shapes.ListPortfoliosForProductOutput:
    """The portfolios that a product is in, oldest first; of a shared product those that the caller's account sees."""
    product = find_seen_product(context, input.product_id)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, (*context.owner, "ListPortfoliosForProduct", product.id)),
        PORTFOLIOS.select.where(*offering(look(context), product.id)),
        [PORTFOLIO.c.created_time, PORTFOLIO.c.id],
    )
    details = page.of(PORTFOLIOS.of).of(portfolio_detail)
    return shapes.ListPortfoliosForProductOutput(next_page_token=details.next_token, portfolio_details=details.items)


def _find_product(context: Context, input: shapes.AssociateProductWithPortfolioInput) -> tuple[Product, str | None]:
    """The product, and if it is another account's the shared portfolio that it comes through."""
    if input.source_portfolio_id is None:
        return find_product(context, input.product_id), None
    product = find_seen_product(context, input.product_id)
    source = find_seen_portfolio(context, input.source_portfolio_id)
    find_association(context, product.id, source)
    return product, source.id if product.account != context.account else None


def _refuse_sharing_on(context: Context, product_id: str, portfolio_id: str) -> None:
    """A shared product cannot be shared on (AWS API reference, CreatePortfolioShare), so not in this order either."""
    if count(context, PORTFOLIO_SHARE, PORTFOLIO_SHARE.c.portfolio_id == portfolio_id):
        raise InvalidParametersException(
            f"Product {product_id} is shared with you and portfolio {portfolio_id} is shared with others; "
            "a shared product cannot be shared again."
        )


def _check_room(context: Context, portfolio_id: str) -> None:
    used = count(context, PRODUCT_ASSOCIATION, PRODUCT_ASSOCIATION.c.portfolio_id == portfolio_id)
    limit = context.runtime.settings.quota.products_per_portfolio
    check_quota(used, limit, f"products in portfolio {portfolio_id}")
