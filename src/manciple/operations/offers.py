"""What portfolios and products carry beside their own members: TagOptions and budgets.

One place tells what a launch of a product through a portfolio offers. Of what is shared with an account its own
TagOptions count, and beside them the owner's if the share brings them; budgets are each account's own.
"""

from collections.abc import Callable

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog import tag_options
from manciple.catalog.entities import Portfolio, Product, Tags
from manciple.catalog.tag_options import Offer, TagOption
from manciple.errors import InvalidParametersException, ResourceNotFoundException
from manciple.operations.call import Context
from manciple.operations.sight import find_seen_portfolio, find_seen_product, look
from manciple.store.option_rows import BUDGET_ASSOCIATIONS, TAG_OPTIONS
from manciple.store.prepared import Prepared
from manciple.store.rows import PRODUCT_ASSOCIATIONS
from manciple.store.tables.budgets import BUDGET_ASSOCIATION
from manciple.store.tables.tag_options import TAG_OPTION, TAG_OPTION_ASSOCIATION


def find_resource(context: Context, resource_id: str) -> Portfolio | Product:
    """The portfolio or product of this id. Raises ResourceNotFoundException."""
    find = _FINDERS.get(resource_id.partition("-")[0])
    if find is None:
        raise ResourceNotFoundException(f"{resource_id} is neither a portfolio nor a product.")
    return find(context, resource_id)


_FINDERS: dict[str, Callable[[Context, str], Portfolio | Product]] = {
    "port": find_seen_portfolio,
    "prod": find_seen_product,
}
"""Who finds a resource, by how its id begins."""


def tag_options_on(context: Context, resource: Portfolio | Product, *, with_shared: bool = False) -> list[TagOption]:
    """The caller's TagOptions on a portfolio or product, active or not, oldest first; `with_shared` its owner's too."""
    accounts = sorted({context.account, resource.account} if with_shared else {context.account})
    if not any(_has(context, TAG_OPTION_ASSOCIATION, account, resource) for account in accounts):
        return []
    associated = sa.select(TAG_OPTION_ASSOCIATION.c.tag_option_id).where(
        TAG_OPTION_ASSOCIATION.c.account.in_(accounts),
        TAG_OPTION_ASSOCIATION.c.region == resource.region,
        TAG_OPTION_ASSOCIATION.c.resource_id == resource.id,
    )
    return TAG_OPTIONS.find(
        context.tx,
        TAG_OPTION.c.account.in_(accounts),
        TAG_OPTION.c.region == resource.region,
        TAG_OPTION.c.id.in_(associated),
        order=[TAG_OPTION.c.created_time, TAG_OPTION.c.id],
    )


def offered_tag_options(context: Context, portfolio: Portfolio, product: Product) -> Offer:
    """The values of tags that a launch of a product through a portfolio may choose from."""
    with_shared = _brings_tag_options(context, portfolio, product)
    found = (tag_options_on(context, resource, with_shared=with_shared) for resource in (portfolio, product))
    return tag_options.merge(*found, product_type=product.type)


def _brings_tag_options(context: Context, portfolio: Portfolio, product: Product) -> bool:
    """Does the share that a path leads through bring TagOptions? A local one has its product from a shared one."""
    if product.account == context.account:
        return False
    source_id: str | None = portfolio.id
    if portfolio.account == context.account:
        local = PRODUCT_ASSOCIATIONS.get(context.tx, *context.owner, product.id, portfolio.id)
        source_id = local.source_portfolio_id if local else None
    shared = look(context).shared.get(source_id or "")
    return shared is not None and shared.shares_tag_options


def launch_tags(context: Context, portfolio: Portfolio, product: Product, given: Tags) -> Tags:
    """The tags of a launch by what its TagOptions demand. Raises InvalidParametersException."""
    offer = offered_tag_options(context, portfolio, product)
    return _limited(context, tag_options.choose(offer, given, portfolio.id, product.id))


def refreshed_tags(context: Context, portfolio: Portfolio, product: Product, tags: Tags) -> Tags:
    """The tags of an update that gives none but may change them. Raises InvalidParametersException."""
    offer = offered_tag_options(context, portfolio, product)
    return _limited(context, tag_options.refresh(offer, tags, portfolio.id, product.id))


def _limited(context: Context, tags: Tags) -> Tags:
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


def tag_option_details(
    context: Context, resource: Portfolio | Product, through: str | None = None
) -> list[shapes.TagOptionDetail]:
    """The TagOptions of a portfolio or product as the API shows them.

    `through` is the shared portfolio that it is seen in: its owner's TagOptions are there if the share brings them.
    """
    shared = look(context).shared.get(through or "") if resource.account != context.account else None
    found = tag_options_on(context, resource, with_shared=shared is not None and shared.shares_tag_options)
    return [tag_option_detail(option) for option in found]


def tag_option_summaries(offer: Offer) -> list[shapes.TagOptionSummary]:
    """What is offered as the API shows it; a conflict has no values."""
    return [shapes.TagOptionSummary(key=key, values=list(values)) for key, values in offer.items()]


def budget_details(context: Context, resource: Portfolio | Product) -> list[shapes.BudgetDetail]:
    """The caller's budgets of a portfolio or product, by name."""
    if not _has(context, BUDGET_ASSOCIATION, context.account, resource):
        return []
    found = BUDGET_ASSOCIATIONS.find(
        context.tx, *_of(context, BUDGET_ASSOCIATION, resource), order=[BUDGET_ASSOCIATION.c.budget_name]
    )
    return [shapes.BudgetDetail(budget_name=association.budget_name) for association in found]


_KEY = ("account", "region", "resource_id")
_FIRST = {
    table.name: Prepared(
        sa.select(table.c.resource_id).where(*(table.c[name] == sa.bindparam(name) for name in _KEY)), _KEY
    )
    for table in (TAG_OPTION_ASSOCIATION, BUDGET_ASSOCIATION)
}


def _has(context: Context, table: sa.Table, account: str, resource: Portfolio | Product) -> bool:
    """Is anything associated? Most have nothing, and the answer costs a tenth of what reading an empty list does."""
    return _FIRST[table.name].first(context.tx, account, resource.region, resource.id) is not None


def forget_offers(context: Context, resource: Portfolio | Product) -> None:
    """End the associations of a portfolio or product that is deleted; they do not keep it (reference, 5.1)."""
    for table in (TAG_OPTION_ASSOCIATION, BUDGET_ASSOCIATION):
        context.tx.execute(sa.delete(table).where(*_of(context, table, resource)))


def _of(context: Context, table: sa.Table, resource: Portfolio | Product) -> list[sa.ColumnElement[bool]]:
    return [table.c.account == context.account, table.c.region == resource.region, table.c.resource_id == resource.id]
