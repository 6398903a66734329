"""Budgets of portfolios and products."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.publishing import QUEUE, Published, walk
from tests.contract.requests import create_portfolio, refusal


@pytest.fixture
def portfolio_id(catalog: Any) -> str:
    return create_portfolio(catalog, is_open=False)


def associate(catalog: Any, resource_id: str, *names: str) -> None:
    for name in names:
        catalog.associate_budget_with_resource(BudgetName=name, ResourceId=resource_id)


def test_budgets_are_listed_by_name_page_by_page(catalog: Any, portfolio_id: str) -> None:
    associate(catalog, portfolio_id, "yearly", "monthly", "weekly")

    pages = walk(catalog.list_budgets_for_resource, "Budgets", ResourceId=portfolio_id, PageSize=2)

    assert pages == [[{"BudgetName": "monthly"}, {"BudgetName": "weekly"}], [{"BudgetName": "yearly"}]]


def test_budgets_are_shown_with_their_resource(catalog: Any, publish: Callable[..., Published]) -> None:
    published = publish(QUEUE)
    associate(catalog, published.product_id, "of product")
    associate(catalog, published.portfolio_id, "of portfolio")

    assert catalog.describe_portfolio(Id=published.portfolio_id)["Budgets"] == [{"BudgetName": "of portfolio"}]
    assert catalog.describe_product(Id=published.product_id)["Budgets"] == [{"BudgetName": "of product"}]
    assert catalog.describe_product_as_admin(Id=published.product_id)["Budgets"] == [{"BudgetName": "of product"}]


def test_a_budget_is_associated_once(catalog: Any, portfolio_id: str) -> None:
    associate(catalog, portfolio_id, "monthly")

    code, message = refusal(lambda: associate(catalog, portfolio_id, "monthly"))

    assert (code, message) == (
        "DuplicateResourceException",
        f"Budget monthly is already associated with {portfolio_id}.",
    )


def test_an_association_is_ended_once(catalog: Any, portfolio_id: str) -> None:
    associate(catalog, portfolio_id, "monthly")

    catalog.disassociate_budget_from_resource(BudgetName="monthly", ResourceId=portfolio_id)

    assert catalog.list_budgets_for_resource(ResourceId=portfolio_id)["Budgets"] == []
    code, message = refusal(
        lambda: catalog.disassociate_budget_from_resource(BudgetName="monthly", ResourceId=portfolio_id)
    )
    assert code == "ResourceNotFoundException"
    assert portfolio_id in message


@pytest.mark.parametrize("resource_id", ["port-aaaaaaaaaaaaa", "prod-aaaaaaaaaaaaa", "rec-aaaaaaaaaaaaa"])
def test_a_resource_that_is_not_there_is_named(catalog: Any, resource_id: str) -> None:
    for call in (
        lambda: associate(catalog, resource_id, "monthly"),
        lambda: catalog.list_budgets_for_resource(ResourceId=resource_id),
    ):
        code, message = refusal(call)
        assert code == "ResourceNotFoundException"
        assert resource_id in message


def test_a_resource_of_another_account_is_not_there(
    catalog: Any, portfolio_id: str, make_client: Callable[..., Any]
) -> None:
    other = make_client("servicecatalog", "999999999998")

    assert refusal(lambda: associate(other, portfolio_id, "monthly"))[0] == "ResourceNotFoundException"


def test_budgets_of_a_resource_have_a_limit(catalog: Any, portfolio_id: str) -> None:
    associate(catalog, portfolio_id, *(f"b{number}" for number in range(100)))

    assert refusal(lambda: associate(catalog, portfolio_id, "b100"))[0] == "LimitExceededException"


def test_a_deleted_portfolio_is_not_kept_by_its_budgets(catalog: Any, portfolio_id: str) -> None:
    associate(catalog, portfolio_id, "monthly")

    catalog.delete_portfolio(Id=portfolio_id)

    assert refusal(lambda: catalog.list_budgets_for_resource(ResourceId=portfolio_id))[0] == "ResourceNotFoundException"
