"""Budgets of portfolios and products: associate, disassociate, list.

The budget itself is AWS Budgets' matter: its name is taken as it is given (inferred).
"""

from manciple.api import shapes
from manciple.catalog.budgets import BudgetAssociation
from manciple.catalog.policy import check_quota
from manciple.errors import DuplicateResourceException, ResourceNotFoundException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.offers import find_resource
from manciple.store.option_rows import BUDGET_ASSOCIATIONS
from manciple.store.pages import Pager, Request
from manciple.store.tables.budgets import BUDGET_ASSOCIATION


@operation("AssociateBudgetWithResource", writes=True)
def associate_budget_with_resource(
    context: Context, input: shapes.AssociateBudgetWithResourceInput
) -> shapes.AssociateBudgetWithResourceOutput:
    """Associate a budget with a portfolio or product; doing so again is DuplicateResourceException.

    Raises ResourceNotFoundException, LimitExceededException.
    """
    resource = find_resource(context, input.resource_id)
    if BUDGET_ASSOCIATIONS.get(context.tx, *context.owner, resource.id, input.budget_name) is not None:
        raise DuplicateResourceException(f"Budget {input.budget_name} is already associated with {resource.id}.")
    used = count(context, BUDGET_ASSOCIATION, BUDGET_ASSOCIATION.c.resource_id == resource.id)
    check_quota(used, context.runtime.settings.quota.budgets_per_resource, f"budgets of {resource.id}")
    association = BudgetAssociation(
        account=context.account,
        region=context.region,
        resource_id=resource.id,
        budget_name=input.budget_name,
        created_time=context.now,
    )
    BUDGET_ASSOCIATIONS.insert(context.tx, association)
    return shapes.AssociateBudgetWithResourceOutput()


@operation("DisassociateBudgetFromResource", writes=True)
def disassociate_budget_from_resource(
    context: Context, input: shapes.DisassociateBudgetFromResourceInput
) -> shapes.DisassociateBudgetFromResourceOutput:
    """End an association. Raises ResourceNotFoundException."""
    found = BUDGET_ASSOCIATIONS.get(context.tx, *context.owner, input.resource_id, input.budget_name)
    if found is None:
        raise ResourceNotFoundException(f"Budget {input.budget_name} is not associated with {input.resource_id}.")
    BUDGET_ASSOCIATIONS.delete(context.tx, found)
    return shapes.DisassociateBudgetFromResourceOutput()


@operation("ListBudgetsForResource")
def list_budgets_for_resource(
    context: Context, input: shapes.ListBudgetsForResourceInput
) -> shapes.ListBudgetsForResourceOutput:
    """The budgets of a portfolio or product, by name."""
    resource = find_resource(context, input.resource_id)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, (*context.owner, "ListBudgetsForResource", resource.id)),
        BUDGET_ASSOCIATIONS.select.where(
            BUDGET_ASSOCIATION.c.account == context.account,
            BUDGET_ASSOCIATION.c.region == context.region,
            BUDGET_ASSOCIATION.c.resource_id == resource.id,
        ),
        [BUDGET_ASSOCIATION.c.budget_name],
    )
    details = page.of(BUDGET_ASSOCIATIONS.of).of(_detail)
    return shapes.ListBudgetsForResourceOutput(budgets=details.items, next_page_token=details.next_token)


def _detail(association: BudgetAssociation) -> shapes.BudgetDetail:
    return shapes.BudgetDetail(budget_name=association.budget_name)
