"""The terms that products are found by."""

import msgspec

from manciple.catalog.entities import Product
from manciple.catalog.search import product_terms, words


def product(**texts: str) -> Product:
    made = Product(
        account="123456789012",
        region="eu-west-1",
        id="prod-a",
        view_id="prodview-a",
        name="Queue",
        owner="Team A",
        type="EXTERNAL",
        created_time=0,
    )
    return msgspec.structs.replace(made, **texts)


def test_words_are_lower_case_and_come_once() -> None:
    assert words("My-Queue, my QUEUE: straße 2") == ["my", "queue", "straße", "2"]


def test_a_text_without_letters_has_no_words() -> None:
    assert words("% - /") == []


def test_every_word_of_every_text_is_a_term() -> None:
    terms = set(product_terms(product(description="fifo", distributor="ACME", support_email="help@acme.test")))

    assert {"queue", "team", "a", "fifo", "acme", "help", "test"} <= {term for field, term in terms if field == "word"}


def test_owner_type_and_source_are_whole_terms() -> None:
    terms = set(product_terms(product()))

    assert {("owner", "Team A"), ("type", "EXTERNAL"), ("source", "prod-a")} <= terms
