"""The sandbox through the Cloud Control shaped read API."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from manciple.app import Server
from tests.contract.conftest import client_of
from tests.contract.publishing import Published
from tests.contract.raw import issue_key, send, signed
from tests.contract.sandbox import set_environment

TEMPLATE = """
Parameters:
  Hidden: {Type: String, NoEcho: true}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: 5
      FifoQueue: true
      Tags: [{Key: hidden, Value: !Sub 'is ${Hidden}'}]
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceClass: db.t3.micro
      MasterUsername: admin
      MasterUserPassword: !Ref Hidden
      DBName: '{{resolve:secretsmanager:name}}'
"""
TOPICS = "Resources:\n" + "".join(f"  T{number}: {{Type: AWS::SNS::Topic}}\n" for number in range(5))
SECRET = "hunter2-hunter2"


@pytest.fixture
def cloud_control(make_client: Callable[..., Any]) -> Any:
    """A boto3 client of Cloud Control for the test's account."""
    return make_client("cloudcontrol")


@pytest.fixture
def launched(server: Server, account: str, publish: Callable[..., Published]) -> Published:
    """A product with a queue and a database."""
    set_environment(server, account, secrets={"name": "another-secret"})
    product = publish(TEMPLATE)
    record = product.launch("mine", ProvisioningParameters=[{"Key": "Hidden", "Value": SECRET}])
    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    return product


def properties(description: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(description["Properties"])
    return found


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def only(cloud_control: Any, type_name: str) -> dict[str, Any]:
    (description,) = cloud_control.list_resources(TypeName=type_name)["ResourceDescriptions"]
    found: dict[str, Any] = description
    return found


@pytest.mark.usefixtures("launched")
def test_what_exists_is_listed_and_got_with_the_types_of_its_schema(cloud_control: Any, account: str) -> None:
    listed = only(cloud_control, "AWS::SQS::Queue")

    got = cloud_control.get_resource(TypeName="AWS::SQS::Queue", Identifier=listed["Identifier"])

    assert got["TypeName"] == "AWS::SQS::Queue"
    assert got["ResourceDescription"] == listed
    shown = properties(listed)
    assert (shown["DelaySeconds"], shown["FifoQueue"]) == (5, True)
    assert shown["QueueUrl"] == listed["Identifier"]
    assert shown["Arn"].split(":")[4] == account


@pytest.mark.usefixtures("launched")
def test_write_only_properties_are_left_out_and_secrets_are_four_stars(cloud_control: Any) -> None:
    database = properties(only(cloud_control, "AWS::RDS::DBInstance"))
    queue = properties(only(cloud_control, "AWS::SQS::Queue"))

    assert "MasterUserPassword" not in database
    assert (database["MasterUsername"], database["DBName"]) == ("admin", "****")
    assert {"Key": "hidden", "Value": "****"} in queue["Tags"]


@pytest.mark.usefixtures("launched")
def test_the_stack_s_tags_are_on_the_resource(cloud_control: Any) -> None:
    tags = {tag["Key"] for tag in properties(only(cloud_control, "AWS::SQS::Queue"))["Tags"]}

    assert "aws:servicecatalog:productArn" in tags


@pytest.mark.usefixtures("launched")
def test_an_identifier_may_be_json(cloud_control: Any) -> None:
    name = only(cloud_control, "AWS::RDS::DBInstance")["Identifier"]
    named = msgspec.json.encode({"DBInstanceIdentifier": name}).decode()

    got = cloud_control.get_resource(TypeName="AWS::RDS::DBInstance", Identifier=named)

    assert got["ResourceDescription"]["Identifier"] == name


@pytest.mark.usefixtures("launched")
def test_a_model_selects_what_is_listed(cloud_control: Any) -> None:
    counts = [
        len(cloud_control.list_resources(TypeName="AWS::SQS::Queue", ResourceModel=model)["ResourceDescriptions"])
        for model in ('{"DelaySeconds": 5}', '{"DelaySeconds": 6}')
    ]

    assert counts == [1, 0]


def test_pages_joined_are_the_whole_list(cloud_control: Any, publish: Callable[..., Published]) -> None:
    publish(TOPICS).launch("mine")

    pages = cloud_control.get_paginator("list_resources").paginate(
        TypeName="AWS::SNS::Topic", PaginationConfig={"PageSize": 2}
    )

    sizes, names = [], []
    for page in pages:
        sizes.append(len(page["ResourceDescriptions"]))
        names += [one["Identifier"] for one in page["ResourceDescriptions"]]
    assert sizes == [2, 2, 1]
    assert len(set(names)) == 5


@pytest.mark.usefixtures("launched")
def test_another_account_or_region_sees_nothing(server: Server, account: str, cloud_control: Any) -> None:
    name = only(cloud_control, "AWS::SQS::Queue")["Identifier"]
    others = [
        client_of(server, "cloudcontrol", account, "us-east-1"),
        client_of(server, "cloudcontrol", "999999999998"),
    ]

    for other in others:
        assert other.list_resources(TypeName="AWS::SQS::Queue")["ResourceDescriptions"] == []
        code, _ = refusal(lambda: other.get_resource(TypeName="AWS::SQS::Queue", Identifier=name))  # noqa: B023
        assert code == "ResourceNotFoundException"


def test_what_is_terminated_is_no_longer_there(cloud_control: Any, launched: Published) -> None:
    launched.terminate("mine")

    assert cloud_control.list_resources(TypeName="AWS::SQS::Queue")["ResourceDescriptions"] == []


def test_errors_come_in_aws_s_names(cloud_control: Any) -> None:
    queue = "AWS::SQS::Queue"
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("TypeNotFoundException", lambda: cloud_control.list_resources(TypeName="AWS::SQS::Kew")),
        ("ResourceNotFoundException", lambda: cloud_control.get_resource(TypeName=queue, Identifier="none")),
        ("InvalidRequestException", lambda: cloud_control.get_resource(TypeName=queue, Identifier='{"Colour": "red"}')),
        ("InvalidRequestException", lambda: cloud_control.list_resources(TypeName=queue, NextToken="x")),
        ("InvalidRequestException", lambda: cloud_control.list_resources(TypeName=queue, ResourceModel="[]")),
        ("ValidationException", lambda: cloud_control.list_resources(TypeName="a queue, please")),
        ("UnsupportedActionException", lambda: cloud_control.create_resource(TypeName=queue, DesiredState="{}")),
        ("UnsupportedActionException", lambda: cloud_control.delete_resource(TypeName=queue, Identifier="x")),
        ("UnsupportedActionException", cloud_control.list_resource_requests),
        ("TypeNotFoundException", lambda: cloud_control.delete_resource(TypeName="AWS::SQS::Kew", Identifier="x")),
    ]

    codes = [refusal(call)[0] for _, call in calls]

    assert codes == [code for code, _ in calls]


def test_a_type_that_does_not_exist_is_named(cloud_control: Any) -> None:
    _, message = refusal(lambda: cloud_control.list_resources(TypeName="AWS::SQS::Kew"))

    assert message == "The type 'AWS::SQS::Kew' cannot be found."


def test_every_answer_says_that_it_is_simulated_in_json_1_0(server: Server) -> None:
    headers = {"X-Amz-Target": "CloudApiService.ListResources", "Content-Type": "application/x-amz-json-1.0"}

    answer = send(server, "POST", "/", headers, b'{"TypeName": "AWS::SQS::Queue"}')

    assert answer.headers["x-manciple-simulated"] == "true"
    assert answer.headers["content-type"] == "application/x-amz-json-1.0"
    assert answer.json == {"ResourceDescriptions": [], "TypeName": "AWS::SQS::Queue"}


def test_requests_are_verified_under_cloud_control_s_signing_name(sigv4_server: Server, account: str) -> None:
    key = issue_key(sigv4_server, account)
    body = b'{"TypeName": "AWS::SQS::Queue"}'
    named = {"X-Amz-Target": "CloudApiService.ListResources", "Content-Type": "application/x-amz-json-1.0"}

    right, wrong = (
        send(sigv4_server, "POST", "/", signed(sigv4_server, key, "POST", "/", named, body, service=service), body)
        for service in ("cloudcontrolapi", "servicecatalog")
    )

    assert (right.status, wrong.status) == (200, 400)
