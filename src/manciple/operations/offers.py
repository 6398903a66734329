"""What portfolios and products carry beside their own members: TagOptions and budgets.

One place tells what a launch of a product through a portfolio offers; whoever shares portfolios decides here whether
the TagOptions of another account count.
"""

from collections.abc import Callable

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog import tag_options
from manciple.catalog.entities import Portfolio, Product, Tags
from manciple.catalog.tag_options import Offer, TagOption
from manciple.errors import InvalidParametersException, ResourceNotFoundException
from manciple.operations.call import Context
from manciple.operations.lookups import find_portfolio, find_product
from manciple.store.option_rows import BUDGET_ASSOCIATIONS, TAG_OPTIONS
from manciple.store.tables.budgets import BUDGET_ASSOCIATION
from manciple.store.tables.tag_options import TAG_OPTION, TAG_OPTION_ASSOCIATION


def find_resource(context: Context, resource_id: str) -> Portfolio | Product:
    """The portfolio or product of this id. Raises ResourceNotFoundException."""
    find = _FINDERS.get(resource_id.partition("-")[0])
    if find is None:
        raise ResourceNotFoundException(f"{resource_id} is neither a portfolio nor a product.")
    return find(context, resource_id)


_FINDERS: dict[str, Callable[[Context, str], Portfolio | Product]] = {"port": find_portfolio, "prod": find_product}
"""Who finds a resource, by how its id begins."""


def tag_options_on(context: Context, resource: Portfolio | Product) -> list[TagOption]:
    """The TagOptions that a portfolio or product is associated with, active or not, oldest first."""
    mine = _of(TAG_OPTION_ASSOCIATION, resource)
    associated = sa.select(TAG_OPTION_ASSOCIATION.c.tag_option_id).where(*mine)
    return TAG_OPTIONS.find(
        context.tx,
        TAG_OPTION.c.account == resource.account,
        TAG_OPTION.c.region == resource.region,
        TAG_OPTION.c.id.in_(associated),
        order=[TAG_OPTION.c.created_time, TAG_OPTION.c.id],
    )


def offered_tag_options(context: Context, portfolio: Portfolio, product: Product) -> Offer:
    """The values of tags that a launch of a product through a portfolio may choose from."""
    return tag_options.merge(tag_options_on(context, portfolio), tag_options_on(context, product))


def launch_tags(context: Context, portfolio: Portfolio, product: Product, given: Tags) -> Tags:
    """The tags of a launch by what its TagOptions demand. Raises InvalidParametersException."""
    offer = offered_tag_options(context, portfolio, product)
    tags = tag_options.choose(offer, given, portfolio.id, product.id)
    if len(tags) > (limit := context.runtime.settings.quota.tags_per_provisioned_product):
        raise InvalidParametersException(
            f"{len(tags)} tags come together with those of TagOptions; a provisioned product takes at most {limit}."
        )
    return tags


def tag_option_detail(option: TagOption) -> shapes.TagOptionDetail:
    """A TagOption; its owner is the account that made it."""
    return shapes.TagOptionDetail(
        active=option.active, id=option.id, key=option.key, owner=option.account, value=option.value
    )


def tag_option_details(context: Context, resource: Portfolio | Product) -> list[shapes.TagOptionDetail]:
    """The TagOptions of a portfolio or product as the API shows them."""
    return [tag_option_detail(option) for option in tag_options_on(context, resource)]


def tag_option_summaries(offer: Offer) -> list[shapes.TagOptionSummary]:
    """What is offered as the API shows it; a conflict has no values."""
    return [shapes.TagOptionSummary(key=key, values=list(values)) for key, values in offer.items()]


def budget_details(context: Context, resource: Portfolio | Product) -> list[shapes.BudgetDetail]:
    """The budgets of a portfolio or product, by name."""
    found = BUDGET_ASSOCIATIONS.find(
        context.tx, *_of(BUDGET_ASSOCIATION, resource), order=[BUDGET_ASSOCIATION.c.budget_name]
    )
    return [shapes.BudgetDetail(budget_name=association.budget_name) for association in found]


def forget_offers(context: Context, resource: Portfolio | Product) -> None:
    """End the associations of a portfolio or product that is deleted; they do not keep it (reference, 5.1)."""
    for table in (TAG_OPTION_ASSOCIATION, BUDGET_ASSOCIATION):
        context.tx.execute(sa.delete(table).where(*_of(table, resource)))


def _of(table: sa.Table, resource: Portfolio | Product) -> list[sa.ColumnElement[bool]]:
    return [
        table.c.account == resource.account,
        table.c.region == resource.region,
        table.c.resource_id == resource.id,
    ]
