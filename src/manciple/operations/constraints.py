"""Constraints on products in portfolios: create, describe, update, delete, list."""

from typing import Any

from manciple.api import shapes
from manciple.catalog.constraints import Constraint, check_conflicts, find_type
from manciple.catalog.policy import check_quota
from manciple.errors import ResourceNotFoundException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.lookups import find_association, find_portfolio
from manciple.operations.roles import demand_role
from manciple.operations.sight import find_seen_portfolio, look
from manciple.store.constraint_rows import CONSTRAINTS
from manciple.store.pages import Pager, Request
from manciple.store.tables.constraints import CONSTRAINT

_CREATING = "CREATING"
"""What creating and updating always answer (recorded); DescribeConstraint tells how it is now."""


@operation("CreateConstraint", writes=True)
def create_constraint(context: Context, input: shapes.CreateConstraintInput) -> shapes.CreateConstraintOutput:
    """Constrain the launches of a product that is in the portfolio.

    Raises ResourceNotFoundException where it is not, InvalidParametersException for parameters that the type cannot
    read, DuplicateResourceException where another constraint stands in the way, LimitExceededException.
    """
    portfolio = find_portfolio(context, input.portfolio_id)
    find_association(context, input.product_id, portfolio)
    _check_parameters(context, input.type, input.parameters)
    of_product = (CONSTRAINT.c.portfolio_id == portfolio.id, CONSTRAINT.c.product_id == input.product_id)
    check_quota(
        count(context, CONSTRAINT, *of_product),
        context.runtime.settings.quota.constraints_per_product_and_portfolio,
        f"constraints on product {input.product_id} in portfolio {portfolio.id}",
    )
    mine = (CONSTRAINT.c.account == context.account, CONSTRAINT.c.region == context.region)
    check_conflicts(input.type, portfolio.id, input.product_id, CONSTRAINTS.find(context.tx, *mine, *of_product))
    constraint = Constraint(
        account=context.account,
        region=context.region,
        id=context.new_id("cons"),
        portfolio_id=portfolio.id,
        product_id=input.product_id,
        type=input.type,
        parameters=input.parameters,
        description=input.description,
        created_time=context.now,
        changed_time=context.now,
    )
    CONSTRAINTS.insert(context.tx, constraint)
    return shapes.CreateConstraintOutput(
        constraint_detail=_detail(constraint), constraint_parameters=constraint.parameters, status=_CREATING
    )


@operation("DescribeConstraint")
def describe_constraint(context: Context, input: shapes.DescribeConstraintInput) -> shapes.DescribeConstraintOutput:
    """A constraint with its parameters as they were given, the caller's own or one in a shared portfolio (inferred).

    Raises ResourceNotFoundException.
    """
    constraint = _find_seen(context, input.id)
    return shapes.DescribeConstraintOutput(
        constraint_detail=_detail(constraint),
        constraint_parameters=constraint.parameters,
        status=context.status_of("creating", constraint.changed_time),
    )


@operation("UpdateConstraint", writes=True)
def update_constraint(context: Context, input: shapes.UpdateConstraintInput) -> shapes.UpdateConstraintOutput:
    """Set the description or the parameters, or both. Raises ResourceNotFoundException, InvalidParametersException."""
    constraint = _find(context, input.id)
    if input.parameters is not None:
        _check_parameters(context, constraint.type, input.parameters)
    given: dict[str, Any] = {"description": input.description, "parameters": input.parameters}
    fields = {name: value for name, value in given.items() if value is not None}
    changed = CONSTRAINTS.change(context.tx, constraint, **fields, changed_time=context.now) or constraint
    return shapes.UpdateConstraintOutput(
        constraint_detail=_detail(changed), constraint_parameters=changed.parameters, status=_CREATING
    )


@operation("DeleteConstraint", writes=True)
def delete_constraint(context: Context, input: shapes.DeleteConstraintInput) -> shapes.DeleteConstraintOutput:
    """Delete a constraint; what was launched under it stays as it is. Raises ResourceNotFoundException."""
    CONSTRAINTS.delete(context.tx, _find(context, input.id))
    return shapes.DeleteConstraintOutput()


@operation("ListConstraintsForPortfolio")
def list_constraints_for_portfolio(
    context: Context, input: shapes.ListConstraintsForPortfolioInput
) -> shapes.ListConstraintsForPortfolioOutput:
    """A portfolio's constraints, of all products or of one, oldest first; a shared portfolio's are its owner's.

    Raises ResourceNotFoundException.
    """
    portfolio = find_seen_portfolio(context, input.portfolio_id)
    wanted = [
        CONSTRAINT.c.account == portfolio.account,
        CONSTRAINT.c.region == portfolio.region,
        CONSTRAINT.c.portfolio_id == portfolio.id,
    ]
    if input.product_id is not None:
        wanted.append(CONSTRAINT.c.product_id == input.product_id)
    scope = (*context.owner, "ListConstraintsForPortfolio", portfolio.id, input.product_id)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, scope),
        CONSTRAINTS.select.where(*wanted),
        [CONSTRAINT.c.created_time, CONSTRAINT.c.id],
    )
    details = page.of(CONSTRAINTS.of).of(_detail)
    return shapes.ListConstraintsForPortfolioOutput(
        constraint_details=details.items, next_page_token=details.next_token
    )


def _check_parameters(context: Context, type_: str, parameters: str) -> None:
    found = find_type(type_)
    found.check(parameters)
    for role in found.roles(parameters, context.account, context.caller.partition):
        demand_role(context, role)


def _find(context: Context, constraint_id: str) -> Constraint:
    found = CONSTRAINTS.get(context.tx, *context.owner, constraint_id)
    if found is None:
        raise _unknown(constraint_id)
    return found


def _find_seen(context: Context, constraint_id: str) -> Constraint:
    sight = look(context)
    found = CONSTRAINTS.find(context.tx, *sight.within(CONSTRAINT), CONSTRAINT.c.id == constraint_id)
    for constraint in found:
        if constraint.account == context.account or constraint.portfolio_id in sight.shared:
            return constraint
    raise _unknown(constraint_id)


def _unknown(constraint_id: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Constraint not found: {constraint_id}")


def _detail(constraint: Constraint) -> shapes.ConstraintDetail:
    return shapes.ConstraintDetail(
        constraint_id=constraint.id,
        description=constraint.description,
        owner=constraint.account,
        portfolio_id=constraint.portfolio_id,
        product_id=constraint.product_id,
        type=constraint.type,
    )
