"""SAM templates and dynamic references on their way through the engine."""

import json
import os
import subprocess
import sys

import pytest

from manciple.engine.transforms import sam, transformed
from manciple.errors import TemplateError
from manciple.store.environments import Environment, write_environment
from manciple.store.metadata import METADATA
from manciple.template.document import Template
from manciple.template.evaluation import Facts
from manciple.template.load import load
from tests.engine.worlds import ACCOUNT, REGION, World, template, topic

FACTS = Facts(account="1" * 12, region="eu-west-1", stack_name="s", stack_id="arn:s")
SECRET = "hunter2-correct-horse"
FUNCTION = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Seconds: {Type: Number, Default: 7}
  Password: {Type: String, NoEcho: true, Default: hunter2}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: 'exports.handler = async () => {}'
      Handler: index.handler
      Runtime: nodejs20.x
      Timeout: !Ref Seconds
      Policies: [AmazonSNSFullAccess]
      Environment: {Variables: {PASSWORD: !Ref Password}}
      Events: {Ask: {Type: Api, Properties: {Path: /ask, Method: get}}}
"""


def translated(text: str) -> Template:
    found = transformed(load(text), {}, None, FACTS)
    assert isinstance(found, Template)
    return found


def set_environment(world: World, **members: dict[str, str]) -> None:
    with world.database.write() as tx:
        write_environment(tx, world.objects.seal, ACCOUNT, REGION, Environment(**members))


def test_a_sam_template_becomes_a_cloudformation_template() -> None:
    found = translated(FUNCTION)

    resources = found.section("Resources")
    types = {name: resource["Type"] for name, resource in resources.items() if isinstance(resource, dict)}
    assert (
        types.items()
        >= {
            "F": "AWS::Lambda::Function",
            "FRole": "AWS::IAM::Role",
            "FAskPermissionProd": "AWS::Lambda::Permission",
            "ServerlessRestApi": "AWS::ApiGateway::RestApi",
            "ServerlessRestApiProdStage": "AWS::ApiGateway::Stage",
        }.items()
    )
    text = json.dumps(resources)
    assert "arn:aws:iam::aws:policy/AmazonSNSFullAccess" in text
    assert "hunter2" not in text


def test_what_the_translator_refuses_is_told_in_its_words() -> None:
    with pytest.raises(TemplateError) as refused:
        translated(FUNCTION.replace("InlineCode: 'exports.handler = async () => {}'", "CodeUri: src/"))

    assert refused.value.message == (
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. "
        "Number of errors found: 1. Resource with id [F] is invalid. 'CodeUri' is not a valid S3 Uri of the form "
        "'s3://bucket/key' with optional versionId query parameter."
    )


def test_the_translator_asks_nobody_outside() -> None:
    location = "{ApplicationId: 'arn:aws:serverlessrepo:us-east-1:1:applications/a', SemanticVersion: 1.0.0}"

    with pytest.raises(TemplateError) as refused:
        translated(
            "Transform: AWS::Serverless-2016-10-31\n"
            f"Resources: {{A: {{Type: AWS::Serverless::Application, Properties: {{Location: {location}}}}}}}\n"
        )

    assert refused.value.message.startswith("Transform AWS::Serverless-2016-10-31 failed with: ")


def test_a_translation_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sam, "SECONDS", 0.001)

    with pytest.raises(TemplateError, match="took longer than"):
        translated(FUNCTION)


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "bytearray(1 << 31)",
        "import os; os.system('x')",
    ],
)
def test_the_child_is_confined(attempt: str) -> None:
    code = f"from manciple.engine.transforms.sam_child import confine; confine(); {attempt}"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, env=environment)

    assert done.stderr.decode().splitlines()[-1].startswith(("PermissionError", "MemoryError"))


def test_a_reference_is_resolved_for_the_provider_and_stays_text_everywhere_else(world: World) -> None:
    set_environment(world, parameters={"/name": "orders"}, secrets={"db": json.dumps({"password": SECRET})})
    named = topic(
        "a", TopicName="{{resolve:ssm:/name}}", DisplayName="{{resolve:secretsmanager:db:SecretString:password}}"
    )
    outputs = {
        "Name": {"Value": {"Fn::GetAtt": ["A", "TopicName"]}},
        "Word": {"Value": {"Fn::GetAtt": ["A", "DisplayName"]}},
    }

    operation_id = world.submit(template({"A": named}, Outputs=outputs))
    world.run(operation_id)

    (thing,) = world.things().values()
    assert (thing.model["TopicName"], thing.model["DisplayName"]) == ("orders", SECRET)
    for table in METADATA.sorted_tables:
        assert SECRET not in str([tuple(row) for row in world.rows(table)]), table.name


def test_a_parameter_and_a_secret_made_in_the_sandbox_can_be_referred_to(world: World) -> None:
    secret = {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {"GenerateSecretString": {"SecretStringTemplate": '{"user": "u"}', "GenerateStringKey": "word"}},
    }
    reader = topic("a", DisplayName={"Fn::Sub": "{{resolve:secretsmanager:${S}:SecretString:user}}"})

    operation_id = world.submit(template({"S": secret, "A": reader}))
    world.run(operation_id)

    assert world.status() == "CREATE_COMPLETE", world.operation(operation_id).reason
    assert "u" in [thing.model.get("DisplayName") for thing in world.things().values()]


def test_a_secret_that_does_not_exist_fails_its_resource_in_awss_words(world: World) -> None:
    operation_id = world.submit(template({"A": topic("a", DisplayName="{{resolve:secretsmanager:gone}}")}))
    world.run(operation_id)

    told = (
        "Secrets Manager can't find the specified secret. (Service: AWSSecretsManager; Status Code: 400; Error Code: "
    )
    assert told in world.operation(operation_id).reason


def test_a_parameter_that_does_not_exist_fails_the_plan(world: World) -> None:
    operation_id = world.submit(template({"A": topic("a", DisplayName="{{resolve:ssm:/gone}}")}))
    world.run(operation_id)

    assert "Parameters: [ssm:/gone] cannot be found." in str(world.operation(operation_id).reason)
