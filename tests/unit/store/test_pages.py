"""Pages of lists."""

import base64
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from manciple.errors import InvalidParametersException
from manciple.store.database import Database
from manciple.store.pages import Pager, Request
from manciple.store.sealed import Seal

THING = sa.Table(
    "thing",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20), nullable=True),
)
PAGER = Pager(Seal(b"k" * 32))
SCOPE = ("111111111111", "eu-west-1", "things")


def walk(size: int, items: list[int]) -> list[list[int]]:
    pages, token = [], None
    while True:
        page = PAGER.cut(Request(size, token, SCOPE), items, lambda item: (item,))
        pages.append(page.items)
        if (token := page.next_token) is None:
            return pages


@given(st.integers(1, 30), st.integers(0, 60))
def test_pages_joined_are_the_whole_list(size: int, count: int) -> None:
    pages = walk(size, list(range(count)))

    assert [item for page in pages for item in page] == list(range(count))
    assert all(len(page) == size for page in pages[:-1])


@pytest.mark.parametrize("size", [None, 0])
def test_without_a_size_a_page_has_twenty(size: int | None) -> None:
    page = PAGER.cut(Request(size, None, SCOPE), range(25), lambda item: (item,))

    assert len(page.items) == 20


def test_a_list_that_just_fits_has_no_further_page() -> None:
    assert PAGER.cut(Request(5, None, SCOPE), range(5), lambda item: (item,)).next_token is None


def token() -> str:
    made = PAGER.cut(Request(1, None, SCOPE), range(3), lambda item: (item,)).next_token
    assert made is not None
    return made


def test_a_token_may_be_used_with_another_size() -> None:
    assert PAGER.cut(Request(9, token(), SCOPE), range(3), lambda item: (item,)).items == [1, 2]


@pytest.mark.parametrize(
    "scope",
    [
        ("222222222222", "eu-west-1", "things"),
        ("111111111111", "us-east-1", "things"),
        ("111111111111", "eu-west-1", "others"),
        ("111111111111", "eu-west-1", "things", "filter"),
    ],
)
def test_a_token_is_worth_nothing_in_another_scope(scope: tuple[str, ...]) -> None:
    with pytest.raises(InvalidParametersException):
        PAGER.cut(Request(1, token(), scope), range(3), lambda item: (item,))


def test_a_token_of_another_key_is_refused() -> None:
    with pytest.raises(InvalidParametersException):
        Pager(Seal(b"x" * 32)).cut(Request(1, token(), SCOPE), range(3), lambda item: (item,))


@pytest.mark.parametrize("text", ["", "x", "ü", "====", base64.b64encode(b"z" * 60).decode()])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidParametersException):
        PAGER.cut(Request(1, text, SCOPE), range(3), lambda item: (item,))


@pytest.mark.parametrize("descending", [False, True])
def test_rows_come_in_order_page_by_page_those_without_a_value_as_if_it_were_empty(
    sqlite_url: str, descending: bool
) -> None:
    database = Database(sqlite_url)
    THING.create(database.engine)
    names = [None, "b", "a", None, "b"]
    pages: list[list[Any]] = []
    with database.write() as tx:
        tx.execute(sa.insert(THING), [{"id": number, "name": name} for number, name in enumerate(names)])
        going, next_token = True, None
        while going:
            page = PAGER.select(
                tx, Request(2, next_token, SCOPE), sa.select(THING), (THING.c.name, THING.c.id), descending=descending
            )
            pages.append([row.id for row in page.items])
            next_token = page.next_token
            going = next_token is not None
    database.close()

    assert [number for page in pages for number in page] == ([4, 1, 2, 3, 0] if descending else [0, 3, 2, 1, 4])
    assert [len(page) for page in pages] == [2, 2, 1]
