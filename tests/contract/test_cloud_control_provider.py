"""Products whose resources a Cloud Control API makes, driven through the API alone: ours and one that others wrote."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from manciple.app import Server
from tests import peers
from tests.cloud_control import There
from tests.contract.conftest import serve

pytestmark = pytest.mark.usefixtures("aws_credentials")

TEMPLATE = """
Parameters:
  Name: {Type: String}
  Password: {Type: String, NoEcho: true, Default: planted-Secret-7}
  Status: {Type: String, Default: Suspended}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Ref Name, VersioningConfiguration: {Status: !Ref Status}}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Bucket}
  User:
    Type: AWS::IAM::User
    Properties: {UserName: !Sub '${Name}-user', LoginProfile: {Password: !Ref Password}}
Outputs:
  Bucket: {Value: !Ref Bucket}
"""


@pytest.fixture(params=["ours", "ministack"])
def endpoint(request: pytest.FixtureRequest) -> str:
    """The address of a Cloud Control API."""
    if request.param == "ours":
        there: There = request.getfixturevalue("there")
        return there.url
    url: str = request.getfixturevalue("ministack_endpoint")
    return url


@pytest.fixture
def control(endpoint: str) -> Any:
    """A client of it, to see what is there."""
    return peers.client_of(endpoint, "cloudcontrol")


@pytest.fixture
def server(endpoint: str, tmp_path: Path) -> Iterator[Server]:
    """A server that makes buckets and users real."""
    flags = {
        "providers.cloud_control.endpoint": endpoint,
        "providers.cloud_control.types": ["AWS::S3::*", "AWS::IAM::*"],
        "providers.cloud_control.poll_seconds": 0.05,
    }
    yield from serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, **flags)


def given(name: str, **more: str) -> dict[str, Any]:
    return {"ProvisioningParameters": [{"Key": key, "Value": text} for key, text in {"Name": name, **more}.items()]}


def properties(control: Any, type_: str, identifier: str) -> dict[str, Any]:
    found = control.get_resource(TypeName=type_, Identifier=identifier)["ResourceDescription"]["Properties"]
    return dict(json.loads(found))


def test_a_product_is_planned_launched_updated_replaced_and_terminated(
    publish: Any, control: Any, account: str
) -> None:
    product, first, second = publish(TEMPLATE), f"b-{account}", f"c-{account}"

    plan = product.plan("mine", **given(first))
    launched = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])
    updated = product.update("mine", **given(first, Status="Enabled"))
    in_place = properties(control, "AWS::S3::Bucket", first)
    replaced = product.update("mine", **given(second))
    anew = properties(control, "AWS::S3::Bucket", second)
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        properties(control, "AWS::S3::Bucket", first)
    ended = product.terminate("mine")

    outputs = {one["OutputKey"]: one["OutputValue"] for one in launched["RecordOutputs"]}
    statuses = [one["RecordDetail"]["Status"] for one in (launched, updated, replaced, ended)]
    assert [change["LogicalResourceId"] for change in plan["ResourceChanges"]] == ["Bucket", "Topic", "User"]
    assert statuses == ["SUCCEEDED"] * 4
    assert outputs["Bucket"] == first
    assert in_place["VersioningConfiguration"] == {"Status": "Enabled"}
    assert {tag["Key"] for tag in in_place["Tags"]} >= {"servicecatalog:productArn"}
    assert anew["BucketName"] == second
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        properties(control, "AWS::S3::Bucket", second)


def test_a_plan_says_what_is_simulated_and_what_is_not(server: Server, publish: Any, account: str) -> None:
    plan = publish(TEMPLATE).plan("mine", **given(f"d-{account}"))["ProvisionedProductPlanDetails"]["PlanId"]

    headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{server.url}/_manciple/plans/{plan}", headers=headers), timeout=30
    ) as answer:
        document = json.loads(answer.read())

    assert document["Simulated"] is True
    assert document["NotSimulated"] == ["Bucket", "User"]


def test_what_has_the_name_already_fails_the_launch_and_stays(publish: Any, control: Any, account: str) -> None:
    name = f"e-{account}"
    control.create_resource(TypeName="AWS::S3::Bucket", DesiredState=json.dumps({"BucketName": name}))

    launched = publish(TEMPLATE).launch("mine", **given(name))["RecordDetail"]

    assert launched["Status"] == "FAILED"
    assert "HandlerErrorCode: AlreadyExists" in launched["RecordErrors"][0]["Description"]
    assert properties(control, "AWS::S3::Bucket", name)["BucketName"] == name


def test_a_secret_reaches_the_endpoint_and_nothing_else(
    publish: Any, there: There, endpoint: str, account: str, tmp_path: Path
) -> None:
    if endpoint != there.url:
        pytest.skip("the other endpoint does not tell what it was sent")
    product = publish(TEMPLATE)
    secret = {"Password": "another-Planted-9"}
    there.fault("CreateResource", "refuse", code="InvalidRequestException", message="no another-Planted-9", skip=1)

    failed = product.launch("bad", **given(f"f-{account}", **secret))
    there.tell(faults=[])
    product.launch("mine", **given(f"g-{account}", **secret))

    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("manciple"))
    assert there.resources("AWS::IAM::User")[f"g-{account}-user"]["LoginProfile"] == secret
    assert "****" in json.dumps(failed, default=str)
    assert "another-Planted-9" not in json.dumps(failed, default=str)
    assert b"another-Planted-9" not in kept
