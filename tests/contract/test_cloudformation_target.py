"""A server whose products are deployed onto a CloudFormation that others wrote, driven through the API alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from manciple.app import Server
from manciple.settings import SettingsError
from tests import peers
from tests.contract import publishing
from tests.contract.conftest import serve

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


def test_the_target_must_be_set_up(tmp_path: Path) -> None:
    flags = {"engine.target": "cloudformation"}

    with pytest.raises(SettingsError, match=r"engine\.target is 'cloudformation' but the targets that are set up are"):
        next(serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, **flags))
