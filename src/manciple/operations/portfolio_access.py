"""Who has access to a portfolio, as its owner asks: accounts, and nodes of the organization."""

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.entities import Portfolio
from manciple.catalog.sharing import NODE_TYPES, ONE
from manciple.operations.call import Context, operation
from manciple.operations.lookups import find_portfolio
from manciple.operations.organizations_access import demand_administrator
from manciple.operations.portfolio_shares import shares_of
from manciple.store.directories import find_directory
from manciple.store.pages import Pager, Request
from manciple.store.tables.sharing import PORTFOLIO_SHARE


@operation("ListPortfolioAccess")
def list_portfolio_access(context: Context, input: shapes.ListPortfolioAccessInput) -> shapes.ListPortfolioAccessOutput:
    """The accounts that a portfolio is shared with, whether they accepted it or not.

    With OrganizationParentId those below that node that have the portfolio by a share to the node or one above it.
    """
    portfolio = find_portfolio(context, input.portfolio_id)
    scope = (*context.owner, "ListPortfolioAccess", portfolio.id, input.organization_parent_id)
    request = Request(input.page_size, input.page_token, scope)
    pager = Pager(context.runtime.objects.seal)
    if input.organization_parent_id is not None:
        inheriting = _inheriting(context, portfolio, input.organization_parent_id)
        page = pager.cut(request, inheriting, lambda account: (account,))
    else:
        column = PORTFOLIO_SHARE.c.principal_id
        accounts = sa.select(column).where(*shares_of(portfolio), PORTFOLIO_SHARE.c.type.in_(sorted(ONE))).distinct()
        page = pager.select(context.tx, request, accounts, [column]).of(lambda row: str(row.principal_id))
    return shapes.ListPortfolioAccessOutput(account_ids=page.items, next_page_token=page.next_token)


@operation("ListOrganizationPortfolioAccess")
def list_organization_portfolio_access(
    context: Context, input: shapes.ListOrganizationPortfolioAccessInput
) -> shapes.ListOrganizationPortfolioAccessOutput:
    """The nodes of one type that a portfolio is shared with.

    Raises ResourceNotFoundException, and OperationNotSupportedException unless the account administers an organization.
    """
    portfolio = find_portfolio(context, input.portfolio_id)
    demand_administrator(context)
    column = PORTFOLIO_SHARE.c.principal_id
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(
            input.page_size,
            input.page_token,
            (*context.owner, "ListOrganizationPortfolioAccess", portfolio.id, input.organization_node_type),
        ),
        sa.select(column).where(
            *shares_of(portfolio), PORTFOLIO_SHARE.c.type == NODE_TYPES[input.organization_node_type]
        ),
        [column],
    )
    nodes = page.of(lambda row: shapes.OrganizationNode(type=input.organization_node_type, value=row.principal_id))
    return shapes.ListOrganizationPortfolioAccessOutput(
        next_page_token=nodes.next_token, organization_nodes=nodes.items
    )


def _inheriting(context: Context, portfolio: Portfolio, node: str) -> list[str]:
    organizations = find_directory(context.tx).organizations
    rows = context.tx.all(sa.select(PORTFOLIO_SHARE.c.principal_id).where(*shares_of(portfolio)))
    shared = {row.principal_id for row in rows}
    if shared.isdisjoint(organizations.nodes_from(node)):
        return []
    return [account for account in organizations.accounts_below(node) if account != context.account]
