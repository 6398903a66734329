"""Shares of portfolios as their recipients see them: accept, reject, list (service-catalog-api reference, 5.7)."""

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.policy import check_quota
from manciple.catalog.sharing import PortfolioRejection, PortfolioShare, reaches, recipients_for
from manciple.errors import ResourceNotFoundException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.details import portfolio_detail
from manciple.operations.sight import look
from manciple.store.directories import find_directory
from manciple.store.pages import Pager, Request
from manciple.store.rows import PORTFOLIOS
from manciple.store.sharing import PORTFOLIO_REJECTIONS, PORTFOLIO_SHARES
from manciple.store.tables.catalog import PORTFOLIO
from manciple.store.tables.sharing import PORTFOLIO_SHARE

IMPORTED, ORGANIZATIONS = "IMPORTED", "AWS_ORGANIZATIONS"


@operation("AcceptPortfolioShare", writes=True)
def accept_portfolio_share(
    context: Context, input: shapes.AcceptPortfolioShareInput
) -> shapes.AcceptPortfolioShareOutput:
    """Import a portfolio that is offered. Doing so again changes nothing.

    Without a type only shares to the account itself are looked for. Raises ResourceNotFoundException,
    LimitExceededException: an imported portfolio counts with the account's own (inferred).
    """
    share = _require(context, input.portfolio_id, input.portfolio_share_type or IMPORTED)
    if share.recipient.is_node:
        if rejection := PORTFOLIO_REJECTIONS.get(context.tx, *context.owner, share.portfolio_id):
            PORTFOLIO_REJECTIONS.delete(context.tx, rejection)
    elif not share.accepted:
        used = count(context, PORTFOLIO) + len(look(context).shared)
        check_quota(used, context.runtime.settings.quota.portfolios, "portfolios, imported ones included")
        PORTFOLIO_SHARES.change(context.tx, share, accepted=True)
    return shapes.AcceptPortfolioShareOutput()


@operation("RejectPortfolioShare", writes=True)
def reject_portfolio_share(
    context: Context, input: shapes.RejectPortfolioShareInput
) -> shapes.RejectPortfolioShareOutput:
    """Do not import, or no longer, a portfolio that is offered; the offer stays and can be accepted later (inferred).

    Launch paths through it are gone at once; what was launched keeps running. Raises ResourceNotFoundException.
    """
    share = _require(context, input.portfolio_id, input.portfolio_share_type or IMPORTED)
    if not share.recipient.is_node:
        PORTFOLIO_SHARES.change(context.tx, share, accepted=False)
    elif PORTFOLIO_REJECTIONS.get(context.tx, *context.owner, share.portfolio_id) is None:
        rejection = PortfolioRejection(
            account=context.account,
            region=context.region,
            portfolio_id=share.portfolio_id,
            created_time=context.now,
        )
        PORTFOLIO_REJECTIONS.insert(context.tx, rejection)
    return shapes.RejectPortfolioShareOutput()


@operation("ListAcceptedPortfolioShares")
def list_accepted_portfolio_shares(
    context: Context, input: shapes.ListAcceptedPortfolioSharesInput
) -> shapes.ListAcceptedPortfolioSharesOutput:
    """The portfolios of other accounts that the account has imported, or has through its organization; oldest first.

    The deprecated type AWS_SERVICECATALOG lists AWS's own ones: there are none here.
    """
    wanted = input.portfolio_share_type or IMPORTED
    sight = look(context)
    ids = [portfolio.id for portfolio in sight.shared.values() if wanted in portfolio.accepted_as]
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, (*context.owner, "ListAcceptedPortfolioShares", wanted)),
        PORTFOLIOS.select.where(*sight.within(PORTFOLIO), PORTFOLIO.c.id.in_(ids)),
        [PORTFOLIO.c.created_time, PORTFOLIO.c.id],
    )
    details = page.of(PORTFOLIOS.of).of(portfolio_detail)
    return shapes.ListAcceptedPortfolioSharesOutput(next_page_token=details.next_token, portfolio_details=details.items)


def _require(context: Context, portfolio_id: str, wanted: str) -> PortfolioShare:
    """The share of this type that offers a portfolio. Raises ResourceNotFoundException in AWS's words (recorded)."""
    organizations = find_directory(context.tx).organizations
    offered = PORTFOLIO_SHARES.find(
        context.tx,
        PORTFOLIO_SHARE.c.principal_id.in_(recipients_for(context.account, organizations)),
        PORTFOLIO_SHARE.c.region == context.region,
        PORTFOLIO_SHARE.c.portfolio_id == portfolio_id,
        sa.true() if wanted == ORGANIZATIONS else PORTFOLIO_SHARE.c.type == "ACCOUNT",
    )
    for share in offered:
        is_offered = share.recipient.is_node and reaches(share, context.account, organizations)
        if share.accepted_as == wanted and (is_offered or wanted == IMPORTED):
            return share
    raise ResourceNotFoundException(f"Portfolio not found: {portfolio_id}")
