"""ProvisionProduct, UpdateProvisionedProduct, TerminateProvisionedProduct."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from tests.contract import publishing, sandbox
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published
from tests.contract.requests import refusal

Publish = Callable[..., Published]

NEEDY = QUEUE.replace("Default: 0", "MinValue: 0")
"""The queue; its delay must be given."""


def provision(product: Published, name: str = "mine", **members: Any) -> dict[str, Any]:
    """The record that ProvisionProduct answers."""
    answer = product.catalog.provision_product(
        **{
            "ProductId": product.product_id,
            "ProvisioningArtifactId": product.versions[0],
            "ProvisionedProductName": name,
            "ProvisionToken": str(uuid4()),
            **members,
        }
    )
    detail: dict[str, Any] = answer["RecordDetail"]
    return detail


def relayed(message: str, error: dict[str, str]) -> bool:
    """Is an error the text as Service Catalog relays it, two spaces and all?"""
    start = f"AmazonCloudFormationException  {message} (Service: AmazonCloudFormation; Status Code: 400; "
    return error["Description"].startswith(start + "Error Code: ValidationError; Request ID: ")


def test_a_launch_is_answered_with_a_record_in_status_created(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    sandbox.hold(server, account, "Queue")

    detail = provision(product)

    found = product.describe("mine")
    assert detail == {
        "RecordId": found["LastRecordId"],
        "ProvisionedProductName": "mine",
        "Status": "CREATED",
        "CreatedTime": detail["CreatedTime"],
        "UpdatedTime": detail["CreatedTime"],
        "ProvisionedProductType": "CFN_STACK",
        "RecordType": "PROVISION_PRODUCT",
        "ProvisionedProductId": found["Id"],
        "ProductId": product.product_id,
        "ProvisioningArtifactId": product.versions[0],
        "PathId": product.portfolio_id.replace("port-", "lpv3-"),
        "RecordErrors": [],
        "RecordTags": [],
    }
    assert found["Status"] == "UNDER_CHANGE"


def test_a_launch_ends_with_the_stacks_arn_before_the_outputs(account: str, publish: Publish) -> None:
    product = publish(QUEUE)

    answer = product.launch("mine")

    stack, url = answer["RecordOutputs"]
    assert stack["OutputKey"] == "CloudformationStackARN"
    assert stack["Description"] == "The ARN of the launched Cloudformation Stack"
    start = f"arn:aws:cloudformation:eu-west-1:{account}:stack/SC-{account}-{product.describe('mine')['Id']}/"
    assert stack["OutputValue"].startswith(start)
    assert (url["OutputKey"], url["Description"]) == ("Url", "Where the messages go")


def test_a_finished_record_carries_the_products_tags_and_the_five_autotags(account: str, publish: Publish) -> None:
    product = publish(QUEUE)

    record = product.launch("mine", Tags=[{"Key": "team", "Value": "blue"}])["RecordDetail"]

    tags = {tag["Key"].removeprefix("aws:servicecatalog:"): tag["Value"] for tag in record["RecordTags"]}
    assert tags == {
        "team": "blue",
        "portfolioArn": f"arn:aws:catalog:eu-west-1:{account}:portfolio/{product.portfolio_id}",
        "productArn": f"arn:aws:catalog:eu-west-1:{account}:product/{product.product_id}",
        "provisioningPrincipalArn": f"arn:aws:iam::{account}:root",
        "provisionedProductArn": product.describe("mine")["Arn"],
        "provisioningArtifactIdentifier": product.versions[0],
    }


def test_names_find_product_version_and_path(publish: Publish) -> None:
    product = publish(QUEUE, name="queue")

    detail = product.catalog.provision_product(
        ProductName="queue",
        ProvisioningArtifactName="v1",
        PathName="queues",
        ProvisionedProductName="mine",
        ProvisionToken="t",
    )["RecordDetail"]

    assert (detail["ProductId"], detail["ProvisioningArtifactId"]) == (product.product_id, product.versions[0])


@pytest.mark.parametrize(
    "members",
    [
        {"ProductName": "product"},
        {"ProvisioningArtifactName": "v1"},
        {"PathId": "lpv3-a", "PathName": "products"},
        {"ProvisioningPreferences": {"StackSetAccounts": ["123456789012"]}},
        {"Tags": [{"Key": "aws:mine", "Value": "x"}]},
        {"Tags": [{"Key": "a", "Value": "x"}, {"Key": "a", "Value": "y"}]},
    ],
)
def test_a_thing_named_twice_or_that_cannot_be_is_refused(publish: Publish, members: dict[str, Any]) -> None:
    product = publish(QUEUE)

    code, _ = refusal(lambda: provision(product, **members))

    assert code == "InvalidParametersException"


def test_two_versions_of_one_name_are_not_told_apart_by_it(publish: Publish, catalog: Any) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    catalog.update_provisioning_artifact(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[1], Name="v1"
    )

    refused = refusal(
        lambda: catalog.provision_product(
            ProductId=product.product_id,
            ProvisioningArtifactName="v1",
            ProvisionedProductName="mine",
            ProvisionToken="t",
        )
    )

    assert refused == ("InvalidParametersException", "Multiple Provisioning Artifact with name v1 found.")


def test_a_name_in_use_is_refused_with_awss_odd_text(publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")

    refused = refusal(lambda: provision(product))

    assert refused == ("InvalidParametersException", "A stack named mine already exists.")


def test_a_name_in_another_case_or_region_is_another_name(make_client: Callable[..., Any], publish: Publish) -> None:
    product = publish(QUEUE)
    elsewhere = publishing.publish(
        make_client("servicecatalog", region="us-east-2"), make_client("s3", region="us-east-2"), QUEUE
    )
    product.launch("mine")

    records = [product.launch("Mine"), elsewhere.launch("mine")]

    assert [record["RecordDetail"]["Status"] for record in records] == ["SUCCEEDED", "SUCCEEDED"]
    assert len(elsewhere.catalog.scan_provisioned_products()["ProvisionedProducts"]) == 1


def test_a_launch_without_any_path_is_not_found(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    catalog.disassociate_product_from_portfolio(ProductId=product.product_id, PortfolioId=product.portfolio_id)

    refused = refusal(lambda: provision(product))

    assert refused == ("ResourceNotFoundException", f"No launch paths found for resource: {product.product_id}")


def test_a_missing_parameter_fails_the_record_and_leaves_the_product_in_error(publish: Publish) -> None:
    product = publish(NEEDY)

    record = product.launch("mine")["RecordDetail"]

    found = product.describe("mine")
    assert (record["Status"], found["Status"]) == ("FAILED", "ERROR")
    assert relayed("Parameters: [Delay] must have values", record["RecordErrors"][0])
    assert found["StatusMessage"] == record["RecordErrors"][0]["Description"]


def test_a_launch_that_cannot_even_be_rolled_back_leaves_the_product_in_error(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(QUEUE_AND_TOPIC.replace("Queue: {Type", "Queue: {DependsOn: Topic, Type"))
    sandbox.fail(
        server,
        account,
        *(sandbox.broken(name, action) for name, action in (("Queue", "create"), ("Topic", "delete"))),
    )

    record = product.launch("mine")["RecordDetail"]

    assert (record["Status"], product.describe("mine")["Status"]) == ("FAILED", "ERROR")


def test_an_update_brings_version_and_parameters_into_force(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    launched = product.launch("mine")["RecordDetail"]

    answer = product.update("mine", 1, ProvisioningParameters=[{"Key": "Delay", "Value": "3"}])

    record, found = answer["RecordDetail"], product.describe("mine")
    assert (record["RecordType"], record["Status"]) == ("UPDATE_PROVISIONED_PRODUCT", "SUCCEEDED")
    assert (found["Status"], found["ProvisioningArtifactId"]) == ("AVAILABLE", product.versions[1])
    assert found["LastSuccessfulProvisioningRecordId"] == record["RecordId"] != launched["RecordId"]


def test_an_update_finds_its_product_by_id_name_or_arn(publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    found = product.describe("mine")
    ways = [
        {"ProvisionedProductId": found["Id"]},
        {"ProvisionedProductName": "mine"},
        {"ProvisionedProductName": found["Arn"]},
    ]

    records = [
        product.wait_for_record(
            product.catalog.update_provisioned_product(
                **way,
                ProvisioningParameters=[{"Key": "Delay", "Value": str(number)}],
                UpdateToken=str(uuid4()),
            )["RecordDetail"]["RecordId"]
        )
        for number, way in enumerate(ways, 1)
    ]

    assert [record["RecordDetail"]["Status"] for record in records] == ["SUCCEEDED"] * 3
    assert {record["RecordDetail"]["ProvisioningArtifactId"] for record in records} == {product.versions[0]}


def test_a_parameter_that_the_version_no_longer_has_fails_the_update(publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")

    record = product.update("mine", ProvisioningParameters=[{"Key": "Gone", "Value": "1"}])["RecordDetail"]

    assert record["Status"] == "FAILED"
    assert relayed("Parameters: [Gone] do not exist in the template", record["RecordErrors"][0])
    assert product.describe("mine")["Status"] == "TAINTED"


def test_an_update_that_changes_nothing_fails_and_leaves_the_product_as_it_was(publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")

    record = product.update("mine")["RecordDetail"]

    found = product.describe("mine")
    assert record["Status"] == "FAILED"
    assert record["RecordErrors"][0]["Description"] == "No updates are to be performed."
    assert found["Status"] == "AVAILABLE"
    assert "StatusMessage" not in found


def test_an_update_that_changes_nothing_leaves_a_tainted_product_tainted(publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    product.update("mine", ProvisioningParameters=[{"Key": "Gone", "Value": "1"}])
    before = product.describe("mine")

    product.update("mine")

    found = product.describe("mine")
    assert (found["Status"], found["StatusMessage"]) == ("TAINTED", before["StatusMessage"])


def test_an_update_of_a_product_that_never_was_good_and_fails_leaves_it_in_error(publish: Publish) -> None:
    product = publish(NEEDY)
    product.launch("mine")

    product.update("mine")

    assert product.describe("mine")["Status"] == "ERROR"


def test_a_failed_update_is_rolled_back_and_the_next_one_can_succeed(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    first = product.launch("mine")
    sandbox.refuse(server, account, "Topic", "create")
    failed = product.update("mine", 1)["RecordDetail"]
    tainted = product.describe("mine")
    outputs = product.catalog.get_provisioned_product_outputs(ProvisionedProductName="mine")["Outputs"]
    sandbox.fail(server, account)

    product.update("mine", 1)

    assert (failed["Status"], tainted["Status"]) == ("FAILED", "TAINTED")
    assert tainted["StatusMessage"].startswith("The following resource(s) failed to create: [Topic].")
    assert tainted["ProvisioningArtifactId"] == product.versions[0]
    assert tainted["LastProvisioningRecordId"] == failed["RecordId"]
    assert tainted["LastSuccessfulProvisioningRecordId"] == first["RecordDetail"]["RecordId"]
    assert outputs == first["RecordOutputs"]
    assert product.describe("mine")["Status"] == "AVAILABLE"


def test_an_update_whose_rollback_fails_leaves_the_product_in_error_and_a_plan_repairs_it(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC.replace("Topic: {Type", "Topic: {DependsOn: Queue, Type"))
    product.launch("mine")
    sandbox.fail(server, account, sandbox.broken("Topic", "create"), sandbox.broken("Queue", "update", skip=1))
    given = [{"Key": "Delay", "Value": "9"}]
    failed = product.update("mine", 1, ProvisioningParameters=given)["RecordDetail"]
    broken = product.describe("mine")["Status"]
    sandbox.fail(server, account)

    plan = product.plan("mine", 1, ProvisioningParameters=given)["ProvisionedProductPlanDetails"]
    repaired = product.execute(plan["PlanId"])["RecordDetail"]

    assert (failed["Status"], broken) == ("FAILED", "ERROR")
    assert (repaired["Status"], product.describe("mine")["Status"]) == ("SUCCEEDED", "AVAILABLE")


def test_tags_of_an_update_are_accepted_and_ignored(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine", Tags=[{"Key": "team", "Value": "blue"}])

    record = product.update("mine", 1, Tags=[{"Key": "team", "Value": "red"}])["RecordDetail"]

    assert record["Status"] == "SUCCEEDED"
    assert {"Key": "team", "Value": "blue"} in record["RecordTags"]


def test_an_update_can_turn_to_another_product(publish: Publish) -> None:
    product, other = publish(QUEUE), publish(QUEUE_AND_TOPIC, name="other")
    product.launch("mine")

    record = other.update("mine")["RecordDetail"]

    assert record["Status"] == "SUCCEEDED"
    assert product.describe("mine")["ProductId"] == other.product_id


def test_an_update_to_a_deprecated_version_is_allowed_and_a_launch_is_not(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")
    catalog.update_provisioning_artifact(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[1], Guidance="DEPRECATED"
    )

    code, _ = refusal(lambda: product.launch("yours", 1))
    record = product.update("mine", 1)["RecordDetail"]

    assert code == "InvalidParametersException"
    assert record["Status"] == "SUCCEEDED"


def test_a_version_whose_template_is_wrong_fails_the_record_if_its_check_was_left_out(
    catalog: Any, publish: Publish, s3: Any
) -> None:
    product = publish(QUEUE)
    info = {"LoadTemplateFromURL": s3.put("wrong.yaml", "Resources: {Queue: {Type: AWS::SQS::Nothing}}")}
    version = catalog.create_provisioning_artifact(
        ProductId=product.product_id,
        Parameters={"Name": "v2", "Info": info, "DisableTemplateValidation": True},
        IdempotencyToken="t",
    )["ProvisioningArtifactDetail"]["Id"]

    record = product.launch("mine", ProvisioningArtifactId=version)["RecordDetail"]

    assert (record["Status"], product.describe("mine")["Status"]) == ("FAILED", "ERROR")
