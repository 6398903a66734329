"""What TagOptions of a portfolio and of a product together offer, and what they make of tags."""

import pytest

from manciple.catalog.entities import ProductType
from manciple.catalog.tag_options import TagOption, choose, merge, refresh
from manciple.errors import InvalidParametersException

STACKS: ProductType = "CLOUD_FORMATION_TEMPLATE"
CONFLICT = "sc-tagconflict-port-a-prod-b"


def options(*pairs: str, active: bool = True) -> list[TagOption]:
    """TagOptions written as `key=value`."""
    return [
        TagOption(
            account="1",
            region="r",
            id=pair,
            active=active,
            created_time=0,
            key=pair.partition("=")[0],
            value=pair.partition("=")[2],
        )
        for pair in pairs
    ]


def test_a_key_on_both_sides_is_offered_with_the_values_of_both() -> None:
    offer = merge(options("a=1", "a=2", "b=1", "c=1"), options("a=2", "a=3", "c=2", "d=1"), product_type=STACKS)

    assert offer == {"a": ["2"], "b": ["1"], "c": [], "d": ["1"]}


def test_inactive_options_count_on_neither_side() -> None:
    of_portfolio, of_product = options("a=1") + options("a=2", active=False), options("a=2", active=False)

    assert merge(of_portfolio, of_product, product_type=STACKS) == {"a": ["1"]}


@pytest.mark.parametrize("product_type", ["TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD"])
def test_products_of_terraform_are_offered_none(product_type: ProductType) -> None:
    assert merge(options("a=1"), options("b=1"), product_type=product_type) == {}


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        ({}, {"one": "1", "none": CONFLICT}),
        ({"one": "1", "free": "x"}, {"one": "1", "free": "x", "none": CONFLICT}),
        ({"none": "mine"}, {"one": "1", "none": CONFLICT}),
    ],
)
def test_single_values_come_by_themselves_and_conflicts_are_marked(given: dict[str, str], tags: dict[str, str]) -> None:
    assert choose({"one": ["1"], "none": []}, given, "port-a", "prod-b") == tags


@pytest.mark.parametrize("given", [{}, {"two": "3"}])
def test_one_of_several_values_is_demanded(given: dict[str, str]) -> None:
    with pytest.raises(InvalidParametersException, match=r"The tag two has .*; a TagOption demands one of: 1, 2\."):
        choose({"two": ["1", "2"]}, given, "port-a", "prod-b")


def test_an_update_that_gives_no_tags_gets_what_is_offered_without_a_choice() -> None:
    offer = {"one": ["1"], "two": ["1", "2"], "none": []}
    tags = {"one": "old", "two": "3", "free": "x"}

    assert refresh(offer, tags, "port-a", "prod-b") == {"one": "1", "two": "3", "free": "x", "none": CONFLICT}
