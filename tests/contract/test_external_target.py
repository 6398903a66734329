"""Products of provisioning engines: what the engine is sent, and what becomes of what it tells."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from tests.contract.conftest import client_of
from tests.contract.engines import ROLE, body_of, publish_external, start, take, tell
from tests.contract.publishing import Published, until
from tests.contract.raw import send
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


def test_a_failure_is_told_with_the_engines_reason(catalog: Any, product: Published, sqs: Any) -> None:
    record_id = start(product)

    tell(catalog, body_of(take(sqs, PROVISION)), "FAILED", FailureReason="no such provider", Outputs=[])

    record = product.wait_for_record(record_id)
    detail = product.describe("mine")
    assert record["RecordDetail"]["RecordErrors"] == [{"Code": "1", "Description": "The engine said: no such provider"}]
    assert (detail["Status"], detail["StatusMessage"]) == ("ERROR", "The engine said: no such provider")


def test_a_failed_launch_that_left_something_is_tainted_and_can_be_updated(
    catalog: Any, product: Published, sqs: Any
) -> None:
    record_id = start(product)
    tell(catalog, body_of(take(sqs, PROVISION)), "FAILED", ResourceIdentifier=TAG, Outputs=[])
    failed = product.wait_for_record(record_id)
    status = product.describe("mine")["Status"]
    updating = update(catalog, product)
    tell(catalog, body_of(take(sqs, UPDATE)))

    updated = product.wait_for_record(updating)

    assert failed["RecordDetail"]["Status"] == "FAILED"
    assert status == "TAINTED"
    assert updated["RecordDetail"]["Status"] == "SUCCEEDED"
    assert product.describe("mine")["Status"] == "AVAILABLE"


def test_an_update_of_a_failed_launch_that_fails_too_is_tainted(catalog: Any, product: Published, sqs: Any) -> None:
    record_id = start(product)
    tell(catalog, body_of(take(sqs, PROVISION)), "FAILED")
    product.wait_for_record(record_id)
    after_launch = product.describe("mine")["Status"]
    updating = update(catalog, product)

    tell(catalog, body_of(take(sqs, UPDATE)), "FAILED")

    failed = product.wait_for_record(updating)["RecordDetail"]
    assert failed["RecordErrors"][0]["Description"] == "The engine said: nothing about why it failed."
    assert (after_launch, product.describe("mine")["Status"]) == ("ERROR", "TAINTED")


def test_a_failed_update_or_termination_leaves_the_product_tainted(catalog: Any, product: Published, sqs: Any) -> None:
    record_id = start(product)
    tell(catalog, body_of(take(sqs, PROVISION)))
    product.wait_for_record(record_id)
    updating = update(catalog, product)
    tell(catalog, body_of(take(sqs, UPDATE)), "FAILED", FailureReason="half way")
    product.wait_for_record(updating)
    after_update = product.describe("mine")["Status"]
    terminating = catalog.terminate_provisioned_product(ProvisionedProductName="mine", TerminateToken="t")
    tell(catalog, body_of(take(sqs, TERMINATE)), "FAILED", FailureReason="not empty")

    terminated = product.wait_for_record(terminating["RecordDetail"]["RecordId"])

    assert after_update == "TAINTED"
    assert terminated["RecordDetail"]["RecordErrors"][0]["Description"] == "The engine said: not empty"
    assert product.describe("mine")["Status"] == "TAINTED"


def test_the_identifier_that_an_engine_tells_is_shown_and_stays(catalog: Any, product: Published, sqs: Any) -> None:
    record_id = start(product)
    tell(catalog, body_of(take(sqs, PROVISION)), ResourceIdentifier=TAG)
    product.wait_for_record(record_id)
    launched = search(catalog)
    updating = update(catalog, product)
    tell(catalog, body_of(take(sqs, UPDATE)))

    product.wait_for_record(updating)

    assert launched["PhysicalId"] == "SERVICE_CATALOG_TERRAFORM_INTEGRATION-DO_NOT_DELETE=pp-1"
    assert search(catalog)["PhysicalId"] == launched["PhysicalId"]


def test_without_an_identifier_there_is_no_physical_id(catalog: Any, product: Published, sqs: Any) -> None:
    record_id = start(product)
    tell(catalog, body_of(take(sqs, PROVISION)))

    product.wait_for_record(record_id)

    assert "PhysicalId" not in search(catalog)


def test_what_is_kept_is_forgotten_here_and_the_engine_is_not_asked(catalog: Any, product: Published, sqs: Any) -> None:
    record_id = start(product)
    tell(catalog, body_of(take(sqs, PROVISION)))
    product.wait_for_record(record_id)

    ended = product.terminate("mine", RetainPhysicalResources=True)

    url = sqs.get_queue_url(QueueName=TERMINATE)["QueueUrl"]
    assert ended["RecordDetail"]["Status"] == "SUCCEEDED"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_without_a_launch_role_nothing_is_launched(catalog: Any, publish: Any) -> None:
    product = publish("an archive", kind="EXTERNAL")

    code, message = refusal(lambda: start(product))

    assert code == "InvalidParametersException"
    assert "has no launch role along the path" in message


def test_an_artifact_that_was_overwritten_is_told_where_its_own_bytes_are(
    catalog: Any, make_client: Callable[..., Any], product: Published, sqs: Any, account: str
) -> None:
    s3 = make_client("s3")
    info = catalog.describe_provisioning_artifact(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[0]
    )["Info"]
    bucket, key = info["TemplateUrl"].split("/", 4)[3:]
    s3.put_object(Bucket=bucket, Key=key, Body=b"another")
    start(product)

    path = body_of(take(sqs, PROVISION))["artifact"]["path"]

    found_in, under = path.removeprefix("s3://").split("/", 1)
    assert found_in == f"sc-artifacts-{account}-eu-west-1"
    assert s3.get_object(Bucket=found_in, Key=under)["Body"].read() == b"one"


def test_a_plan_tells_what_the_engine_will_be_asked(
    catalog: Any, product: Published, sqs: Any, server: Server, account: str
) -> None:
    plan = product.plan("mine", ProvisioningParameters=[{"Key": "password", "Value": "hidden-1"}])
    plan_id = plan["ProvisionedProductPlanDetails"]["PlanId"]
    document = get(server, account, f"/_manciple/plans/{plan_id}")
    record_id = product.execute(plan_id, wait=False)["RecordId"]
    body = body_of(take(sqs, PROVISION))
    tell(catalog, body)
    product.wait_for_record(record_id)
    ended = product.wait_for_plan(plan_id, "EXECUTE_IN_PROGRESS")

    assert plan["ProvisionedProductPlanDetails"]["Status"] == "CREATE_SUCCESS"
    assert plan["ResourceChanges"] == []
    assert document["UnknownUntilExecution"] == ["what the engine changes"]
    assert document["StatusReason"] is None
    assert document["Parameters"] == [{"Path": "/Parameters/password", "ChangeType": "Add", "AfterValue": "****"}]
    assert document["Asked"] == {
        "Operation": "PROVISION_PRODUCT",
        "QueueName": PROVISION,
        "QueueAccount": account,
        "ArtifactPath": body["artifact"]["path"],
        "LaunchRoleArn": ROLE.format(account=account),
        "Parameters": {"password": "****"},
        "Tags": {},
    }
    assert "hidden-1" not in json.dumps(document)
    assert body["parameters"] == [{"key": "password", "value": "hidden-1"}]
    assert ended["ProvisionedProductPlanDetails"]["Status"] == "EXECUTE_SUCCESS"


def test_what_is_asked_lies_sealed(sqlite_server: Server, account: str) -> None:
    names = ("servicecatalog", "s3", "sqs")
    catalog, s3, sqs = (client_of(sqlite_server, name, account) for name in names)
    secret = f"planted-{uuid4()}"
    record_id = start(
        publish_external(catalog, s3, account), ProvisioningParameters=[{"Key": "password", "Value": secret}]
    )
    body = body_of(take(sqs, PROVISION))

    tell(catalog, body, Outputs=[{"OutputKey": "a", "OutputValue": "told"}])

    until(lambda: catalog.describe_record(Id=record_id), lambda one: one["RecordDetail"]["Status"] == "SUCCEEDED")
    file = Path(str(sqlite_server.settings.database).removeprefix("sqlite:///"))
    written = b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
    assert body["parameters"] == [{"key": "password", "value": secret}]
    assert secret.encode() not in written
    assert body["token"].encode() not in written


def test_an_update_may_ask_the_same_again(catalog: Any, product: Published, sqs: Any) -> None:
    record_id = start(product)
    tell(catalog, body_of(take(sqs, PROVISION)))
    product.wait_for_record(record_id)
    plan = product.plan("mine")["ProvisionedProductPlanDetails"]

    execution = product.execute(plan["PlanId"], wait=False)
    body = body_of(take(sqs, UPDATE))
    tell(catalog, body)

    assert plan["Status"] == "CREATE_SUCCESS"
    assert product.wait_for_record(execution["RecordId"])["RecordDetail"]["RecordType"] == "UPDATE_PROVISIONED_PRODUCT"


def test_a_spokes_launch_is_asked_of_the_hubs_engine(parties: Any, server: Server) -> None:
    hub = parties.catalog(parties.hub)
    offered = publish_external(hub, client_of(server, "s3", parties.hub), parties.hub)
    spoke = parties.import_into(parties.spoke, offered.portfolio_id)
    parties.open(parties.spoke, offered.portfolio_id)
    product = replace(offered, catalog=spoke)
    record_id = start(product)
    sqs = client_of(server, "sqs", parties.hub)
    body = body_of(take(sqs, PROVISION))
    tell(hub, body)
    launched = product.wait_for_record(record_id)
    terminating = spoke.terminate_provisioned_product(ProvisionedProductName="mine", TerminateToken="t")
    end = body_of(take(sqs, TERMINATE))
    tell(hub, end)
    terminated = product.wait_for_record(terminating["RecordDetail"]["RecordId"])

    own = client_of(server, "sqs", parties.spoke)
    url = own.get_queue_url(QueueName=PROVISION)["QueueUrl"]
    assert body["identity"]["awsAccountId"] == end["identity"]["awsAccountId"] == parties.spoke
    assert launched["RecordDetail"]["Status"] == terminated["RecordDetail"]["Status"] == "SUCCEEDED"
    assert own.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"] == {
        "ApproximateNumberOfMessages": "0"
    }


def search(catalog: Any) -> Any:
    """The one provisioned product, as it is found."""
    return catalog.search_provisioned_products(Filters={"SearchQuery": ["name:mine"]})["ProvisionedProducts"][0]


def update(catalog: Any, product: Published, version: int = 1, **members: Any) -> str:
    """Ask for an update and do not wait; answers the record's id."""
    detail = catalog.update_provisioned_product(
        ProvisionedProductName="mine",
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[version],
        UpdateToken=str(uuid4()),
        **members,
    )["RecordDetail"]
    return str(detail["RecordId"])


def get(server: Server, account: str, path: str) -> Any:
    """What our own API answers."""
    answer = send(server, "GET", path, {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"})
    assert answer.status == 200, answer.body
    return json.loads(answer.body)
