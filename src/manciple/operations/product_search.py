"""Searching products: as an end user, and as an administrator.

One statement finds a page of ids; filters are looked up in the index of terms, which is written with the product, so a
search never lags (AWS's does). A product's number of versions is counted where it is the order.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog import search
from manciple.catalog.entities import Product
from manciple.operations.call import Context, operation
from manciple.operations.details import product_view_detail, product_view_summary
from manciple.operations.sight import Sight, find_seen_portfolio, look
from manciple.operations.source_connections import connection_details
from manciple.operations.visibility import open_portfolios
from manciple.store import terms
from manciple.store.pages import Page, Pager, Request
from manciple.store.rows import PRODUCTS
from manciple.store.tables.catalog import PRODUCT, PRODUCT_ASSOCIATION, PROVISIONING_ARTIFACT, TERM

Conditions: TypeAlias = list[sa.ColumnElement[bool]]
Filters: TypeAlias = Mapping[Any, Sequence[str]]
Column: TypeAlias = sa.ColumnElement[Any]

_AGGREGATIONS = {"Owner": PRODUCT.c.owner, "ProductType": PRODUCT.c.type, "Vendor": PRODUCT.c.distributor}

_VERSIONS = sa.and_(
    PROVISIONING_ARTIFACT.c.account == PRODUCT.c.account,
    PROVISIONING_ARTIFACT.c.region == PRODUCT.c.region,
    PROVISIONING_ARTIFACT.c.product_id == PRODUCT.c.id,
)
_VERSION_COUNT = (
    sa.select(sa.func.count()).select_from(PROVISIONING_ARTIFACT).where(_VERSIONS).correlate(PRODUCT).scalar_subquery()
)
_ORDERS: dict[str | None, list[Column]] = {
    "Title": [PRODUCT.c.name],
    "VersionCount": [_VERSION_COUNT.label("version_count")],
    "CreationDate": [PRODUCT.c.created_time],
    None: [PRODUCT.c.created_time],
}


@operation("SearchProducts")
def search_products(context: Context, input: shapes.SearchProductsInput) -> shapes.SearchProductsOutput:
    """The products that the caller can launch: on a path of theirs and with an active version."""
    sight = look(context)
    offered = sorted(open_portfolios(context, sight))
    conditions = [*_matching(sight, input.filters or {}), _is_in(sight, offered), _has_active_version(sight)]
    page = _page(context, sight, "SearchProducts", input, conditions)
    return shapes.SearchProductsOutput(
        next_page_token=page.next_token,
        product_view_aggregations={
            name: _values(context, column, conditions) for name, column in _AGGREGATIONS.items()
        },
        product_view_summaries=page.of(product_view_summary).items,
    )


@operation("SearchProductsAsAdmin")
def search_products_as_admin(
    context: Context, input: shapes.SearchProductsAsAdminInput
) -> shapes.SearchProductsAsAdminOutput:
    """The products of the account, or of one portfolio. Each tells the time of its newest version (recorded).

    What is shared with the account is found in its portfolio only (inferred).
    """
    sight = look(context) if input.portfolio_id is not None else Sight(*context.owner, {})
    conditions = _matching(sight, input.filters or {})
    if input.portfolio_id is not None:
        conditions.append(_is_in(sight, [find_seen_portfolio(context, input.portfolio_id).id]))
    page = _page(context, sight, "SearchProductsAsAdmin", input, conditions)
    newest = _newest_versions(context, sight, [product.id for product in page.items])
    following = connection_details(context, page.items)
    details = page.of(lambda one: product_view_detail(one, newest.get(one.id), following.get(one.id)))
    return shapes.SearchProductsAsAdminOutput(next_page_token=details.next_token, product_view_details=details.items)


def _page(
    context: Context,
    sight: Sight,
    name: str,
    input: shapes.SearchProductsInput | shapes.SearchProductsAsAdminInput,
    conditions: Conditions,
) -> Page[Product]:
    order = [*_ORDERS[input.sort_by], PRODUCT.c.id]
    scope = (*context.owner, name, input.filters, input.sort_by, input.sort_order, getattr(input, "portfolio_id", None))
    found = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, scope),
        sa.select(*order).where(*conditions),
        order,
        descending=input.sort_order == "DESCENDING",
    )
    products = _by_id(context, sight, [row.id for row in found.items])
    return found.of(lambda row: products[row.id])


def _matching(sight: Sight, filters: Filters) -> Conditions:
    """The products that match every filter; the values of one filter are alternatives.

    Raises InvalidParametersException for more of them than one search takes.
    """
    search.check_number(sum(max(1, len(search.words(value))) for values in filters.values() for value in values))
    conditions: Conditions = sight.within(PRODUCT)
    for name, values in filters.items():
        field = search.FIELDS.get(name)
        matches = [_has(sight, value, field) if field else _has_words(sight, value) for value in values]
        conditions += [sa.or_(*matches)] if matches else []
    return conditions


def _has(sight: Sight, value: str, field: str) -> sa.ColumnElement[bool]:
    return _is_indexed(sight, field, terms.is_term(TERM, value))


def _has_words(sight: Sight, text: str) -> sa.ColumnElement[bool]:
    begun = [_is_indexed(sight, search.WORD, terms.begins(TERM, word)) for word in search.words(text)]
    return sa.and_(sa.true(), *begun)


def _is_indexed(sight: Sight, field: str, term: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Has it such a term in a field? Products are indexed with their owners, all that are seen are asked at once."""
    found = sa.select(TERM.c.id).where(*sight.within(TERM), TERM.c.kind == search.KIND, TERM.c.field == field, term)
    return PRODUCT.c.id.in_(found)


def _has_active_version(sight: Sight) -> sa.ColumnElement[bool]:
    """The owners are named again: PostgreSQL may read the versions first, and needs them for its index."""
    is_active = PROVISIONING_ARTIFACT.c.active.is_(True)
    return sa.exists().where(_VERSIONS, *sight.within(PROVISIONING_ARTIFACT), is_active).correlate(PRODUCT)


def _is_in(sight: Sight, portfolio_ids: Iterable[str]) -> sa.ColumnElement[bool]:
    return PRODUCT.c.id.in_(
        sa.select(PRODUCT_ASSOCIATION.c.product_id).where(
            *sight.offers(), PRODUCT_ASSOCIATION.c.portfolio_id.in_(portfolio_ids)
        )
    )


def _by_id(context: Context, sight: Sight, ids: Sequence[str]) -> dict[str, Product]:
    if not ids:
        return {}
    return {product.id: product for product in PRODUCTS.find(context.tx, *sight.within(PRODUCT), PRODUCT.c.id.in_(ids))}


def _values(context: Context, column: Column, conditions: Conditions) -> list[shapes.ProductViewAggregationValue]:
    """How many of all products found, on any page, have each value of a column; products without one are left out."""
    number = sa.func.count().label("number")
    statement = sa.select(column.label("value"), number).where(*conditions, column != "")
    rows = context.tx.all(statement.group_by(column).order_by(number.desc(), column))
    return [shapes.ProductViewAggregationValue(approximate_count=row.number, value=row.value) for row in rows]


def _newest_versions(context: Context, sight: Sight, product_ids: Sequence[str]) -> dict[str, int]:
    newest = sa.select(
        PROVISIONING_ARTIFACT.c.product_id, sa.func.max(PROVISIONING_ARTIFACT.c.created_time).label("newest")
    ).where(*sight.within(PROVISIONING_ARTIFACT), PROVISIONING_ARTIFACT.c.product_id.in_(product_ids))
    rows = context.tx.all(newest.group_by(PROVISIONING_ARTIFACT.c.product_id))
    return {row.product_id: row.newest for row in rows}
