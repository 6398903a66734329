"""ImportAsProvisionedProduct: a stack whose resources were retained becomes a provisioned product again."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from manciple.app import Server
from manciple.store.rows import PROVISIONED_PRODUCTS, RECORDS
from manciple.store.tables.engine import STACK
from tests.contract.conftest import REGION
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published
from tests.contract.requests import refusal, stored

Publish = Callable[..., Published]

DELAY = [{"Key": "Delay", "Value": "7"}]
QUEUE_AS_JSON = """{"Parameters": {"Delay": {"Type": "Number", "Default": 0}},
"Outputs": {"Url": {"Value": {"Ref": "Queue"}, "Description": "Where the messages go"}},
"Resources": {"Queue": {"Properties": {"DelaySeconds": {"Ref": "Delay"}}, "Type": "AWS::SQS::Queue"}}}"""


def queues(make_client: Callable[..., Any]) -> list[str]:
    """The queues in the test's account, by their names."""
    found = make_client("cloudcontrol").list_resources(TypeName="AWS::SQS::Queue")["ResourceDescriptions"]
    return [one["Identifier"] for one in found]


def retained(product: Published, name: str = "old", **members: Any) -> str:
    """The ARN of a stack whose product was terminated and whose resources were not."""
    arn = product.launch(name, **members)["RecordOutputs"][0]["OutputValue"]
    product.terminate(name, RetainPhysicalResources=True)
    return str(arn)


def import_stack(product: Published, arn: str, name: str = "new", version: int = 0, **members: Any) -> dict[str, Any]:
    """Import a stack and answer the record at once."""
    found: dict[str, Any] = product.catalog.import_as_provisioned_product(
        **{
            "ProductId": product.product_id,
            "ProvisioningArtifactId": product.versions[version],
            "ProvisionedProductName": name,
            "PhysicalId": arn,
            "IdempotencyToken": str(uuid4()),
            **members,
        }
    )["RecordDetail"]
    return found


def test_a_retained_stack_becomes_a_product_with_its_outputs(publish: Publish) -> None:
    product = publish(QUEUE)
    arn = retained(product)

    first = import_stack(product, arn)
    record = product.wait_for_record(first["RecordId"])

    found = product.describe("new")
    assert first["Status"] == "CREATED"
    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert record["RecordDetail"]["RecordType"] == "IMPORT_PROVISIONED_PRODUCT"
    assert [output["OutputKey"] for output in record["RecordOutputs"]] == ["CloudformationStackARN", "Url"]
    assert record["RecordOutputs"][0]["OutputValue"] == arn
    assert found["Status"] == "AVAILABLE"
    assert found["LastSuccessfulProvisioningRecordId"] == first["RecordId"]
    assert product.catalog.get_provisioned_product_outputs(ProvisionedProductName="new")["Outputs"]


def test_an_imported_product_is_planned_updated_and_terminated_as_any_other(
    make_client: Callable[..., Any], publish: Publish
) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.wait_for_record(import_stack(product, retained(product, ProvisioningParameters=DELAY))["RecordId"])
    kept = [{"Key": "Delay", "UsePreviousValue": True}]

    plan = product.plan("new", 1, ProvisioningParameters=kept)
    executed = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])["RecordDetail"]
    updated = product.update("new", 1, ProvisioningParameters=[{"Key": "Delay", "Value": "9"}])["RecordDetail"]
    ended = product.terminate("new")["RecordDetail"]

    assert [(change["Action"], change["LogicalResourceId"]) for change in plan["ResourceChanges"]] == [("ADD", "Topic")]
    assert [one["Status"] for one in (executed, updated, ended)] == ["SUCCEEDED"] * 3
    assert queues(make_client) == []


def test_an_import_changes_nothing_in_the_world(make_client: Callable[..., Any], publish: Publish) -> None:
    product = publish(QUEUE)
    arn = retained(product, Tags=[{"Key": "team", "Value": "blue"}])
    before = queues(make_client)

    product.wait_for_record(import_stack(product, arn)["RecordId"])

    (found,) = product.catalog.search_provisioned_products()["ProvisionedProducts"]
    assert queues(make_client) == before != []
    assert {"Key": "team", "Value": "blue"} in found["Tags"]
    assert found["PhysicalId"] == arn


def test_a_template_matches_whatever_its_format(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AS_JSON)

    record = product.wait_for_record(import_stack(product, retained(product), version=1)["RecordId"])

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"


def test_a_stack_with_another_template_is_refused(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    arn = retained(product)

    code, message = refusal(lambda: import_stack(product, arn, version=1))

    assert code == "InvalidParametersException"
    assert message == (
        f"The template of stack {arn} does not match the one of provisioning artifact {product.versions[1]}."
    )


def test_a_stack_that_a_product_has_is_a_duplicate(publish: Publish) -> None:
    product = publish(QUEUE)
    arn = product.launch("old")["RecordOutputs"][0]["OutputValue"]

    code, message = refusal(lambda: import_stack(product, arn))

    assert code == "DuplicateResourceException"
    assert arn in message


def test_a_stack_is_imported_once(publish: Publish) -> None:
    product = publish(QUEUE)
    arn = retained(product)
    product.wait_for_record(import_stack(product, arn)["RecordId"])

    code, _ = refusal(lambda: import_stack(product, arn, "another"))

    assert code == "DuplicateResourceException"


def test_a_name_in_use_is_a_duplicate(publish: Publish) -> None:
    product = publish(QUEUE)
    arn = retained(product)
    product.launch("new")

    code, message = refusal(lambda: import_stack(product, arn))

    assert code == "DuplicateResourceException"
    assert "new" in message


@pytest.mark.parametrize(
    "arn",
    [
        "stack",
        "arn:aws:cloudformation:eu-west-1:{account}:stackset/some:1234",
        "arn:aws:s3:::bucket",
        "",
    ],
)
def test_what_is_no_stack_is_refused(account: str, publish: Publish, arn: str) -> None:
    product = publish(QUEUE)

    code, _ = refusal(lambda: import_stack(product, arn.format(account=account)))

    assert code == "InvalidParametersException"


def test_a_stack_that_is_not_there_or_another_accounts_is_not_found(
    account: str, publish: Publish, make_client: Callable[..., Any]
) -> None:
    product = publish(QUEUE)
    arn = retained(product)
    absent = f"arn:aws:cloudformation:eu-west-1:{account}:stack/SC-1/{uuid4()}"
    foreign = arn.replace(account, "210987654321")

    codes = [refusal(lambda stack=stack: import_stack(product, stack))[0] for stack in (absent, foreign)]  # type: ignore[misc]

    assert codes == ["ResourceNotFoundException"] * 2


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_stack_whose_status_does_not_allow_it_is_refused(server: Server, publish: Publish, status: str) -> None:
    product = publish(QUEUE)
    arn = retained(product)
    with stored(server) as tx:
        tx.execute(sa.update(STACK).where(STACK.c.arn == arn).values(status=status))

    code, message = refusal(lambda: import_stack(product, arn))

    assert code == "InvalidStateException"
    assert status in message


def test_a_nested_stack_is_refused(server: Server, publish: Publish) -> None:
    product = publish(QUEUE)
    arn = retained(product)
    with stored(server) as tx:
        tx.execute(sa.update(STACK).where(STACK.c.arn == arn).values(parent_id="another"))

    code, message = refusal(lambda: import_stack(product, arn))

    assert code == "InvalidParametersException"
    assert "nested" in message


def test_one_product_is_imported_at_a_time(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    arns = [retained(product, name) for name in ("one", "two")]
    first = product.wait_for_record(import_stack(product, arns[0])["RecordId"])["RecordDetail"]
    owner = (account, REGION)
    with stored(server) as tx:
        under_way = PROVISIONED_PRODUCTS.get(tx, *owner, first["ProvisionedProductId"])
        record = RECORDS.get(tx, *owner, first["RecordId"])
        assert under_way is not None
        assert record is not None
        PROVISIONED_PRODUCTS.change(tx, under_way, status="UNDER_CHANGE")
        RECORDS.change(tx, record, status="IN_PROGRESS")

    code, message = refusal(lambda: import_stack(product, arns[1], "other"))

    assert code == "InvalidStateException"
    assert first["RecordId"] in message


def test_a_template_is_copied_from_a_stack_to_a_bucket_of_the_account(
    server: Server, make_client: Callable[..., Any], catalog: Any, publish: Publish
) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    arn = product.launch("mine")["RecordOutputs"][0]["OutputValue"]
    product.update("mine", 1)

    made = catalog.create_provisioning_artifact(
        ProductId=product.product_id,
        Parameters={"Name": "v3", "Info": {"ImportFromPhysicalId": arn}},
        IdempotencyToken=str(uuid4()),
    )

    version = catalog.describe_provisioning_artifact(
        ProductId=product.product_id,
        ProvisioningArtifactId=made["ProvisioningArtifactDetail"]["Id"],
        Verbose=True,
    )
    bucket, _, key = version["Info"]["TemplateUrl"].removeprefix(f"{server.url}/").partition("/")
    assert version["Info"]["CloudFormationTemplate"] == QUEUE_AND_TOPIC
    assert make_client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode() == QUEUE_AND_TOPIC


def test_a_retained_stack_gives_its_template_too(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    arn = retained(product)

    made = catalog.create_product(
        Name="copy",
        Owner="test",
        ProductType="CLOUD_FORMATION_TEMPLATE",
        ProvisioningArtifactParameters={"Info": {"ImportFromPhysicalId": arn}},
        IdempotencyToken=str(uuid4()),
    )

    assert made["ProvisioningArtifactDetail"]["Active"] is True
