"""A server whose products are deployed onto a CloudFormation that others wrote, driven through the API alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from manciple.settings import SettingsError
from tests import peers
from tests.contract import publishing
from tests.contract.conftest import client_of, serve
from tests.contract.publishing import Published

pytestmark = pytest.mark.usefixtures("aws_credentials")


@pytest.fixture
def server(cloudformation_endpoint: str, tmp_path: Path) -> Iterator[Server]:
    """A server that deploys onto each endpoint."""
    flags = {
        "engine.target": "cloudformation",
        "targets.cloudformation.endpoint": cloudformation_endpoint,
        "targets.cloudformation.poll_seconds": 0.05,
    }
    yield from serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, **flags)


@pytest.fixture
def there(cloudformation_endpoint: str) -> Any:
    """A client of the endpoint, to see what is there."""
    return peers.client_of(cloudformation_endpoint, "cloudformation")


def test_a_product_is_planned_executed_updated_and_terminated_on_the_endpoint(
    publish: Any, account: str, there: Any
) -> None:
    product = publish(publishing.QUEUE, publishing.QUEUE_AND_TOPIC)

    plan = product.plan("mine", ProvisioningParameters=[{"Key": "Delay", "Value": "5"}])
    details = plan["ProvisionedProductPlanDetails"]
    stack = f"SC-{account}-{details['ProvisionProductId']}"
    reviewed = there.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    launched = product.execute(details["PlanId"])
    updated = product.update("mine", 1)
    resources = there.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    ended = product.terminate("mine")

    assert (details["Status"], reviewed) == ("CREATE_SUCCESS", "REVIEW_IN_PROGRESS")
    assert [change["LogicalResourceId"] for change in plan["ResourceChanges"]] == ["Queue"]
    records = [record["RecordDetail"] for record in (launched, updated, ended)]
    assert [record["Status"] for record in records] == ["SUCCEEDED"] * 3
    assert launched["RecordOutputs"][0]["OutputValue"].startswith("arn:aws:cloudformation:")
    assert sorted(one["LogicalResourceId"] for one in resources) == ["Queue", "Topic"]
    with pytest.raises(there.exceptions.ClientError, match="does not exist"):
        there.describe_stacks(StackName=stack)


def test_a_stack_of_the_endpoint_is_imported_updated_and_terminated(publish: Any, there: Any) -> None:
    product = publish(publishing.QUEUE, publishing.QUEUE_AND_TOPIC)
    name = f"theirs-{uuid4()}"
    there.create_stack(
        StackName=name,
        TemplateBody=publishing.QUEUE,
        Parameters=[{"ParameterKey": "Delay", "ParameterValue": "5"}],
        Tags=[{"Key": "team", "Value": "blue"}],
    )
    there.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    arn = there.describe_stacks(StackName=name)["Stacks"][0]["StackId"]

    detail = product.catalog.import_as_provisioned_product(
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[0],
        ProvisionedProductName="mine",
        PhysicalId=arn,
        IdempotencyToken="first",
    )["RecordDetail"]
    imported = product.wait_for_record(detail["RecordId"])
    kept = [{"Key": "Delay", "UsePreviousValue": True}]
    updated = product.update("mine", 1, ProvisioningParameters=kept)
    resources = there.list_stack_resources(StackName=arn)["StackResourceSummaries"]
    ended = product.terminate("mine")

    outputs = {output["OutputKey"]: output["OutputValue"] for output in imported["RecordOutputs"]}
    records = [record["RecordDetail"] for record in (imported, updated, ended)]
    assert [record["Status"] for record in records] == ["SUCCEEDED"] * 3
    assert outputs["CloudformationStackARN"] == arn
    assert outputs["Url"].startswith("http")
    assert sorted(one["LogicalResourceId"] for one in resources) == ["Queue", "Topic"]
    with pytest.raises(there.exceptions.ClientError, match="does not exist"):
        there.describe_stacks(StackName=name)


def test_deleting_a_plan_deletes_what_it_left_at_the_endpoint(publish: Any, account: str, there: Any) -> None:
    product = publish(publishing.QUEUE)
    details = product.plan("mine")["ProvisionedProductPlanDetails"]
    arn = there.describe_stacks(StackName=f"SC-{account}-{details['ProvisionProductId']}")["Stacks"][0]["StackId"]

    product.catalog.delete_provisioned_product_plan(PlanId=details["PlanId"])

    assert publishing.until(lambda: status_there(there, arn), lambda status: status != "REVIEW_IN_PROGRESS") in (
        "DELETE_COMPLETE",
        None,
    )


def test_a_template_is_copied_from_a_stack_of_the_endpoint(publish: Any, there: Any) -> None:
    product = publish(publishing.QUEUE)
    arn = there.create_stack(StackName=f"theirs-{uuid4()}", TemplateBody=publishing.QUEUE_AND_TOPIC)["StackId"]

    made = product.catalog.create_provisioning_artifact(
        ProductId=product.product_id,
        Parameters={"Name": "copy", "Info": {"ImportFromPhysicalId": arn}},
        IdempotencyToken="first",
    )

    version = product.catalog.describe_provisioning_artifact(
        ProductId=product.product_id,
        ProvisioningArtifactId=made["ProvisioningArtifactDetail"]["Id"],
        Verbose=True,
    )
    assert "Topic" in version["Info"]["CloudFormationTemplate"]


def test_the_target_must_be_set_up(tmp_path: Path) -> None:
    flags = {"engine.target": "cloudformation"}

    with pytest.raises(SettingsError, match=r"engine\.target is 'cloudformation' but the targets that are set up are"):
        next(serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, **flags))


def test_rules_choose_the_target_and_a_product_stays_where_it_is(
    cloudformation_endpoint: str, tmp_path: Path, there: Any, account: str
) -> None:
    database = f"sqlite:///{tmp_path / 'ruled.sqlite'}"
    flags = {"targets.cloudformation.endpoint": cloudformation_endpoint, "targets.cloudformation.poll_seconds": 0.05}
    rules = [{"target": "cloudformation", "account": account, "product_type": "CLOUD_FORMATION_TEMPLATE"}]
    stacks = []
    for server in serve(database, tmp_path, **flags, **{"targets.rules": rules}):
        stacks += [launch(server, account, "mine"), launch(server, "000000000009", "elsewhere")]
    for server in serve(database, tmp_path, **flags):
        stacks.append(launch(server, account, "other"))
        catalog = client_of(server, "servicecatalog", account)
        detail = catalog.terminate_provisioned_product(ProvisionedProductName="mine", TerminateToken="end")
        Published(catalog, "", "", ()).wait_for_record(detail["RecordDetail"]["RecordId"])

    statuses = [status_there(there, arn) for arn in stacks]
    assert statuses == ["DELETE_COMPLETE", None, None]


def launch(server: Server, account: str, name: str) -> str:
    """Publish and launch a product; its stack's ARN."""
    clients = [client_of(server, service, account) for service in ("servicecatalog", "s3")]
    product = publishing.publish(*clients, publishing.QUEUE, name=name)
    outputs: list[dict[str, str]] = product.launch(name)["RecordOutputs"]
    return outputs[0]["OutputValue"]


def status_there(there: Any, arn: str) -> str | None:
    """The status that the endpoint has of a stack, None if it knows none."""
    try:
        found: str = there.describe_stacks(StackName=arn)["Stacks"][0]["StackStatus"]
    except there.exceptions.ClientError:
        return None
    return found
