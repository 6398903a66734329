"""Templates with transforms and dynamic references, through the API."""

from collections.abc import Callable
from typing import Any

from manciple.app import Server
from tests.contract import sandbox
from tests.contract.publishing import Published
from tests.contract.requests import refusal

Publish = Callable[..., Published]

LOOP = """
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: 'a,b'}}
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - 'Topic${Name}': {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}
Outputs:
  Count: {Value: {Fn::Length: !Ref Names}}
"""
INCLUDE = """
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: %s}}}}
"""
REFERENCE = """
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: '{{resolve:ssm:/name}}', DisplayName: '{{resolve:secretsmanager:db:SecretString:word}}'}
Outputs:
  Name: {Value: !GetAtt Topic.TopicName}
  Word: {Value: !GetAtt Topic.DisplayName}
"""


def changes_of(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return [(change["Action"], change["LogicalResourceId"]) for change in plan["ResourceChanges"]]


def outputs_of(product: Published, name: str) -> dict[str, str]:
    found = product.catalog.get_provisioned_product_outputs(ProvisionedProductName=name)["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def test_a_loop_is_planned_and_launched_as_the_resources_that_it_makes(publish: Publish) -> None:
    product = publish(LOOP)
    plan = product.plan("mine")

    product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert sorted(changes_of(plan)) == [("ADD", "Topica"), ("ADD", "Topicb")]
    assert outputs_of(product, "mine")["Count"] == "2"


def test_an_include_comes_from_the_callers_artifact_store(publish: Publish, make_client: Callable[..., Any]) -> None:
    s3 = make_client("s3")
    s3.create_bucket(Bucket="snippets", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="snippets", Key="topic.yaml", Body=b"TopicName: included")
    product = publish(INCLUDE % "s3://snippets/topic.yaml")

    plan = product.plan("mine")

    assert plan["ProvisionedProductPlanDetails"]["Status"] == "CREATE_SUCCESS"
    assert changes_of(plan) == [("ADD", "Topic")]


def test_an_include_that_fails_fails_the_plan(publish: Publish) -> None:
    product = publish(INCLUDE % "s3://doesnotexist/key.yml")

    details = product.plan("mine")["ProvisionedProductPlanDetails"]

    assert details["Status"] == "CREATE_FAILED"
    assert details["StatusMessage"] == "Transform AWS::Include failed with: S3 bucket [doesnotexist] does not exist."


def test_outputs_show_parameters_that_were_referred_to_and_no_secret(
    server: Server, account: str, publish: Publish
) -> None:
    sandbox.set_environment(server, account, parameters={"/name": "orders"}, secrets={"db": '{"word": "hunter2"}'})
    product = publish(REFERENCE)

    product.launch("mine")

    found = outputs_of(product, "mine")
    assert (found["Name"], found["Word"]) == ("orders", "{{resolve:secretsmanager:db:SecretString:word}}")


def test_a_secret_that_changed_since_the_plan_refuses_its_execution(
    server: Server, account: str, publish: Publish
) -> None:
    sandbox.set_environment(server, account, parameters={"/name": "orders"}, secrets={"db": '{"word": "hunter2"}'})
    product = publish(REFERENCE)
    plan_id = product.plan("mine")["ProvisionedProductPlanDetails"]["PlanId"]
    sandbox.set_environment(server, account, parameters={"/name": "orders"}, secrets={"db": '{"word": "hunter3"}'})

    code, message = refusal(lambda: product.execute(plan_id))

    assert code == "InvalidStateException"
    assert "{{resolve:secretsmanager:db:SecretString:word}} changed since plan" in message
    assert "hunter" not in message
