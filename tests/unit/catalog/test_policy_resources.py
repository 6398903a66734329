"""Which resource a call is about, by AWS's Service authorization reference."""

from typing import Any

import msgspec
import pytest

from manciple.api import shapes
from manciple.catalog.policy_resources import BY_MEMBER, LEVELLED, resource_of

PLACE = ("111111111111", "eu-west-1")
CATALOG = "arn:aws:catalog:eu-west-1:111111111111:"
PROVISIONED = "arn:aws:servicecatalog:eu-west-1:111111111111:*/*"


@pytest.mark.parametrize("operation", BY_MEMBER)
def test_every_member_of_the_table_is_one_of_its_operation(operation: str) -> None:
    there = {field.name for field in msgspec.structs.fields(shapes.OPERATIONS[operation].input)}

    _, members = BY_MEMBER[operation]
    assert there >= set(members)


def test_every_levelled_operation_is_one_of_the_model() -> None:
    assert set(shapes.OPERATIONS) >= LEVELLED


@pytest.mark.parametrize(
    ("operation", "input", "names"),
    [
        ("DescribePortfolio", shapes.DescribePortfolioInput(id="port-a"), [f"{CATALOG}portfolio/port-a"]),
        (
            "ListPrincipalsForPortfolio",
            shapes.ListPrincipalsForPortfolioInput(portfolio_id="port-a"),
            [f"{CATALOG}portfolio/port-a"],
        ),
        ("DescribeProduct", shapes.DescribeProductInput(id="prod-a"), [f"{CATALOG}product/prod-a"]),
        ("DescribeProduct", shapes.DescribeProductInput(name="a"), [f"{CATALOG}product/*"]),
        ("CreatePortfolio", None, [f"{CATALOG}portfolio/*", f"{CATALOG}*"]),
        (
            "AssociateTagOptionWithResource",
            shapes.AssociateTagOptionWithResourceInput(resource_id="port-a", tag_option_id="t"),
            [f"{CATALOG}portfolio/port-a"],
        ),
        ("ListPortfolios", shapes.ListPortfoliosInput(), [f"{CATALOG}*"]),
        ("ScanProvisionedProducts", shapes.ScanProvisionedProductsInput(), [PROVISIONED]),
        ("GetProvisionedProductOutputs", shapes.GetProvisionedProductOutputsInput(), [PROVISIONED]),
    ],
)
def test_a_call_is_about_what_it_names_or_about_all_of_the_kind(operation: str, input: Any, names: list[str]) -> None:
    assert list(resource_of(operation, input, *PLACE).names) == names


def test_arns_are_of_their_regions_partition() -> None:
    found = resource_of("ListPortfolios", None, "111111111111", "cn-north-1")

    assert found.names == ("arn:aws-cn:catalog:cn-north-1:111111111111:*",)
