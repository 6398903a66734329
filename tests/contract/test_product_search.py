"""Searching products, as an end user and as an administrator."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.requests import Bucket, add_version, create_portfolio, create_product, offer, refusal


def names(answer: dict[str, Any]) -> list[str]:
    found = answer.get("ProductViewSummaries")
    if found is None:
        found = [detail["ProductViewSummary"] for detail in answer["ProductViewDetails"]]
    return [summary["Name"] for summary in found]


def every_page(search: Callable[..., dict[str, Any]], **members: Any) -> Iterator[dict[str, Any]]:
    """Every page of a search; botocore has no paginator for SearchProducts."""
    page = search(**members)
    yield page
    while token := page.get("NextPageToken"):
        page = search(**members, PageToken=token)
        yield page


@pytest.fixture
def portfolio_id(catalog: Any) -> str:
    return create_portfolio(catalog)


@pytest.fixture
def sell(catalog: Any, s3: Bucket, portfolio_id: str) -> Callable[..., str]:
    """Create a product and offer it to everybody."""

    def create(name: str, **members: Any) -> str:
        product_id = create_product(catalog, s3, Name=name, **members)
        catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=portfolio_id)
        return product_id

    return create


def test_an_end_user_finds_what_is_on_a_path_and_an_administrator_everything(
    catalog: Any, s3: Bucket, sell: Callable[..., str]
) -> None:
    sell("Offered")
    create_product(catalog, s3, Name="In no portfolio")
    offer(catalog, create_product(catalog, s3, Name="In a closed portfolio"), is_open=False)

    assert names(catalog.search_products()) == ["Offered"]
    assert names(catalog.search_products_as_admin()) == ["Offered", "In no portfolio", "In a closed portfolio"]


def test_a_product_without_an_active_version_is_not_found_by_end_users(catalog: Any, sell: Callable[..., str]) -> None:
    product_id = sell("Hidden")
    only = catalog.list_provisioning_artifacts(ProductId=product_id)["ProvisioningArtifactDetails"][0]["Id"]
    catalog.update_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=only, Active=False)

    assert names(catalog.search_products()) == []
    assert names(catalog.search_products_as_admin()) == ["Hidden"]


def test_a_product_on_two_paths_is_found_once(catalog: Any, sell: Callable[..., str]) -> None:
    offer(catalog, sell("Twice offered"))

    answer = catalog.search_products()

    assert names(answer) == ["Twice offered"]
    assert answer["ProductViewAggregations"]["Owner"] == [{"Value": "Platform", "ApproximateCount": 1}]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"FullTextSearch": ["queue"]}, ["Message queue", "Batch"]),
        ({"FullTextSearch": ["MESSAGE"]}, ["Message queue"]),
        ({"FullTextSearch": ["mess"]}, ["Message queue"]),
        ({"FullTextSearch": ["essage"]}, []),
        ({"FullTextSearch": ["queue nightly"]}, ["Batch"]),
        ({"FullTextSearch": ["message", "nightly"]}, ["Message queue", "Batch"]),
        ({"FullTextSearch": ["acme"]}, ["Batch"]),
        ({"FullTextSearch": ["%"]}, ["Message queue", "Batch", "Database"]),
        ({"Owner": ["team a"]}, ["Message queue", "Batch"]),
        ({"Owner": ["team"]}, []),
        ({"Owner": ["Team A"], "FullTextSearch": ["nightly"]}, ["Batch"]),
        ({"ProductType": ["EXTERNAL"]}, ["Database"]),
        ({"ProductType": ["EXTERNAL", "CLOUD_FORMATION_TEMPLATE"]}, ["Message queue", "Batch", "Database"]),
    ],
)
def test_filters_find_words_by_their_beginning_and_other_values_whole(
    catalog: Any, sell: Callable[..., str], filters: dict[str, list[str]], found: list[str]
) -> None:
    sell("Message queue", Owner="Team A")
    sell("Batch", Owner="Team A", Description="A nightly job with a queue", Distributor="ACME")
    sell("Database", Owner="Team B", ProductType="EXTERNAL")

    assert names(catalog.search_products(Filters=filters)) == found
    assert names(catalog.search_products_as_admin(Filters=filters)) == found


def test_a_product_that_is_no_copy_is_its_own_source(catalog: Any, sell: Callable[..., str]) -> None:
    product_id = sell("Original")
    sell("Another")

    assert names(catalog.search_products(Filters={"SourceProductId": [product_id]})) == ["Original"]


@pytest.mark.parametrize(
    ("sort_by", "order", "found"),
    [
        ("Title", "ASCENDING", ["a", "b", "c"]),
        ("Title", "DESCENDING", ["c", "b", "a"]),
        ("CreationDate", "ASCENDING", ["b", "c", "a"]),
        ("CreationDate", "DESCENDING", ["a", "c", "b"]),
        ("VersionCount", "ASCENDING", ["b", "a", "c"]),
        ("VersionCount", "DESCENDING", ["c", "a", "b"]),
    ],
)
def test_results_are_sorted_and_stay_so_across_pages(
    catalog: Any, s3: Bucket, sell: Callable[..., str], sort_by: str, order: str, found: list[str]
) -> None:
    for name, versions in (("b", 1), ("c", 3), ("a", 2)):
        product_id = sell(name)
        for _ in range(versions - 1):
            add_version(catalog, s3, product_id)

    for search in (catalog.search_products, catalog.search_products_as_admin):
        pages = list(every_page(search, SortBy=sort_by, SortOrder=order, PageSize=1))
        assert [names(page) for page in pages] == [[name] for name in found]


def test_a_page_token_of_other_filters_is_refused(catalog: Any, sell: Callable[..., str]) -> None:
    sell("One"), sell("Two")
    token = catalog.search_products(PageSize=1)["NextPageToken"]

    code, _ = refusal(lambda: catalog.search_products(PageSize=1, PageToken=token, Filters={"Owner": ["Platform"]}))

    assert code == "InvalidParametersException"


def test_aggregations_count_all_that_was_found_on_any_page(catalog: Any, sell: Callable[..., str]) -> None:
    sell("One", Owner="a", Distributor="ACME")
    sell("Two", Owner="b", Distributor="")
    sell("Three", Owner="b")

    aggregations = catalog.search_products(PageSize=1)["ProductViewAggregations"]

    assert aggregations == {
        "Owner": [{"Value": "b", "ApproximateCount": 2}, {"Value": "a", "ApproximateCount": 1}],
        "ProductType": [{"Value": "CLOUD_FORMATION_TEMPLATE", "ApproximateCount": 3}],
        "Vendor": [{"Value": "ACME", "ApproximateCount": 1}],
    }


def test_an_administrator_searches_one_portfolio(catalog: Any, s3: Bucket, portfolio_id: str, sell: Any) -> None:
    sell("Offered")
    create_product(catalog, s3, Name="Elsewhere")

    assert names(catalog.search_products_as_admin(PortfolioId=portfolio_id)) == ["Offered"]
    assert names(catalog.search_products_as_admin(ProductSource="ACCOUNT")) == ["Offered", "Elsewhere"]


def test_an_unknown_portfolio_is_not_found(catalog: Any) -> None:
    code, _ = refusal(lambda: catalog.search_products_as_admin(PortfolioId="port-aaaaaaaaaaaaa"))

    assert code == "ResourceNotFoundException"


def test_no_products_are_an_empty_list(catalog: Any) -> None:
    answer = catalog.search_products_as_admin()

    assert answer["ProductViewDetails"] == []
    assert "NextPageToken" not in answer


def test_products_of_another_account_or_region_are_not_found(
    catalog: Any, sell: Callable[..., str], make_client: Callable[..., Any]
) -> None:
    sell("Mine")
    others = [make_client("servicecatalog", "888888888888"), make_client("servicecatalog", region="us-west-2")]

    assert [names(other.search_products_as_admin()) for other in others] == [[], []]
    assert [names(other.search_products()) for other in others] == [[], []]


@pytest.mark.parametrize(
    "filters",
    [
        {"FullTextSearch": [" ".join(f"word{number}" for number in range(101))]},
        {"Owner": [f"owner-{number}" for number in range(101)]},
        {"Owner": ["a"] * 50, "FullTextSearch": ["b c"] * 26},
    ],
)
@pytest.mark.parametrize("search", ["search_products", "search_products_as_admin"])
def test_a_search_that_asks_for_too_much_at_once_is_refused(
    catalog: Any, search: str, filters: dict[str, list[str]]
) -> None:
    code, message = refusal(lambda: getattr(catalog, search)(Filters=filters))

    assert code == "InvalidParametersException"
    assert message.endswith("a search takes at most 100.")


def test_a_search_may_ask_for_a_hundred_words(catalog: Any, sell: Callable[..., str]) -> None:
    words = " ".join(f"word{number}" for number in range(100))
    sell("Wordy", Description=words)

    assert names(catalog.search_products(Filters={"FullTextSearch": [words]})) == ["Wordy"]
