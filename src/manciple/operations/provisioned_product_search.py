"""SearchProvisionedProducts: what every entry of SearchQuery finds, counted exactly, whatever there is.

What a page costs must not grow with the number of provisioned products. So a search starts from the rarest of the terms
that it asks for, whose number the index knows:

- unsorted, the index itself gives what has that term oldest first, a page at a time;
- sorted, the few that have a rare term are sorted; where the rarest is frequent, products are walked in their order
  until a page is full;
- the total is a number that the index keeps; only what several terms find together is counted by the rarest of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog import search, search_terms
from manciple.catalog.entities import ProvisionedProduct
from manciple.catalog.search_terms import Query
from manciple.errors import InvalidParametersException
from manciple.operations.access_levels import created_by
from manciple.operations.call import Context, operation
from manciple.operations.provisioned_products import attributes_of
from manciple.store import terms
from manciple.store.pages import Page, Pager, Request
from manciple.store.rows import PROVISIONED_PRODUCTS
from manciple.store.tables.catalog import PROVISIONED_PRODUCT, TERM

KIND = search_terms.KIND
FREQUENT = 2000
"""A term that more products have is not worth sorting for: a walk in order meets one soon enough."""

Condition: TypeAlias = sa.ColumnElement[bool]
Column: TypeAlias = sa.ColumnElement[Any]

_SORTABLE: dict[str | None, sa.Column[Any]] = {
    None: PROVISIONED_PRODUCT.c.created_time,
    "arn": PROVISIONED_PRODUCT.c.arn,
    "id": PROVISIONED_PRODUCT.c.id,
    "name": PROVISIONED_PRODUCT.c.name,
    "lastRecordId": PROVISIONED_PRODUCT.c.last_record_id,
}
"""The sort fields that AWS knows; unsorted is oldest first."""


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is asked for: terms that stand in one field, with how many have each, rarest first; and other queries."""

    exact: Sequence[tuple[Query, int]]
    others: Sequence[Query]

    @property
    def is_vain(self) -> bool:
        """Does nobody have one of the terms?"""
        return any(number == 0 for _, number in self.exact)

    @property
    def rest(self) -> list[Query]:
        """All but the rarest."""
        return [query for query, _ in self.exact[1:]] + list(self.others)


@operation("SearchProvisionedProducts")
def search_provisioned_products(
    context: Context, input: shapes.SearchProvisionedProductsInput
) -> shapes.SearchProvisionedProductsOutput:
    """Provisioned products that every entry of SearchQuery finds (default access level Account).

    Raises InvalidParametersException for a filter or sort field that AWS does not know, and for too many queries.
    Unsorted means oldest first.
    """
    own = created_by(PROVISIONED_PRODUCT, context.caller, input.access_level_filter, default="Account")
    own_only = len(own) > len(context.owner)  # the level asks for more than account and region
    if input.sort_by not in _SORTABLE:
        known = ", ".join(field for field in _SORTABLE if field)
        raise InvalidParametersException(f"SortBy takes {known}, not {input.sort_by}.")
    queries = _queries(input.filters)
    wanted = _look_up(context, [search_terms.read_query(query) for query in queries])
    page = _page(context, input, queries, wanted, own, by_index=not own_only and input.sort_by is None)
    found = _by_id(context, [row.id for row in page.items])
    return shapes.SearchProvisionedProductsOutput(
        provisioned_products=[attributes_of(found[row.id]) for row in page.items if row.id in found],
        total_results_count=_total(context, wanted, own if own_only else None),
        next_page_token=page.next_token,
    )


def _queries(filters: Any) -> list[str]:
    unknown = sorted(set(filters or {}) - {"SearchQuery"})
    if unknown:
        raise InvalidParametersException(f"Filters takes the key SearchQuery, not {', '.join(unknown)}.")
    queries = list(dict.fromkeys(query for query in (filters or {}).get("SearchQuery", []) if query.strip()))
    search.check_number(len(queries))
    return queries


def _look_up(context: Context, queries: Sequence[Query]) -> _Terms:
    """Find how many have each term; a bare term that stands in one field only is a term of that field."""
    exact: list[tuple[Query, int]] = []
    others: list[Query] = []
    for query in queries:
        if query.is_beginning:
            others.append(query)
            continue
        fields = [query.field] if query.field else sorted(search_terms.SEARCHABLE)
        numbers = terms.numbers(context.tx, context.owner, KIND, query.term, fields, search_terms.COUNTED)
        if len(numbers) > 1:
            others.append(query)
        else:
            field, number = next(iter(numbers.items()), (fields[0], 0))
            exact.append((Query(field, query.term, is_beginning=False), number))
    return _Terms(sorted(exact, key=lambda one: one[1]), others)


def _page(
    context: Context,
    input: shapes.SearchProvisionedProductsInput,
    queries: Sequence[str],
    wanted: _Terms,
    own: Sequence[Condition],
    *,
    by_index: bool,
) -> Page[Any]:
    """One page of ids."""
    caller, level = context.caller.session_arn, input.access_level_filter
    scope = (*context.owner, "Search", caller, level, queries, input.sort_by, input.sort_order)
    if by_index and wanted.exact:
        order: Sequence[Column] = (TERM.c.created_time, TERM.c.id)
        statement = sa.select(*order).where(*_in_index(context, wanted))
    else:
        order, conditions = _sorted(context, wanted, _SORTABLE[input.sort_by])
        statement = sa.select(*order).where(*own, *conditions)
    return Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, scope),
        statement,
        order,
        descending=input.sort_order == "DESCENDING",
    )


def _in_index(context: Context, wanted: _Terms) -> list[Condition]:
    """The rows of the index that hold the rarest term, of products that have all the others too."""
    (rarest, _), *_rest = wanted.exact
    mine = [*terms.having(TERM, context.owner, KIND, rarest.field), terms.is_term(TERM, rarest.term)]
    return mine + [_has(context, TERM, query) for query in wanted.rest]


def _sorted(context: Context, wanted: _Terms, column: sa.Column[Any]) -> tuple[list[Column], list[Condition]]:
    """The order of the products that are wanted, and the conditions on them.

    Few are found by the index and then sorted: the order is an expression that no index has, so that no database tries
    to walk in it.
    """
    table, is_found = PROVISIONED_PRODUCT, PROVISIONED_PRODUCT.c.id
    if wanted.exact and wanted.exact[0][1] <= FREQUENT:
        found = sa.select(TERM.c.id).where(*_in_index(context, wanted))
        expression = column + 0 if isinstance(column.type, sa.BigInteger) else column.concat("")
        return [expression.label("sort"), table.c.id], [is_found.in_(found)]
    walk: list[Column] = [column] if column.name == "id" else [column, table.c.id]
    if wanted.exact or not wanted.others:
        return walk, [_has(context, table, query) for query in _all(wanted)]
    return walk, [is_found.in_(_some(context, query)) for query in wanted.others]


def _all(wanted: _Terms) -> list[Query]:
    return [query for query, _ in wanted.exact] + list(wanted.others)


def _has(context: Context, table: sa.Table, query: Query) -> Condition:
    """The condition on a row of a table with `id` and `created_time` that its product has a term."""
    other = TERM.alias()
    conditions = [*terms.having(other, context.owner, KIND, query.field), other.c.id == table.c.id]
    if query.is_beginning:
        return sa.exists().where(*conditions, terms.begins(other, query.term))
    if query.field:
        conditions.append(other.c.created_time == table.c.created_time)
    return sa.exists().where(*conditions, terms.is_term(other, query.term))


def _some(context: Context, query: Query) -> sa.Select[tuple[str]]:
    find = terms.beginning if query.is_beginning else terms.matching
    return find(context.owner, KIND, query.term, query.field)


def _total(context: Context, wanted: _Terms, own: Sequence[Condition] | None) -> int:
    """How many there are: of all (`own` is None) or of the caller's own."""
    if wanted.is_vain:
        return 0
    if own is not None:
        _, conditions = _sorted(context, wanted, PROVISIONED_PRODUCT.c.created_time)
        return _count(context, sa.select(sa.func.count()).select_from(PROVISIONED_PRODUCT).where(*own, *conditions))
    if not wanted.exact and not wanted.others:
        return terms.number_of_all(context.tx, context.owner, KIND)
    if wanted.exact and not wanted.rest:
        return wanted.exact[0][1]
    if wanted.exact:
        return _count(context, sa.select(sa.func.count()).where(*_in_index(context, wanted)))
    ids = sa.intersect(*(_some(context, query) for query in wanted.others)).subquery()
    return _count(context, sa.select(sa.func.count(ids.c.id.distinct())))


def _count(context: Context, statement: sa.Select[Any]) -> int:
    return int(context.tx.scalar(statement))


def _by_id(context: Context, ids: Sequence[str]) -> dict[str, ProvisionedProduct]:
    if not ids:
        return {}
    columns = PROVISIONED_PRODUCT.c
    mine = (columns.account == context.account, columns.region == context.region)
    return {found.id: found for found in PROVISIONED_PRODUCTS.find(context.tx, *mine, columns.id.in_(ids))}
