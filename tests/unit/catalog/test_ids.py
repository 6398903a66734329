"""Identifiers and ARNs as AWS forms them."""

import re

import pytest

from manciple.catalog import ids


@pytest.mark.parametrize("number", [0, 1, 2**64 - 1, 2**80])
def test_an_id_is_its_prefix_and_thirteen_letters_of_base32(number: int) -> None:
    assert re.fullmatch(r"prod-[a-z2-7]{13}", ids.format_id("prod", number))


def test_other_numbers_make_other_ids() -> None:
    assert len({ids.format_id("pp", number) for number in range(2000)}) == 2000


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-isob-east-1", "aws-iso-b")],
)
def test_the_partition_follows_the_region(region: str, partition: str) -> None:
    assert ids.partition_of(region) == partition
    assert ids.portfolio_arn("1", region, "port-1").startswith(f"arn:{partition}:catalog:{region}:1:portfolio/")


def test_arns_of_products_are_of_catalog_and_those_of_provisioned_products_of_servicecatalog() -> None:
    where = ("123456789012", "eu-west-1")

    assert ids.product_arn(*where, "prod-1") == "arn:aws:catalog:eu-west-1:123456789012:product/prod-1"
    found = ids.provisioned_product_arn(*where, "mine", "pp-1")
    assert found == "arn:aws:servicecatalog:eu-west-1:123456789012:stack/mine/pp-1"


def test_a_launch_path_names_its_portfolio() -> None:
    assert ids.launch_path_id("port-y3fnkeslpoevg") == "lpv3-y3fnkeslpoevg"


def test_a_stack_is_named_after_account_and_provisioned_product() -> None:
    assert ids.stack_name("200278856672", "pp-u2tepcnttldko") == "SC-200278856672-pp-u2tepcnttldko"
