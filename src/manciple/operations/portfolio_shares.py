"""Shares of portfolios as their owner sees them: create, update, delete, describe (service-catalog-api reference, 5.7).

A share to an account is there at once and has no token. One to a node of the organization is an asynchronous action
under a token; where the behaviour is faithful it takes a moment, and no other may be begun meanwhile.
"""

from typing import Any

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.entities import Portfolio
from manciple.catalog.policy import check_quota
from manciple.catalog.sharing import (
    BUSY,
    MANY,
    PortfolioShare,
    Recipient,
    ShareAction,
    ShareVerb,
    accounts_reached,
    read_node,
)
from manciple.errors import InvalidParametersException, InvalidStateException, ResourceNotFoundException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.lookups import check_exactly_one, find_portfolio
from manciple.operations.organizations_access import demand_access, demand_administrator
from manciple.operations.sight import find_seen_portfolio
from manciple.store.directories import find_directory
from manciple.store.pages import Pager, Request
from manciple.store.sharing import PORTFOLIO_SHARES, SHARE_ACTIONS
from manciple.store.tables.catalog import PRODUCT_ASSOCIATION
from manciple.store.tables.sharing import PORTFOLIO_REJECTION, PORTFOLIO_SHARE, SHARE_ACTION


@operation("CreatePortfolioShare", writes=True)
def create_portfolio_share(
    context: Context, input: shapes.CreatePortfolioShareInput
) -> shapes.CreatePortfolioShareOutput:
    """Share a portfolio with an account or a node of the organization. A share that exists stays as it is.

    Raises ResourceNotFoundException, InvalidParametersException, OperationNotSupportedException where the caller's
    account may not share with nodes, InvalidStateException while another share is under way, LimitExceededException.
    """
    recipient = _read_recipient(input)
    _check_principals(recipient, input.share_principals)
    portfolio = _find_own(context, input.portfolio_id)
    if recipient.is_node:
        _demand_node(context, recipient)
        _demand_idle(context, portfolio)
    elif recipient.id == context.account:
        raise InvalidParametersException(
            f"Portfolio {portfolio.id} is your own; it cannot be shared with {recipient.id}."
        )
    if _find(context, portfolio, recipient) is None:
        _refuse_shared_products(context, portfolio)
        _check_room(context, portfolio, recipient)
        share = PortfolioShare(
            account=context.account,
            region=context.region,
            portfolio_id=portfolio.id,
            type=recipient.type,
            principal_id=recipient.id,
            accepted=recipient.is_node,
            share_tag_options=bool(input.share_tag_options),
            share_principals=bool(input.share_principals),
            created_time=context.now,
        )
        PORTFOLIO_SHARES.insert(context.tx, share)
    token = _begin(context, portfolio, recipient, "CREATE").id if recipient.is_node else None
    return shapes.CreatePortfolioShareOutput(portfolio_share_token=token)


@operation("UpdatePortfolioShare", writes=True)
def update_portfolio_share(
    context: Context, input: shapes.UpdatePortfolioShareInput
) -> shapes.UpdatePortfolioShareOutput:
    """Set what is shared along; a flag that is not given stays. Every such action has a token.

    Raises as CreatePortfolioShare does, and ResourceNotFoundException where there is no such share.
    """
    recipient = _read_recipient(input)
    _check_principals(recipient, input.share_principals)
    portfolio = _find_own(context, input.portfolio_id)
    if recipient.is_node:
        demand_administrator(context)
    share = _require(context, portfolio, recipient)
    _demand_idle(context, portfolio)
    given: dict[str, Any] = {"share_tag_options": input.share_tag_options, "share_principals": input.share_principals}
    if fields := {name: value for name, value in given.items() if value is not None}:
        PORTFOLIO_SHARES.change(context.tx, share, **fields)
    action = _begin(context, portfolio, recipient, "UPDATE")
    return shapes.UpdatePortfolioShareOutput(portfolio_share_token=action.id, status=_status(context, action))


@operation("DeletePortfolioShare", writes=True)
def delete_portfolio_share(
    context: Context, input: shapes.DeletePortfolioShareInput
) -> shapes.DeletePortfolioShareOutput:
    """End a share. The launch paths through it are gone at once; what was launched keeps running.

    Raises ResourceNotFoundException, InvalidParametersException, OperationNotSupportedException, InvalidStateException.
    """
    recipient = _read_recipient(input)
    portfolio = _find_own(context, input.portfolio_id)
    if recipient.is_node:
        demand_administrator(context)
    share = _require(context, portfolio, recipient)
    if not recipient.is_node:
        PORTFOLIO_SHARES.delete(context.tx, share)
        return shapes.DeletePortfolioShareOutput()
    _demand_idle(context, portfolio)
    PORTFOLIO_SHARES.delete(context.tx, share)
    action = _begin(context, portfolio, recipient, "DELETE")
    _forget_rejections(context, action)
    return shapes.DeletePortfolioShareOutput(portfolio_share_token=action.id)


@operation("DescribePortfolioShares")
def describe_portfolio_shares(
    context: Context, input: shapes.DescribePortfolioSharesInput
) -> shapes.DescribePortfolioSharesOutput:
    """The shares of one type, by recipient. Raises ResourceNotFoundException."""
    portfolio = find_portfolio(context, input.portfolio_id)
    scope = (*context.owner, "DescribePortfolioShares", portfolio.id, input.type)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, scope),
        PORTFOLIO_SHARES.select.where(*shares_of(portfolio), PORTFOLIO_SHARE.c.type == input.type),
        [PORTFOLIO_SHARE.c.principal_id],
    )
    details = page.of(PORTFOLIO_SHARES.of).of(_detail)
    return shapes.DescribePortfolioSharesOutput(
        next_page_token=details.next_token, portfolio_share_details=details.items
    )


@operation("DescribePortfolioShareStatus")
def describe_portfolio_share_status(
    context: Context, input: shapes.DescribePortfolioShareStatusInput
) -> shapes.DescribePortfolioShareStatusOutput:
    """How the action of a token went. Raises ResourceNotFoundException.

    Raises OperationNotSupportedException for a share to a node unless the account administers an organization.
    """
    action = SHARE_ACTIONS.get(context.tx, *context.owner, input.portfolio_share_token)
    if action is None:
        raise ResourceNotFoundException(f"Portfolio share token not found: {input.portfolio_share_token}")
    if action.recipient.is_node:
        demand_administrator(context)
    is_over = context.runtime.behaviour.is_over("sharing", action.created_time, context.now)
    return shapes.DescribePortfolioShareStatusOutput(
        organization_node_value=action.principal_id,
        portfolio_id=action.portfolio_id,
        portfolio_share_token=action.id,
        share_details=shapes.ShareDetails(share_errors=[], successful_shares=list(action.accounts) if is_over else []),
        status=_status(context, action),
    )


def shares_of(portfolio: Portfolio) -> list[sa.ColumnElement[bool]]:
    """The shares of one portfolio."""
    return [
        PORTFOLIO_SHARE.c.account == portfolio.account,
        PORTFOLIO_SHARE.c.region == portfolio.region,
        PORTFOLIO_SHARE.c.portfolio_id == portfolio.id,
    ]


def _read_recipient(
    input: shapes.CreatePortfolioShareInput | shapes.UpdatePortfolioShareInput | shapes.DeletePortfolioShareInput,
) -> Recipient:
    check_exactly_one(AccountId=input.account_id, OrganizationNode=input.organization_node)
    if input.account_id is not None:
        return Recipient("ACCOUNT", input.account_id)
    node = input.organization_node
    if node is None or node.type is None or node.value is None:
        raise InvalidParametersException("OrganizationNode must have a Type and a Value.")
    return read_node(node.type, node.value)


def _check_principals(recipient: Recipient, share_principals: bool | None) -> None:
    if share_principals and recipient.type not in MANY:
        raise InvalidParametersException(
            "SharePrincipals is only supported for an OrganizationNode of type ORGANIZATION or ORGANIZATIONAL_UNIT."
        )


def _find_own(context: Context, portfolio_id: str) -> Portfolio:
    """The caller's portfolio; one that is shared with the caller cannot be shared on (AWS API reference)."""
    portfolio = find_seen_portfolio(context, portfolio_id)
    if portfolio.account != context.account:
        raise InvalidParametersException(
            f"Portfolio {portfolio.id} is shared with you; a shared portfolio cannot be shared again."
        )
    return portfolio


def _refuse_shared_products(context: Context, portfolio: Portfolio) -> None:
    columns = PRODUCT_ASSOCIATION.c
    if count(
        context, PRODUCT_ASSOCIATION, columns.portfolio_id == portfolio.id, columns.source_portfolio_id.is_not(None)
    ):
        raise InvalidParametersException(
            f"Portfolio {portfolio.id} contains shared products; a shared product cannot be shared again."
        )


def _demand_node(context: Context, recipient: Recipient) -> None:
    """The node must be of the organization that the caller's account administers, with access enabled."""
    organization = demand_administrator(context)
    organizations = find_directory(context.tx).organizations
    of_node = organizations.having(recipient.id) or organizations.organization_of(recipient.id)
    if of_node != organization:
        raise ResourceNotFoundException(f"{recipient.id} is not a node of organization {organization.id}.")
    demand_access(context, organization)


def _demand_idle(context: Context, portfolio: Portfolio) -> None:
    newest = context.tx.scalar(
        sa.select(sa.func.max(SHARE_ACTION.c.created_time)).where(
            SHARE_ACTION.c.account == portfolio.account,
            SHARE_ACTION.c.region == portfolio.region,
            SHARE_ACTION.c.portfolio_id == portfolio.id,
        )
    )
    if newest is not None and not context.runtime.behaviour.is_over("sharing", newest, context.now):
        raise InvalidStateException(BUSY)


def _check_room(context: Context, portfolio: Portfolio, recipient: Recipient) -> None:
    """One share may bring many accounts; each counts once."""
    limit = context.runtime.settings.quota.shared_accounts_per_portfolio
    organizations = find_directory(context.tx).organizations
    rows = context.tx.all(
        sa.select(PORTFOLIO_SHARE.c.type, PORTFOLIO_SHARE.c.principal_id).where(*shares_of(portfolio))
    )
    recipients = [*(Recipient(row.type, row.principal_id) for row in rows), recipient]
    reached = {account for one in recipients for account in accounts_reached(one, context.account, organizations)}
    check_quota(len(reached) - 1, limit, f"accounts that portfolio {portfolio.id} is shared with")


def _find(context: Context, portfolio: Portfolio, recipient: Recipient) -> PortfolioShare | None:
    return PORTFOLIO_SHARES.get(context.tx, *context.owner, portfolio.id, *recipient)


def _require(context: Context, portfolio: Portfolio, recipient: Recipient) -> PortfolioShare:
    share = _find(context, portfolio, recipient)
    if share is None:
        raise ResourceNotFoundException(f"Portfolio {portfolio.id} is not shared with {recipient.id}.")
    return share


def _begin(context: Context, portfolio: Portfolio, recipient: Recipient, verb: ShareVerb) -> ShareAction:
    organizations = find_directory(context.tx).organizations
    action = ShareAction(
        account=context.account,
        region=context.region,
        id=context.new_id("share"),
        portfolio_id=portfolio.id,
        verb=verb,
        type=recipient.type,
        principal_id=recipient.id,
        accounts=tuple(accounts_reached(recipient, context.account, organizations)),
        created_time=context.now,
    )
    SHARE_ACTIONS.insert(context.tx, action)
    return action


def _forget_rejections(context: Context, action: ShareAction) -> None:
    """Who rejected a share that is ended has nothing to reject any more."""
    context.tx.execute(
        sa.delete(PORTFOLIO_REJECTION).where(
            PORTFOLIO_REJECTION.c.account.in_(action.accounts),
            PORTFOLIO_REJECTION.c.region == action.region,
            PORTFOLIO_REJECTION.c.portfolio_id == action.portfolio_id,
        )
    )


def _status(context: Context, action: ShareAction) -> str:
    return context.status_of("sharing", action.created_time)


def _detail(share: PortfolioShare) -> shapes.PortfolioShareDetail:
    return shapes.PortfolioShareDetail(
        accepted=share.accepted,
        principal_id=share.principal_id,
        share_principals=share.share_principals,
        share_tag_options=share.share_tag_options,
        type=share.type,
    )
