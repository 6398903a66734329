"""Portfolios: create, describe, list, update, delete."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.contract import conftest, requests
from tests.contract.requests import refusal


def create(catalog: Any, name: str = "Databases", **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = catalog.create_portfolio(
        **{"DisplayName": name, "ProviderName": "IT", "IdempotencyToken": str(uuid4()), **members}
    )
    return answer


def id_of(answer: dict[str, Any]) -> str:
    return str(answer["PortfolioDetail"]["Id"])


def test_a_new_portfolio_is_answered_with_its_detail_and_tags(catalog: Any, account: str) -> None:
    answer = create(catalog, Description="for teams", Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}])

    detail = answer["PortfolioDetail"]
    assert detail["ARN"] == f"arn:aws:catalog:{conftest.REGION}:{account}:portfolio/{detail['Id']}"
    assert (detail["DisplayName"], detail["ProviderName"], detail["Description"]) == ("Databases", "IT", "for teams")
    assert answer["Tags"] == [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]


def test_a_portfolio_is_described_as_it_was_created_with_empty_lists(catalog: Any) -> None:
    created = create(catalog)

    described = catalog.describe_portfolio(Id=id_of(created))

    assert described["PortfolioDetail"] == created["PortfolioDetail"]
    assert "Description" not in described["PortfolioDetail"]
    assert (described["Tags"], described["TagOptions"], described["Budgets"]) == ([], [], [])


def test_an_empty_description_is_kept_and_answered(catalog: Any) -> None:
    created = create(catalog, Description="")

    assert catalog.describe_portfolio(Id=id_of(created))["PortfolioDetail"]["Description"] == ""


def test_two_portfolios_may_have_one_name(catalog: Any) -> None:
    first, second = create(catalog, "Same"), create(catalog, "Same")

    assert id_of(first) != id_of(second)


def test_the_same_request_under_the_same_token_makes_one_portfolio(catalog: Any) -> None:
    first = create(catalog, IdempotencyToken="once")
    second = create(catalog, IdempotencyToken="once")

    assert second["PortfolioDetail"] == first["PortfolioDetail"]
    assert len(catalog.list_portfolios()["PortfolioDetails"]) == 1


def test_another_request_under_the_same_token_is_refused(catalog: Any) -> None:
    create(catalog, IdempotencyToken="once")

    code, message = refusal(lambda: create(catalog, "Other", IdempotencyToken="once"))

    assert code == "InvalidParametersException"
    assert "once" in message


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ([{"Key": "team", "Value": "a"}, {"Key": "team", "Value": "b"}], "team"),
        ([{"Key": "aws:owner", "Value": "me"}], "aws:owner"),
        ([{"Key": "AWS:owner", "Value": "me"}], "AWS:owner"),
    ],
)
def test_a_tag_key_twice_or_one_of_awss_is_refused(catalog: Any, tags: list[dict[str, str]], named: str) -> None:
    code, message = refusal(lambda: create(catalog, Tags=tags))

    assert code == "InvalidParametersException"
    assert named in message


def test_portfolios_are_listed_oldest_first_page_by_page(catalog: Any) -> None:
    created = [id_of(create(catalog, f"Portfolio {number}")) for number in range(5)]

    pages = list(catalog.get_paginator("list_portfolios").paginate(PaginationConfig={"PageSize": 2}))

    assert [len(page["PortfolioDetails"]) for page in pages] == [2, 2, 1]
    assert [detail["Id"] for page in pages for detail in page["PortfolioDetails"]] == created
    assert "NextPageToken" not in pages[-1]


def test_page_size_zero_means_twenty(catalog: Any) -> None:
    for number in range(21):
        create(catalog, f"Portfolio {number}")

    page = catalog.list_portfolios(PageSize=0)

    assert len(page["PortfolioDetails"]) == 20
    assert len(catalog.list_portfolios(PageToken=page["NextPageToken"])["PortfolioDetails"]) == 1


def test_a_page_token_of_another_account_is_refused(catalog: Any, make_client: Callable[..., Any]) -> None:
    create(catalog), create(catalog)
    token = catalog.list_portfolios(PageSize=1)["NextPageToken"]

    code, _ = refusal(lambda: make_client("servicecatalog", "999999999999").list_portfolios(PageToken=token))

    assert code == "InvalidParametersException"


def test_no_portfolios_are_an_empty_list(catalog: Any) -> None:
    answer = catalog.list_portfolios()

    assert answer["PortfolioDetails"] == []


def test_an_update_sets_what_is_given_and_leaves_the_rest(catalog: Any) -> None:
    created = create(catalog, Description="old", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])

    updated = catalog.update_portfolio(
        Id=id_of(created), Description="new", AddTags=[{"Key": "b", "Value": "3"}], RemoveTags=["a", "absent"]
    )

    assert updated["PortfolioDetail"] == created["PortfolioDetail"] | {"Description": "new"}
    assert updated["Tags"] == [{"Key": "b", "Value": "3"}]
    assert catalog.describe_portfolio(Id=id_of(created))["Tags"] == updated["Tags"]


def test_a_portfolio_takes_twenty_tags_and_no_more(catalog: Any) -> None:
    created = create(catalog, Tags=[{"Key": f"key{number}", "Value": "x"} for number in range(20)])

    code, message = refusal(
        lambda: catalog.update_portfolio(Id=id_of(created), AddTags=[{"Key": "more", "Value": "x"}])
    )

    assert code == "LimitExceededException"
    assert "20" in message


def test_an_account_has_a_hundred_portfolios_in_a_region_and_no_more(
    catalog: Any, make_client: Callable[..., Any]
) -> None:
    for _ in range(100):
        create(catalog)

    code, message = refusal(lambda: create(catalog))

    assert code == "LimitExceededException"
    assert "100" in message
    assert create(make_client("servicecatalog", region="us-west-2"))["PortfolioDetail"]["DisplayName"] == "Databases"


def test_a_deleted_portfolio_is_gone(catalog: Any) -> None:
    portfolio_id = id_of(create(catalog))

    catalog.delete_portfolio(Id=portfolio_id)

    code, message = refusal(lambda: catalog.describe_portfolio(Id=portfolio_id))
    assert (code, message) == ("ResourceNotFoundException", f"Portfolio not found: {portfolio_id}")


def test_a_portfolio_with_principals_is_not_deleted(catalog: Any) -> None:
    portfolio_id = id_of(create(catalog))
    catalog.associate_principal_with_portfolio(
        PortfolioId=portfolio_id, PrincipalARN="arn:aws:iam::123456789012:role/Dev", PrincipalType="IAM"
    )

    code, message = refusal(lambda: catalog.delete_portfolio(Id=portfolio_id))

    assert code == "ResourceInUseException"
    assert message == f"Portfolio {portfolio_id} still has associated Principals"


def test_a_portfolio_with_products_is_not_deleted(catalog: Any, s3: requests.Bucket) -> None:
    portfolio_id = id_of(create(catalog))
    product_id = requests.create_product(catalog, s3)
    catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=portfolio_id)

    code, message = refusal(lambda: catalog.delete_portfolio(Id=portfolio_id))

    assert code == "ResourceInUseException"
    assert message == f"Portfolio {portfolio_id} still has associated Products"


@pytest.mark.parametrize("operation", ["describe_portfolio", "update_portfolio", "delete_portfolio"])
def test_an_unknown_portfolio_is_not_found(catalog: Any, operation: str) -> None:
    code, _ = refusal(lambda: getattr(catalog, operation)(Id="port-aaaaaaaaaaaaa"))

    assert code == "ResourceNotFoundException"


@pytest.mark.parametrize("elsewhere", [{"account": "888888888888"}, {"region": "us-west-2"}])
def test_a_portfolio_is_unknown_in_another_account_and_another_region(
    catalog: Any, make_client: Callable[..., Any], elsewhere: dict[str, str]
) -> None:
    portfolio_id = id_of(create(catalog))

    with pytest.raises(ClientError, match="Portfolio not found"):
        make_client("servicecatalog", **elsewhere).describe_portfolio(Id=portfolio_id)
