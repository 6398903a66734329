"""Entities to rows and back, and the search index that keeps in step."""

import msgspec
import pytest
import sqlalchemy as sa

from manciple.catalog import search_terms
from manciple.catalog.entities import Portfolio, ProvisionedProduct
from manciple.store import terms
from manciple.store.database import Database, Transaction
from manciple.store.rows import PORTFOLIOS, PROVISIONED_PRODUCTS
from manciple.store.tables.catalog import PORTFOLIO, TERM_COUNT

OWNER = ("111111111111", "eu-west-1")


def portfolio(id: str = "port-1", created_time: int = 1) -> Portfolio:
    return Portfolio(
        account=OWNER[0],
        region=OWNER[1],
        id=id,
        display_name="Näme",
        provider_name="IT",
        tags={"b": "2", "a": "1"},
        created_time=created_time,
    )


def provisioned_product(id: str = "pp-1", name: str = "Order-db") -> ProvisionedProduct:
    return ProvisionedProduct(
        account=OWNER[0],
        region=OWNER[1],
        id=id,
        name=name,
        arn="arn",
        status="AVAILABLE",
        created_time=1,
        product_id="prod-1",
        product_name="product",
        provisioning_artifact_id="pa-1",
        path_id="lpv3-1",
        user_arn="user",
        user_arn_session="user",
        tags={"team": "blue"},
        notification_arns=("arn:1", "arn:2"),
    )


def found(tx: Transaction, term: str, field: str | None = None) -> list[str]:
    return sorted(row.id for row in tx.all(terms.matching(OWNER, search_terms.KIND, term, field)))


def begun(tx: Transaction, start: str, field: str | None = None) -> list[str]:
    return sorted({row.id for row in tx.all(terms.beginning(OWNER, search_terms.KIND, start, field))})


def test_what_is_inserted_is_got_as_it_was(made: Database) -> None:
    with made.write() as tx:
        PORTFOLIOS.insert(tx, portfolio())
        PROVISIONED_PRODUCTS.insert(tx, provisioned_product())

    with made.read() as tx:
        assert PORTFOLIOS.get(tx, *OWNER, "port-1") == portfolio()
        assert PROVISIONED_PRODUCTS.get(tx, *OWNER, "pp-1") == provisioned_product()
        assert PORTFOLIOS.get(tx, "222222222222", OWNER[1], "port-1") is None


def test_the_order_of_tags_is_kept(made: Database) -> None:
    with made.write() as tx:
        PORTFOLIOS.insert(tx, portfolio())
        kept = PORTFOLIOS.get(tx, *OWNER, "port-1")

    assert kept is not None
    assert list(kept.tags) == ["b", "a"]


def test_a_change_returns_the_entity_as_it_is_then(made: Database) -> None:
    with made.write() as tx:
        PORTFOLIOS.insert(tx, portfolio())
        changed = PORTFOLIOS.change(tx, portfolio(), display_name="new")
        kept = PORTFOLIOS.get(tx, *OWNER, "port-1")

    assert changed == kept == msgspec.structs.replace(portfolio(), display_name="new")


def test_a_change_of_what_moved_on_or_is_gone_is_none(made: Database) -> None:
    with made.write() as tx:
        PROVISIONED_PRODUCTS.insert(tx, provisioned_product())
        moved = PROVISIONED_PRODUCTS.change(tx, provisioned_product(), expect={"revision": 7}, status="ERROR")
        gone = PORTFOLIOS.change(tx, portfolio(), display_name="new")
        kept = PROVISIONED_PRODUCTS.get(tx, *OWNER, "pp-1")

    assert (moved, gone) == (None, None)
    assert kept == provisioned_product()


def test_a_row_is_deleted_once(made: Database) -> None:
    with made.write() as tx:
        PORTFOLIOS.insert(tx, portfolio())

        assert [PORTFOLIOS.delete(tx, portfolio()) for _ in range(2)] == [True, False]


def test_what_meets_the_conditions_is_found_in_order(made: Database) -> None:
    with made.write() as tx:
        PORTFOLIOS.insert(tx, portfolio("port-1", 2), portfolio("port-2", 1), portfolio("port-3", 3))
        listed = PORTFOLIOS.find(tx, PORTFOLIO.c.created_time < 3, order=[PORTFOLIO.c.created_time])

    assert [one.id for one in listed] == ["port-2", "port-1"]


def test_terms_are_written_changed_and_forgotten_with_their_entity(made: Database) -> None:
    with made.write() as tx:
        PROVISIONED_PRODUCTS.insert(tx, provisioned_product())
        written = found(tx, "AVAILABLE", "status"), found(tx, "blue")
        PROVISIONED_PRODUCTS.change(tx, provisioned_product(), status="TAINTED", status_message="no")
        changed = found(tx, "available", "status"), found(tx, "tainted", "status"), found(tx, "blue")
        PROVISIONED_PRODUCTS.delete(tx, provisioned_product())

        assert written == (["pp-1"], ["pp-1"])
        assert changed == ([], ["pp-1"], ["pp-1"])
        assert found(tx, "tainted") == []


def test_a_term_of_another_owner_or_field_is_not_found(made: Database) -> None:
    with made.write() as tx:
        PROVISIONED_PRODUCTS.insert(tx, provisioned_product())
        elsewhere = tx.all(terms.matching(("222222222222", OWNER[1]), search_terms.KIND, "order-db"))

        assert list(elsewhere) == []
        assert found(tx, "order-db", "status") == []


@pytest.mark.parametrize(
    ("start", "ids"), [("ord", ["pp-1", "pp-2"]), ("order-d", ["pp-1"]), ("rder", []), ("", ["pp-1", "pp-2"])]
)
def test_a_beginning_finds_every_ending(made: Database, start: str, ids: list[str]) -> None:
    with made.write() as tx:
        PROVISIONED_PRODUCTS.insert(tx, provisioned_product(), provisioned_product("pp-2", "ORDERS"))

        assert begun(tx, start) == begun(tx, start, "name") == ids


def test_a_term_longer_than_the_index_is_found_by_its_whole(made: Database) -> None:
    long = "x" * 2000
    with made.write() as tx:
        terms.index(tx, OWNER, search_terms.KIND, "pp-9", [("tags", long)], created_time=1)

        assert found(tx, long) == begun(tx, "xxx", "tags") == ["pp-9"]


def counted(tx: Transaction, term: str, field: str) -> int:
    numbers = terms.numbers(tx, OWNER, search_terms.KIND, term, [field], search_terms.COUNTED)
    return numbers.get(field, 0)


def test_how_many_have_a_term_is_counted_with_every_write(made: Database) -> None:
    with made.write() as tx:
        PROVISIONED_PRODUCTS.insert(tx, provisioned_product(), provisioned_product("pp-2", "other"))
    with made.write() as tx:
        before = counted(tx, "available", "status"), terms.number_of_all(tx, OWNER, search_terms.KIND)
        PROVISIONED_PRODUCTS.change(tx, provisioned_product(), status="TAINTED")
        PROVISIONED_PRODUCTS.delete(tx, provisioned_product("pp-2", "other"))

    with made.read() as tx:
        after = [counted(tx, term, "status") for term in ("available", "tainted")]
        every = terms.number_of_all(tx, OWNER, search_terms.KIND)
    assert before == (2, 2)
    assert (after, every) == ([0, 1], 1)


def test_a_number_that_comes_to_nothing_leaves_no_row(made: Database) -> None:
    with made.write() as tx:
        PROVISIONED_PRODUCTS.insert(tx, provisioned_product())
    with made.write() as tx:
        PROVISIONED_PRODUCTS.delete(tx, provisioned_product())

    with made.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(TERM_COUNT)) == 0


def test_a_transaction_that_fails_counts_nothing(made: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), made.write() as tx:
        PROVISIONED_PRODUCTS.insert(tx, provisioned_product(), provisioned_product())

    with made.read() as tx:
        assert terms.number_of_all(tx, OWNER, search_terms.KIND) == 0


def test_two_long_terms_that_begin_alike_are_two(made: Database) -> None:
    with made.write() as tx:
        for end in ("a", "b"):
            terms.index(tx, OWNER, search_terms.KIND, f"pp-{end}", [("tags", "x" * 2000 + end)], created_time=1)

        assert found(tx, "x" * 2000 + "b") == ["pp-b"]
