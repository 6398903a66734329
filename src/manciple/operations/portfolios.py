"""Portfolios: create, describe, list, update, delete."""

from typing import Any

from manciple.api import shapes
from manciple.catalog.entities import Portfolio
from manciple.catalog.policy import check_quota
from manciple.catalog.tags import change_tags, list_tags, read_tags
from manciple.errors import LimitExceededException, ResourceInUseException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.details import portfolio_detail
from manciple.operations.lookups import find_portfolio
from manciple.operations.offers import budget_details, forget_offers, tag_option_details
from manciple.operations.sight import find_seen_portfolio
from manciple.store.pages import Pager, Request
from manciple.store.rows import PORTFOLIOS
from manciple.store.tables.catalog import PORTFOLIO, PRINCIPAL_ASSOCIATION, PRODUCT_ASSOCIATION
from manciple.store.tables.constraints import CONSTRAINT
from manciple.store.tables.sharing import PORTFOLIO_SHARE

_CONTENTS = {
    "Constraints": CONSTRAINT,
    "Products": PRODUCT_ASSOCIATION,
    "Principals": PRINCIPAL_ASSOCIATION,
    "Shares": PORTFOLIO_SHARE,
}
"""What keeps a portfolio from being deleted, by the word that AWS's message has for it."""


@operation("CreatePortfolio", writes=True)
def create_portfolio(context: Context, input: shapes.CreatePortfolioInput) -> shapes.CreatePortfolioOutput:
    """Make an empty portfolio. Names need not be unique."""
    check_quota(count(context, PORTFOLIO), context.runtime.settings.quota.portfolios, "portfolios")
    tags = read_tags(input.tags)
    check_quota(len(tags) - 1, context.runtime.settings.quota.tags_per_portfolio, "tags of a portfolio")
    portfolio = Portfolio(
        account=context.account,
        region=context.region,
        id=context.new_id("port"),
        display_name=input.display_name,
        provider_name=input.provider_name,
        description=input.description,
        tags=tags,
        created_time=context.now,
    )
    PORTFOLIOS.insert(context.tx, portfolio)
    return shapes.CreatePortfolioOutput(portfolio_detail=portfolio_detail(portfolio), tags=list_tags(portfolio.tags))


@operation("DescribePortfolio")
def describe_portfolio(context: Context, input: shapes.DescribePortfolioInput) -> shapes.DescribePortfolioOutput:
    """A portfolio with its tags, TagOptions and budgets."""
    portfolio = find_seen_portfolio(context, input.id)
    return shapes.DescribePortfolioOutput(
        budgets=budget_details(context, portfolio),
        portfolio_detail=portfolio_detail(portfolio),
        tag_options=tag_option_details(context, portfolio, through=portfolio.id),
        tags=list_tags(portfolio.tags),
    )


@operation("ListPortfolios")
def list_portfolios(context: Context, input: shapes.ListPortfoliosInput) -> shapes.ListPortfoliosOutput:
    """The caller's portfolios, oldest first."""
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, (*context.owner, "ListPortfolios")),
        PORTFOLIOS.select.where(PORTFOLIO.c.account == context.account, PORTFOLIO.c.region == context.region),
        [PORTFOLIO.c.created_time, PORTFOLIO.c.id],
    )
    details = page.of(PORTFOLIOS.of).of(portfolio_detail)
    return shapes.ListPortfoliosOutput(next_page_token=details.next_token, portfolio_details=details.items)


@operation("UpdatePortfolio", writes=True)
def update_portfolio(context: Context, input: shapes.UpdatePortfolioInput) -> shapes.UpdatePortfolioOutput:
    """Set the members that are given; what is left out stays."""
    portfolio = find_portfolio(context, input.id)
    tags = change_tags(portfolio.tags, input.add_tags, input.remove_tags)
    if len(tags) > (limit := context.runtime.settings.quota.tags_per_portfolio):
        raise LimitExceededException(f"Portfolio {portfolio.id} would have {len(tags)} tags; the limit is {limit}.")
    given: dict[str, Any] = {
        "display_name": input.display_name,
        "provider_name": input.provider_name,
        "description": input.description,
        "tags": tags,
    }
    fields = {name: value for name, value in given.items() if value is not None}
    changed = PORTFOLIOS.change(context.tx, portfolio, **fields) or portfolio
    return shapes.UpdatePortfolioOutput(portfolio_detail=portfolio_detail(changed), tags=list_tags(changed.tags))


@operation("DeletePortfolio", writes=True)
def delete_portfolio(context: Context, input: shapes.DeletePortfolioInput) -> shapes.DeletePortfolioOutput:
    """Delete an empty portfolio."""
    portfolio = find_portfolio(context, input.id)
    for what, table in _CONTENTS.items():
        if count(context, table, table.c.portfolio_id == portfolio.id):
            raise ResourceInUseException(f"Portfolio {portfolio.id} still has associated {what}")
    forget_offers(context, portfolio)
    PORTFOLIOS.delete(context.tx, portfolio)
    return shapes.DeletePortfolioOutput()
