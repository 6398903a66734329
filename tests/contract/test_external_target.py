"""Products of provisioning engines: what the engine is sent, and what becomes of what it tells."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.engines import ROLE, body_of, publish_external, start, take, tell
from tests.contract.publishing import Published
from tests.contract.requests import refusal

PROVISION = "ServiceCatalogExternalProvisionOperationQueue"
UPDATE = "ServiceCatalogExternalUpdateOperationQueue"
TERMINATE = "ServiceCatalogExternalTerminateOperationQueue"
TAG = {"UniqueTag": {"Key": "SERVICE_CATALOG_TERRAFORM_INTEGRATION-DO_NOT_DELETE", "Value": "pp-1"}}


@pytest.fixture
def sqs(make_client: Callable[..., Any]) -> Any:
    return make_client("sqs")


@pytest.fixture
def product(catalog: Any, make_client: Callable[..., Any], account: str) -> Published:
    return publish_external(catalog, make_client("s3"), account, "one", "two")


def test_a_launch_is_asked_for_as_aws_asks_for_it(
    product: Published, sqs: Any, make_client: Callable[..., Any], account: str
) -> None:
    record_id = start(
        product,
        ProvisioningParameters=[{"Key": "bucket_name", "Value": "b"}, {"Key": "size", "Value": "3"}],
        Tags=[{"Key": "cost", "Value": "7"}],
    )

    message = take(sqs, PROVISION)

    body = body_of(message)
    bucket, key = body["artifact"]["path"].removeprefix("s3://").split("/", 1)
    assert message["Body"] == json.dumps(body, separators=(",", ":"))
    assert list(body) == [
        "token",
        "operation",
        "provisionedProductId",
        "provisionedProductName",
        "productId",
        "provisioningArtifactId",
        "recordId",
        "launchRoleArn",
        "artifact",
        "identity",
        "parameters",
        "tags",
    ]
    assert body["operation"] == "PROVISION_PRODUCT"
    assert body["provisionedProductId"] == product.describe("mine")["Id"]
    assert (body["provisionedProductName"], body["recordId"]) == ("mine", record_id)
    assert (body["productId"], body["provisioningArtifactId"]) == (product.product_id, product.versions[0])
    assert body["launchRoleArn"] == ROLE.format(account=account)
    assert body["artifact"]["type"] == "AWS_S3"
    assert body["identity"] == {"principal": "", "awsAccountId": account, "organizationId": ""}
    assert body["parameters"] == [{"key": "bucket_name", "value": "b"}, {"key": "size", "value": "3"}]
    assert body["tags"] == [{"key": "cost", "value": "7"}]
    assert make_client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == b"one"


def test_what_the_engine_tells_ends_the_launch(catalog: Any, product: Published, sqs: Any) -> None:
    record_id = start(product)
    body = body_of(take(sqs, PROVISION))
    outputs = [
        {"OutputKey": "bucket", "OutputValue": "b-1", "Description": "where things are"},
        {"OutputKey": "x", "OutputValue": ""},
    ]

    tell(catalog, body, Outputs=outputs, ResourceIdentifier=TAG)

    record = product.wait_for_record(record_id)
    detail = product.describe("mine")
    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert record["RecordOutputs"] == outputs
    assert (detail["Status"], detail["Type"]) == ("AVAILABLE", "EXTERNAL")
    assert detail["LastSuccessfulProvisioningRecordId"] == record_id


def test_an_update_and_a_termination_have_queues_of_their_own(
    catalog: Any, product: Published, sqs: Any, account: str
) -> None:
    start(product, ProvisioningParameters=[{"Key": "a", "Value": "1"}])
    tell(catalog, body_of(take(sqs, PROVISION)))
    product.wait_for_record(product.describe("mine")["LastRecordId"])
    updating = catalog.update_provisioned_product(
        ProvisionedProductName="mine",
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[1],
        ProvisioningParameters=[{"Key": "a", "UsePreviousValue": True}, {"Key": "b", "Value": "2"}],
        UpdateToken="u",
    )["RecordDetail"]
    update = body_of(take(sqs, UPDATE))
    tell(catalog, update, Outputs=[{"OutputKey": "k", "OutputValue": "v"}])
    updated = product.wait_for_record(updating["RecordId"])
    terminating = catalog.terminate_provisioned_product(ProvisionedProductName="mine", TerminateToken="t")[
        "RecordDetail"
    ]
    terminate = body_of(take(sqs, TERMINATE))
    tell(catalog, terminate)
    terminated = product.wait_for_record(terminating["RecordId"])

    assert update["operation"] == "UPDATE_PROVISIONED_PRODUCT"
    assert sorted((one["key"], one["value"]) for one in update["parameters"]) == [("a", "1"), ("b", "2")]
    assert update["provisioningArtifactId"] == product.versions[1]
    assert updated["RecordOutputs"] == [{"OutputKey": "k", "OutputValue": "v"}]
    assert terminate == {
        "token": terminate["token"],
        "operation": "TERMINATE_PROVISIONED_PRODUCT",
        "provisionedProductId": update["provisionedProductId"],
        "provisionedProductName": "mine",
        "recordId": terminating["RecordId"],
        "launchRoleArn": ROLE.format(account=account),
        "identity": {"principal": "", "awsAccountId": account, "organizationId": ""},
    }
    assert terminated["RecordDetail"]["Status"] == "SUCCEEDED"
    assert refusal(lambda: product.describe("mine"))[0] == "ResourceNotFoundException"
