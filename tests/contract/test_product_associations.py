"""Products in portfolios."""

from typing import Any

import pytest

from manciple.app import Server
from manciple.catalog.entities import ProductAssociation
from manciple.store.rows import PRODUCT_ASSOCIATIONS
from tests.contract.conftest import REGION
from tests.contract.requests import Bucket, create_portfolio, create_product, offer, refusal, stored

NO_PRODUCT = "prod-aaaaaaaaaaaaa"
NO_PORTFOLIO = "port-aaaaaaaaaaaaa"


@pytest.fixture
def product_id(catalog: Any, s3: Bucket) -> str:
    return create_product(catalog, s3)


def test_a_product_is_offered_in_a_portfolio_once_however_often_it_is_associated(catalog: Any, product_id: str) -> None:
    portfolio_id = create_portfolio(catalog)

    for _ in range(2):
        catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=portfolio_id)

    listed = catalog.list_portfolios_for_product(ProductId=product_id)["PortfolioDetails"]
    assert [detail["Id"] for detail in listed] == [portfolio_id]


def test_a_products_portfolios_are_listed_oldest_first_page_by_page(catalog: Any, product_id: str) -> None:
    portfolios = [offer(catalog, product_id, f"Portfolio {number}") for number in range(3)]
    create_portfolio(catalog, "Another")

    pages = list(
        catalog.get_paginator("list_portfolios_for_product").paginate(
            ProductId=product_id, PaginationConfig={"PageSize": 2}
        )
    )

    assert [len(page["PortfolioDetails"]) for page in pages] == [2, 1]
    assert [detail["Id"] for page in pages for detail in page["PortfolioDetails"]] == portfolios


def test_a_product_in_no_portfolio_has_an_empty_list(catalog: Any, product_id: str) -> None:
    assert catalog.list_portfolios_for_product(ProductId=product_id)["PortfolioDetails"] == []


def test_a_page_token_of_another_product_is_refused(catalog: Any, s3: Bucket, product_id: str) -> None:
    for _ in range(2):
        offer(catalog, product_id)
    token = catalog.list_portfolios_for_product(ProductId=product_id, PageSize=1)["NextPageToken"]
    other = create_product(catalog, s3)

    code, _ = refusal(lambda: catalog.list_portfolios_for_product(ProductId=other, PageToken=token))

    assert code == "InvalidParametersException"


def test_a_disassociated_product_is_in_the_portfolio_no_more(catalog: Any, product_id: str) -> None:
    portfolio_id = offer(catalog, product_id)

    catalog.disassociate_product_from_portfolio(ProductId=product_id, PortfolioId=portfolio_id)

    assert catalog.list_portfolios_for_product(ProductId=product_id)["PortfolioDetails"] == []
    assert refusal(lambda: catalog.describe_product(Id=product_id))[0] == "ResourceNotFoundException"


def test_a_product_that_is_not_in_the_portfolio_cannot_be_taken_out(catalog: Any, product_id: str) -> None:
    portfolio_id = create_portfolio(catalog)

    code, message = refusal(
        lambda: catalog.disassociate_product_from_portfolio(ProductId=product_id, PortfolioId=portfolio_id)
    )

    assert code == "ResourceNotFoundException"
    assert product_id in message
    assert portfolio_id in message


def test_a_source_portfolio_must_hold_the_product(catalog: Any, product_id: str) -> None:
    source, target = create_portfolio(catalog), create_portfolio(catalog)
    request = {"ProductId": product_id, "PortfolioId": target, "SourcePortfolioId": source}

    code, _ = refusal(lambda: catalog.associate_product_with_portfolio(**request))
    catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=source)
    catalog.associate_product_with_portfolio(**request)

    assert code == "ResourceNotFoundException"
    assert len(catalog.list_portfolios_for_product(ProductId=product_id)["PortfolioDetails"]) == 2


@pytest.mark.parametrize("operation", ["associate_product_with_portfolio", "disassociate_product_from_portfolio"])
def test_an_unknown_product_or_portfolio_is_not_found(catalog: Any, product_id: str, operation: str) -> None:
    call = getattr(catalog, operation)
    portfolio_id = create_portfolio(catalog)

    no_product = refusal(lambda: call(ProductId=NO_PRODUCT, PortfolioId=portfolio_id))
    no_portfolio = refusal(lambda: call(ProductId=product_id, PortfolioId=NO_PORTFOLIO))

    assert no_product == ("ResourceNotFoundException", f"{NO_PRODUCT} does not exist or access was denied")
    assert no_portfolio == ("ResourceNotFoundException", f"Portfolio not found: {NO_PORTFOLIO}")


def test_portfolios_of_an_unknown_product_are_not_found(catalog: Any) -> None:
    code, _ = refusal(lambda: catalog.list_portfolios_for_product(ProductId=NO_PRODUCT))

    assert code == "ResourceNotFoundException"


def test_a_portfolio_holds_a_hundred_and_fifty_products_and_no_more(
    server: Server, catalog: Any, s3: Bucket, account: str, product_id: str
) -> None:
    portfolio_id = offer(catalog, product_id)
    offered = [
        ProductAssociation(
            account=account, region=REGION, product_id=f"prod-{number}", portfolio_id=portfolio_id, created_time=0
        )
        for number in range(149)
    ]
    with stored(server) as tx:
        PRODUCT_ASSOCIATIONS.insert(tx, *offered)
    one_more = create_product(catalog, s3)

    code, message = refusal(
        lambda: catalog.associate_product_with_portfolio(ProductId=one_more, PortfolioId=portfolio_id)
    )

    assert code == "LimitExceededException"
    assert "150" in message
    catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=portfolio_id)
