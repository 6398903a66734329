"""Quotas are settings; what goes beyond one is LimitExceededException where the service model has it."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from manciple.app import Server
from manciple.settings.sections import Quota
from tests.contract.conftest import client_of, serve
from tests.contract.requests import Bucket, add_version, create_portfolio, create_product, refusal
from tests.house.tree import ROOT

ONE = {
    "portfolios": 2,
    "products": 2,
    "products_per_portfolio": 1,
    "principals_per_portfolio": 2,
    "principals_per_product": 3,
    "patterns_per_portfolio": 1,
    "versions_per_product": 1,
    "tags_per_portfolio": 1,
    "tags_per_product": 1,
}


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose quotas are used up soon."""
    directory = tmp_path_factory.mktemp("tight")
    flags = {f"quota.{name}": value for name, value in ONE.items()}
    yield from serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, **flags)


@pytest.fixture
def catalog(tight: Server, account: str) -> Any:
    return client_of(tight, "servicecatalog", account)


@pytest.fixture
def bucket(tight: Server, account: str) -> Bucket:
    client = client_of(tight, "s3", account)
    name = f"templates-{account}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return Bucket(client, name, tight.url)


def associate(catalog: Any, portfolio_id: str, account: str, name: str, kind: str = "IAM") -> None:
    arn = f"arn:aws:iam::{account}:user/{name}" if kind == "IAM" else f"arn:aws:iam:::role/{name}"
    catalog.associate_principal_with_portfolio(PortfolioId=portfolio_id, PrincipalARN=arn, PrincipalType=kind)


def limit(call: Callable[[], Any], what: str) -> None:
    """A call goes beyond a quota, and says which."""
    code, message = refusal(call)
    assert code == "LimitExceededException"
    assert what in message


def test_portfolios_of_a_region(catalog: Any) -> None:
    for _ in range(2):
        create_portfolio(catalog, is_open=False)

    limit(lambda: create_portfolio(catalog), "portfolios: 2")


def test_products_of_a_region_and_versions_of_a_product(catalog: Any, bucket: Bucket) -> None:
    product_id = create_product(catalog, bucket)
    create_product(catalog, bucket)

    limit(lambda: create_product(catalog, bucket), "products: 2")
    limit(lambda: add_version(catalog, bucket, product_id), f"versions of product {product_id}: 1")


def test_products_of_a_portfolio(catalog: Any, bucket: Bucket) -> None:
    portfolio_id = create_portfolio(catalog, is_open=False)
    first, second = create_product(catalog, bucket), create_product(catalog, bucket)
    catalog.associate_product_with_portfolio(ProductId=first, PortfolioId=portfolio_id)

    limit(
        lambda: catalog.associate_product_with_portfolio(ProductId=second, PortfolioId=portfolio_id),
        f"products in portfolio {portfolio_id}: 1",
    )


def test_principals_and_patterns_of_a_portfolio(catalog: Any, account: str) -> None:
    portfolio_id = create_portfolio(catalog, is_open=False)
    associate(catalog, portfolio_id, account, "a*", "IAM_PATTERN")

    limit(lambda: associate(catalog, portfolio_id, account, "b*", "IAM_PATTERN"), "IAM_PATTERN principals")
    associate(catalog, portfolio_id, account, "ana")
    limit(lambda: associate(catalog, portfolio_id, account, "bo"), f"principals of portfolio {portfolio_id}: 2")
    associate(catalog, portfolio_id, account, "ana")


def test_principals_of_a_product_through_all_its_portfolios(catalog: Any, account: str, bucket: Bucket) -> None:
    product_id = create_product(catalog, bucket)
    one, two = (create_portfolio(catalog, is_open=False) for _ in range(2))
    for portfolio_id in (one, two):
        catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=portfolio_id)
    for portfolio_id, name in ((one, "ana"), (one, "bo"), (two, "cy")):
        associate(catalog, portfolio_id, account, name)

    limit(lambda: associate(catalog, two, account, "di"), f"principals of product {product_id}: 3")
    associate(catalog, two, account, "ana")


def test_a_portfolio_with_too_many_principals_takes_no_product(catalog: Any, account: str, bucket: Bucket) -> None:
    product_id = create_product(catalog, bucket)
    one, two = (create_portfolio(catalog, is_open=False) for _ in range(2))
    for portfolio_id, names in ((one, "ab"), (two, "cd")):
        for name in names:
            associate(catalog, portfolio_id, account, name)
    catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=one)

    limit(
        lambda: catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=two),
        f"principals of product {product_id}: 3",
    )


def test_tags_of_a_product(catalog: Any, bucket: Bucket) -> None:
    tags = [{"Key": key, "Value": "v"} for key in "ab"]

    limit(lambda: create_product(catalog, bucket, Tags=tags), "tags of a product: 1")


def test_tags_of_a_portfolio(catalog: Any) -> None:
    tags = [{"Key": key, "Value": "v"} for key in "ab"]
    portfolio_id = create_portfolio(catalog, is_open=False)

    limit(lambda: catalog.update_portfolio(Id=portfolio_id, AddTags=tags), "the limit is 1")
    limit(
        lambda: catalog.create_portfolio(DisplayName="a", ProviderName="b", Tags=tags, IdempotencyToken=str(uuid4())),
        "tags of a portfolio: 1",
    )


def test_every_quota_is_asked_somewhere() -> None:
    code = "".join(file.read_text() for file in (ROOT / "src").rglob("*.py") if file.name != "sections.py")

    unused = {field.name for field in msgspec.structs.fields(Quota) if f".{field.name}" not in code}
    assert unused == set()
