"""The behaviour dial: what AWS does a moment later takes that moment, if the operator wants to rehearse with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from manciple.app import Server
from tests.contract.conftest import client_of, serve
from tests.contract.publishing import until
from tests.contract.requests import Bucket, add_version, create_product, new_product, refusal


def start(directory: Path, **faithful: Any) -> Iterator[Server]:
    settings = {f"faithful.{name}": value for name, value in faithful.items()}
    url = f"sqlite:///{directory / 'manciple.sqlite'}"
    yield from serve(url, directory, behaviour="faithful", **settings)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Server]:
    """A faithful server whose steps outlast the test."""
    yield from start(tmp_path, creating_seconds=3600.0)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Server]:
    """A faithful server whose steps are over soon."""
    yield from start(tmp_path, creating_seconds=0.05)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Server]:
    """A faithful server that admits two calls of an operation and no more for hours."""
    yield from start(tmp_path, requests_per_second=0.0001, burst=2)


def bucket_of(server: Server, account: str) -> Bucket:
    client = client_of(server, "s3", account)
    client.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return Bucket(client, "templates", server.url)


def test_in_faithful_behaviour_a_version_is_creating_at_first(slow: Server, account: str) -> None:
    catalog, bucket = client_of(slow, "servicecatalog", account), bucket_of(slow, account)
    product_id = create_product(catalog, bucket)
    version_id = add_version(catalog, bucket, product_id)

    found = catalog.describe_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=version_id)

    assert found["Status"] == "CREATING"


def test_in_faithful_behaviour_a_version_is_available_in_the_end(quick: Server, account: str) -> None:
    catalog, bucket = client_of(quick, "servicecatalog", account), bucket_of(quick, account)
    product_id = create_product(catalog, bucket)
    version_id = add_version(catalog, bucket, product_id)

    found = until(
        lambda: catalog.describe_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=version_id),
        lambda answer: answer["Status"] == "AVAILABLE",
    )

    assert found["ProvisioningArtifactDetail"]["Id"] == version_id


def test_in_instant_behaviour_a_version_is_available_at_once(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3)
    version_id = add_version(catalog, s3, product_id)

    found = catalog.describe_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=version_id)

    assert found["Status"] == "AVAILABLE"


def test_in_faithful_behaviour_calls_are_throttled_by_account_and_operation(strict: Server, account: str) -> None:
    catalog, bucket = client_of(strict, "servicecatalog", account), bucket_of(strict, account)
    other = client_of(strict, "servicecatalog", "210987654321")
    catalog.list_portfolios()
    catalog.list_portfolios()

    refused = refusal(catalog.list_portfolios)

    assert refused == ("ThrottlingException", "Rate exceeded")
    assert other.list_portfolios()["PortfolioDetails"] == []
    assert catalog.create_product(**new_product(bucket))["Tags"] == []


def test_in_faithful_behaviour_waiting_for_a_message_is_not_throttled(strict: Server, account: str) -> None:
    sqs = client_of(strict, "sqs", account)
    url = sqs.get_queue_url(QueueName="ServiceCatalogExternalProvisionOperationQueue")["QueueUrl"]

    answers = [sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1) for _ in range(2)]

    assert ["Messages" in answer for answer in answers] == [False, False]
