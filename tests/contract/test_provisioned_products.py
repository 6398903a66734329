"""Provisioned products: describe, scan, search."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published, walk
from tests.contract.requests import refusal

Publish = Callable[..., Published]


def search(catalog: Any, *queries: str, **members: Any) -> list[str]:
    """The names of what a search finds."""
    answer = catalog.search_provisioned_products(Filters={"SearchQuery": list(queries)}, **members)
    found = [one["Name"] for one in answer["ProvisionedProducts"]]
    assert answer["TotalResultsCount"] >= len(found)
    return found


def test_a_provisioned_product_is_described_by_id_or_name(account: str, catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    record = product.launch("mine", ProvisionToken="first-token")["RecordDetail"]

    by_name = catalog.describe_provisioned_product(Name="mine")
    by_id = catalog.describe_provisioned_product(Id=record["ProvisionedProductId"])

    found = by_name["ProvisionedProductDetail"]
    assert by_id["ProvisionedProductDetail"] == found
    assert by_name["CloudWatchDashboards"] == []
    assert found == {
        "Name": "mine",
        "Arn": f"arn:aws:servicecatalog:eu-west-1:{account}:stack/mine/{found['Id']}",
        "Type": "CFN_STACK",
        "Id": record["ProvisionedProductId"],
        "Status": "AVAILABLE",
        "CreatedTime": found["CreatedTime"],
        "IdempotencyToken": "first-token",
        "LastRecordId": record["RecordId"],
        "LastProvisioningRecordId": record["RecordId"],
        "LastSuccessfulProvisioningRecordId": record["RecordId"],
        "ProductId": product.product_id,
        "ProvisioningArtifactId": product.versions[0],
    }
    assert found["CreatedTime"] <= record["CreatedTime"]


@pytest.mark.parametrize("members", [{}, {"Id": "pp-a", "Name": "a"}])
def test_id_or_name_must_be_given_and_not_both(catalog: Any, members: dict[str, str]) -> None:
    code, _ = refusal(lambda: catalog.describe_provisioned_product(**members))

    assert code == "InvalidParametersException"


@pytest.mark.parametrize("members", [{"Id": "pp-aaaaaaaaaaaaa"}, {"Name": "nobody"}])
def test_an_unknown_product_is_not_found_in_awss_words(catalog: Any, members: dict[str, str]) -> None:
    refused = refusal(lambda: catalog.describe_provisioned_product(**members))

    assert refused == ("ResourceNotFoundException", f"Provisioned product not found: {next(iter(members.values()))}")


def test_a_scan_gives_what_was_not_terminated_oldest_first(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    for name in ("b", "a", "gone"):
        product.launch(name)
    product.terminate("gone")

    found = catalog.scan_provisioned_products()["ProvisionedProducts"]

    assert [one["Name"] for one in found] == ["b", "a"]
    assert found[0] == product.describe("b")


def test_a_scan_of_nothing_is_an_empty_list(catalog: Any) -> None:
    assert catalog.scan_provisioned_products()["ProvisionedProducts"] == []


def test_a_search_tells_more_than_a_description(account: str, catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    record = product.launch("mine", Tags=[{"Key": "team", "Value": "blue"}])

    (found,) = catalog.search_provisioned_products()["ProvisionedProducts"]

    described = product.describe("mine")
    assert {key: found[key] for key in described} == described
    assert found["PhysicalId"] == record["RecordOutputs"][0]["OutputValue"]
    assert (found["ProductName"], found["ProvisioningArtifactName"]) == ("product", "v1")
    assert found["UserArn"] == found["UserArnSession"] == f"arn:aws:iam::{account}:root"
    assert {"Key": "team", "Value": "blue"} in found["Tags"]
    assert len(found["Tags"]) == 6


def test_every_field_finds_its_product(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine", Tags=[{"Key": "team", "Value": "blue"}])
    publish(QUEUE_AND_TOPIC, name="other").plan("yours")
    found = catalog.search_provisioned_products(Filters={"SearchQuery": ["name:mine"]})["ProvisionedProducts"][0]
    fields = {
        "arn": "Arn",
        "id": "Id",
        "lastRecordId": "LastRecordId",
        "idempotencyToken": "IdempotencyToken",
        "physicalId": "PhysicalId",
        "productId": "ProductId",
        "provisioningArtifactId": "ProvisioningArtifactId",
        "status": "Status",
        "lastProvisioningRecordId": "LastProvisioningRecordId",
        "lastSuccessfulProvisioningRecordId": "LastSuccessfulProvisioningRecordId",
        "productName": "ProductName",
    }

    named = [search(catalog, f"{field}:{found[member]}") for field, member in fields.items()]
    bare = [search(catalog, found[member]) for member in fields.values()]

    assert named == bare == [["mine"]] * len(fields)


QUERIES: list[tuple[list[str], list[str]]] = [
    (["order-db"], ["order-db"]),
    (["ORDER-DB"], ["order-db"]),
    (["name:order"], ["order-db", "order-web"]),
    (["name:ord"], []),
    (["name:ord*"], ["order-db", "order-web"]),
    (["web*"], ["order-web", "web"]),
    (["Name:WEB"], ["order-web", "web"]),
    (["order", "web"], ["order-web"]),
    (["tags:team:blue"], ["order-db", "web"]),
    (["tags:team"], ["order-db", "web"]),
    (["tags:blue"], ["order-db", "web"]),
    (["team:blue"], ["order-db", "web"]),
    (["team:bl*"], ["order-db", "web"]),
    (["blue", "name:web"], ["web"]),
    (["type:CFN_STACK"], ["order-db", "order-web", "web"]),
    (["status:AVAILABLE"], []),
    (["nobody"], []),
    ([], ["order-db", "order-web", "web"]),
    ([""], ["order-db", "order-web", "web"]),
]


def test_a_query_finds_whole_terms_beginnings_and_tags(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    for name, colour in (("order-db", "blue"), ("order-web", "red"), ("web", "blue")):
        tags = [{"Key": "team", "Value": colour}] if colour == "blue" else []
        product.plan(name, wait=False, Tags=tags)

    found = [(queries, sorted(search(catalog, *queries))) for queries, _ in QUERIES]

    assert found == QUERIES


def test_a_search_follows_what_becomes_of_a_product(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")
    before = search(catalog, product.versions[0])
    product.update("mine", 1)
    after = search(catalog, f"provisioningArtifactId:{product.versions[0]}"), search(catalog, product.versions[1])
    product.terminate("mine")

    assert (before, after, search(catalog, "mine")) == (["mine"], ([], ["mine"]), [])


def test_the_total_is_exact_whatever_the_page(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    for number in range(3):
        product.plan(f"web-{number}", wait=False)
    product.plan("other", wait=False)

    answer = catalog.search_provisioned_products(Filters={"SearchQuery": ["web"]}, PageSize=2)

    assert (len(answer["ProvisionedProducts"]), answer["TotalResultsCount"]) == (2, 3)


@pytest.mark.parametrize("order", ["ASCENDING", "DESCENDING"])
def test_what_is_found_is_sorted_page_by_page_with_records_or_without(
    catalog: Any, publish: Publish, order: str
) -> None:
    product = publish(QUEUE)
    for name in ("c", "a"):
        product.plan(name, wait=False)
    for name in ("d", "b"):
        catalog.provision_product(
            ProductId=product.product_id,
            ProvisioningArtifactId=product.versions[0],
            ProvisionedProductName=name,
            ProvisionToken=str(uuid4()),
        )

    for field, member in (("name", "Name"), ("id", "Id"), ("arn", "Arn"), ("lastRecordId", "LastRecordId")):
        pages = walk(
            catalog.search_provisioned_products, "ProvisionedProducts", PageSize=1, SortBy=field, SortOrder=order
        )

        keys = [one.get(member, "") for page in pages for one in page]
        assert keys == sorted(keys, reverse=order == "DESCENDING")
        assert sorted(one["Name"] for page in pages for one in page) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("members", [{"SortBy": "status"}, {"Filters": {"Name": ["x"]}}])
def test_a_sort_field_or_filter_that_aws_does_not_know_is_refused(catalog: Any, members: dict[str, Any]) -> None:
    code, _ = refusal(lambda: catalog.search_provisioned_products(**members))

    assert code in {"InvalidParametersException", "ValidationException"}
