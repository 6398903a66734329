"""Every way that a search can take gives the same products, in order, page by page, and tells how many there are."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from manciple.operations import provisioned_product_search
from tests.contract.publishing import QUEUE, Published, walk
from tests.contract.requests import refusal

Publish = Callable[..., Published]
NAMES = ("web-1", "api-1", "web-2", "db", "web", "api.web")

QUERIES: dict[tuple[str, ...], list[str]] = {
    (): ["web-1", "api-1", "web-2", "db", "web", "api.web"],
    ("name:web",): ["web-1", "web-2", "web", "api.web"],
    ("web", "1"): ["web-1"],
    ("name:web", "api*"): ["api.web"],
    ("we*",): ["web-1", "web-2", "web", "api.web"],
    ("we*", "name:api"): ["api.web"],
    ("we*", "a*", "name:*"): ["web-1", "web-2", "web", "api.web"],
    ("type:CFN_STACK", "name:1"): ["web-1", "api-1"],
    ("status:ERROR",): [],
    ("name:web", "name:db"): [],
    (" name: web ", "2"): ["web-2"],
}
"""What each query finds, oldest first; `a*` stands in a field of all."""

SORTS = {"name": "Name", "id": "Id", "arn": "Arn", "lastRecordId": "LastRecordId"}


@pytest.fixture(params=["few are sorted", "many are walked"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to a sorted page, whatever the numbers."""
    if request.param == "many are walked":
        monkeypatch.setattr(provisioned_product_search, "FREQUENT", -1)


def plan_all(publish: Publish) -> None:
    product = publish(QUEUE)
    for name in NAMES:
        product.plan(name, wait=False)


def pages(catalog: Any, query: tuple[str, ...], **members: Any) -> tuple[list[dict[str, Any]], set[int]]:
    """What all pages of a search give together, and the totals that they told."""
    totals: set[int] = set()

    def search(**input: Any) -> Any:
        answer = catalog.search_provisioned_products(Filters={"SearchQuery": list(query)}, PageSize=2, **input)
        totals.add(answer["TotalResultsCount"])
        return answer

    return list(itertools.chain(*walk(search, "ProvisionedProducts", **members))), totals


@pytest.mark.usefixtures("way")
def test_an_unsorted_search_gives_what_it_finds_oldest_first(catalog: Any, publish: Publish) -> None:
    plan_all(publish)

    for query, names in QUERIES.items():
        for level in ("Account", "Role", "User"):
            found, totals = pages(catalog, query, AccessLevelFilter={"Key": level, "Value": "self"})

            assert ([one["Name"] for one in found], totals) == (names, {len(names)}), (query, level)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("order", ["ASCENDING", "DESCENDING"])
def test_a_sorted_search_gives_the_same_products_in_order(catalog: Any, publish: Publish, order: str) -> None:
    plan_all(publish)

    for (query, names), (field, member) in itertools.product(QUERIES.items(), SORTS.items()):
        found, totals = pages(catalog, query, SortBy=field, SortOrder=order)

        keys = [one.get(member, "") for one in found]
        assert keys == sorted(keys, reverse=order == "DESCENDING")
        assert (sorted(one["Name"] for one in found), totals) == (sorted(names), {len(names)}), (query, field)


def test_a_day_is_a_beginning_of_the_time_of_creation(catalog: Any, publish: Publish) -> None:
    publish(QUEUE).plan("mine", wait=False)
    created = catalog.search_provisioned_products()["ProvisionedProducts"][0]["CreatedTime"]

    today, never = (
        catalog.search_provisioned_products(Filters={"SearchQuery": [f"createdTime:{day}*"]})["TotalResultsCount"]
        for day in (created.date().isoformat(), "1999-12-31")
    )

    assert (today, never) == (1, 0)


@pytest.mark.parametrize("change", [{"Filters": {"SearchQuery": ["db"]}}, {"SortBy": "name"}, {"account": "9" * 12}])
def test_a_page_token_is_worthless_in_another_account_or_query(
    make_client: Callable[..., Any], publish: Publish, account: str, change: dict[str, Any]
) -> None:
    plan_all(publish)
    token = make_client("servicecatalog").search_provisioned_products(PageSize=1)["NextPageToken"]
    other = make_client("servicecatalog", account=change.get("account", account))
    members = {name: value for name, value in change.items() if name != "account"}

    code, _ = refusal(lambda: other.search_provisioned_products(PageSize=1, PageToken=token, **members))

    assert code == "InvalidParametersException"


def test_totals_follow_what_becomes_of_products(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    for name in ("one", "two"):
        product.launch(name)
    product.terminate("one")

    totals = [
        catalog.search_provisioned_products(Filters={"SearchQuery": queries})["TotalResultsCount"]
        for queries in ([], ["status:AVAILABLE"], ["status:UNDER_CHANGE"], [product.product_id], ["name:one"])
    ]

    assert totals == [1, 1, 0, 1, 0]


@pytest.mark.parametrize("form", ["name:{}", "{}", "{}*", "name:{}*"])
def test_a_search_takes_a_hundred_queries_and_no_more(catalog: Any, form: str) -> None:
    queries = [form.format(f"term{number}") for number in range(101)]

    assert catalog.search_provisioned_products(Filters={"SearchQuery": queries[:100] * 2})["TotalResultsCount"] == 0
    code, message = refusal(lambda: catalog.search_provisioned_products(Filters={"SearchQuery": queries}))
    assert code == "InvalidParametersException"
    assert message == "Filters ask for 101 values and words; a search takes at most 100."
