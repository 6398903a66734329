"""What `aws cloudformation package` would have uploaded is refused by name (AWS CLI reference, "package")."""

from typing import Any

import pytest

from manciple.engine.local_paths import refuse_local_paths
from manciple.errors import TemplateError
from manciple.template.values import Secret
from tests.unit.template.graphs import graph, ref, resource


def refusal(type_: str, **properties: Any) -> str:
    try:
        refuse_local_paths(graph(resource("It", type_, properties=properties)))
    except TemplateError as error:
        return f"{error.path}: {error.message}"
    return ""


@pytest.mark.parametrize(
    ("type_", "name", "path"),
    [
        ("AWS::Lambda::Function", "Code", "src/"),
        ("AWS::Lambda::LayerVersion", "Content", "./layer.zip"),
        ("AWS::StepFunctions::StateMachine", "DefinitionS3Location", "machine.asl.json"),
        ("AWS::AppSync::GraphQLSchema", "DefinitionS3Location", "../schema.graphql"),
        ("AWS::CloudFormation::Stack", "TemplateURL", "./child.yaml"),
    ],
)
def test_a_path_on_the_authors_machine_is_refused_by_resource_property_and_path(
    type_: str, name: str, path: str
) -> None:
    assert refusal(type_, **{name: path}) == (
        f"Resources/It/Properties/{name}: Property {name} of resource It is the local path {path}; "
        "run `aws cloudformation package` and publish the template that it writes."
    )


def test_a_path_deep_inside_is_found() -> None:
    assert "Property Command.ScriptLocation" in refusal("AWS::Glue::Job", Command={"ScriptLocation": "./job.py"})


@pytest.mark.parametrize(
    "code", [{"ZipFile": "pass"}, ref("Other"), "s3://bucket/key", "https://bucket.s3.amazonaws.com/k"]
)
def test_code_in_the_template_in_s3_or_not_known_yet_passes(code: Any) -> None:
    assert refusal("AWS::Lambda::Function", Code=code) == ""


def test_an_address_that_does_not_look_like_a_path_passes() -> None:
    assert refusal("AWS::Glue::Job", Command={"ScriptLocation": "a-script"}) == ""


def test_a_secret_is_not_told() -> None:
    assert "hunter2" not in refusal("AWS::Lambda::Function", Code=Secret("./hunter2"))


def test_a_directive_that_a_tool_would_have_replaced_is_refused_by_name() -> None:
    assert refusal("AWS::Lambda::Function", Code={"ZipFile": {"Rain::Embed": "handler.py"}}) == (
        "Resources/It/Properties/Code/ZipFile: Rain::Embed in property Code.ZipFile of resource It is for a tool to "
        "replace; run `rain pkg` and publish the template that it writes."
    )


def test_a_text_that_names_a_directive_passes() -> None:
    assert refusal("AWS::SNS::Topic", DisplayName="Rain::Embed", Tags=[{"Key": "Rain::Embed", "Value": "a"}]) == ""
