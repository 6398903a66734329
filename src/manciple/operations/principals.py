"""Principals of portfolios: associate, disassociate, list."""

from typing import Any

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.entities import PrincipalAssociation, PrincipalType
from manciple.catalog.policy import check_quota
from manciple.catalog.principals import check_principal
from manciple.errors import ResourceNotFoundException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.product_principals import check_for_products
from manciple.operations.sight import find_seen_portfolio, look
from manciple.operations.visibility import principals_seen
from manciple.store.pages import Pager, Request
from manciple.store.rows import PRINCIPAL_ASSOCIATIONS
from manciple.store.tables.catalog import PRINCIPAL_ASSOCIATION


@operation("AssociatePrincipalWithPortfolio", writes=True)
def associate_principal_with_portfolio(
    context: Context, input: shapes.AssociatePrincipalWithPortfolioInput
) -> shapes.AssociatePrincipalWithPortfolioOutput:
    """Let a principal, or all that match a pattern, launch what a portfolio offers. Doing so again changes nothing."""
    portfolio = find_seen_portfolio(context, input.portfolio_id)
    check_principal(input.principal_arn, input.principal_type, context.caller.partition)
    key = (*context.owner, portfolio.id, input.principal_arn, input.principal_type)
    if PRINCIPAL_ASSOCIATIONS.get(context.tx, *key) is None:
        _check_room(context, portfolio.id, input.principal_type)
        check_for_products(context, portfolio.id, input.principal_arn)
        association = PrincipalAssociation(
            account=context.account,
            region=context.region,
            portfolio_id=portfolio.id,
            principal_arn=input.principal_arn,
            principal_type=input.principal_type,
            created_time=context.now,
        )
        PRINCIPAL_ASSOCIATIONS.insert(context.tx, association)
    return shapes.AssociatePrincipalWithPortfolioOutput()


@operation("DisassociatePrincipalFromPortfolio", writes=True)
def disassociate_principal_from_portfolio(
    context: Context, input: shapes.DisassociatePrincipalFromPortfolioInput
) -> shapes.DisassociatePrincipalFromPortfolioOutput:
    """End an association; the type must be the one it was made with, IAM if left out."""
    portfolio = find_seen_portfolio(context, input.portfolio_id)
    key = (*context.owner, portfolio.id, input.principal_arn, input.principal_type or "IAM")
    association = PRINCIPAL_ASSOCIATIONS.get(context.tx, *key)
    if association is None:
        raise ResourceNotFoundException(
            f"Principal {input.principal_arn} of type {key[-1]} is not associated with portfolio {portfolio.id}."
        )
    PRINCIPAL_ASSOCIATIONS.delete(context.tx, association)
    return shapes.DisassociatePrincipalFromPortfolioOutput()


@operation("ListPrincipalsForPortfolio")
def list_principals_for_portfolio(
    context: Context, input: shapes.ListPrincipalsForPortfolioInput
) -> shapes.ListPrincipalsForPortfolioOutput:
    """A portfolio's principals, by their ARNs; of a shared one the account's own and the patterns shared along."""
    portfolio = find_seen_portfolio(context, input.portfolio_id)
    order = [PRINCIPAL_ASSOCIATION.c.principal_arn, PRINCIPAL_ASSOCIATION.c.principal_type]
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, (*context.owner, "ListPrincipalsForPortfolio", portfolio.id)),
        sa.select(*order)
        .where(*principals_seen(look(context)), PRINCIPAL_ASSOCIATION.c.portfolio_id == portfolio.id)
        .distinct(),
        order,
    )
    principals = page.of(_principal)
    return shapes.ListPrincipalsForPortfolioOutput(next_page_token=principals.next_token, principals=principals.items)


def _principal(row: Any) -> shapes.Principal:
    return shapes.Principal(principal_arn=row.principal_arn, principal_type=row.principal_type)


def _check_room(context: Context, portfolio_id: str, principal_type: PrincipalType) -> None:
    quota = context.runtime.settings.quota
    of_portfolio = PRINCIPAL_ASSOCIATION.c.portfolio_id == portfolio_id
    used = count(context, PRINCIPAL_ASSOCIATION, of_portfolio)
    check_quota(used, quota.principals_per_portfolio, f"principals of portfolio {portfolio_id}")
    if principal_type == "IAM_PATTERN":
        patterns = count(
            context, PRINCIPAL_ASSOCIATION, of_portfolio, PRINCIPAL_ASSOCIATION.c.principal_type == "IAM_PATTERN"
        )
        check_quota(patterns, quota.patterns_per_portfolio, f"IAM_PATTERN principals of portfolio {portfolio_id}")
