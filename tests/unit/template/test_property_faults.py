"""Properties are checked against the published schema of their type, in CloudFormation's words.

Texts recorded from AWS: `extraneous key`, `required key`, `expected type`, `failed validation constraint`, `only 1
subschema matches out of 2` (issues of awslabs/aws-saas-boost #179, aws-samples/aws-bookstore-demo-app #56 and others);
`Encountered unsupported property` and `Property X cannot be empty.` of the types without handlers.
"""

from typing import Any

import pytest

from manciple.template.property_faults import property_faults
from manciple.template.resource_schemas import known_types

ROLE = "arn:aws:iam::123456789012:role/run"
FUNCTION: dict[str, Any] = {
    "Code": {"ZipFile": "pass"},
    "Role": ROLE,
    "Runtime": "python3.12",
    "Handler": "index.handler",
}


def reason(resource_type: str, **properties: Any) -> str:
    found = property_faults(resource_type, "It", properties)
    return found.status_reason if found else ""


def lines(resource_type: str, **properties: Any) -> list[str]:
    return reason(resource_type, **properties).splitlines()[1:]


def test_every_fault_has_a_line_below_the_sentence_of_cloudformation() -> None:
    assert reason("AWS::SQS::Queue", Name="a", DelaySeconds="soon", Tags="none").splitlines() == [
        "Properties validation failed for resource It with message:",
        "#: extraneous key [Name] is not permitted",
        "#/DelaySeconds: expected type: Integer, found: String",
        "#/Tags: expected type: JSONArray, found: String",
    ]


def test_a_missing_property_is_named() -> None:
    assert lines("AWS::IAM::Role") == ["#: required key [AssumeRolePolicyDocument] not found"]


def test_a_fault_deep_inside_is_told_by_its_path() -> None:
    assert lines("AWS::S3::Bucket", Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Val": "d"}]) == [
        "#/Tags/1: required key [Value] not found",
        "#/Tags/1: extraneous key [Val] is not permitted",
    ]


def test_a_value_that_does_not_match_its_pattern_is_not_told() -> None:
    assert lines("AWS::Lambda::Function", **FUNCTION | {"Role": "secret"}) == [
        "#/Role: failed validation constraint for keyword [pattern]"
    ]


def test_a_value_that_is_not_in_the_enumeration_breaks_one_of_two_subschemas() -> None:
    assert lines("AWS::S3::Bucket", AccessControl="Everybody") == [
        "#/AccessControl: #: only 1 subschema matches out of 2",
        "#/AccessControl: failed validation constraint for keyword [enum]",
    ]


@pytest.mark.parametrize("text", ["true", "false", "True"])
def test_any_text_that_spells_a_boolean_is_one(text: str) -> None:
    assert not reason("AWS::SQS::Queue", FifoQueue=text)


@pytest.mark.parametrize(("text", "is_right"), [("5", True), ("5.0", True), ("5.5", False), ("five", False)])
def test_any_text_that_spells_an_integer_is_one(text: str, is_right: bool) -> None:
    assert (reason("AWS::SQS::Queue", DelaySeconds=text) == "") is is_right


def test_a_policy_may_be_an_object_or_json_text() -> None:
    assert not reason("AWS::IAM::Role", AssumeRolePolicyDocument={"Statement": []})
    assert not reason("AWS::IAM::Role", AssumeRolePolicyDocument='{"Statement": []}')


def test_what_is_not_known_yet_counts_as_right() -> None:
    found = property_faults("AWS::SQS::Queue", "It", {"DelaySeconds": "?", "Tags": "?"}, lambda value: value == "?")

    assert found is None


def test_the_oldest_types_are_checked_for_names_and_kinds_in_their_own_words() -> None:
    whole: dict[str, Any] = {
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "Environment": {"ComputeType": "small", "Image": "x", "Type": "LINUX"},
        "ServiceRole": "x",
        "Source": {"Type": "S3"},
    }

    assert reason("AWS::CodeBuild::Project", **whole) == ""
    assert reason("AWS::CodeBuild::Project", **whole, Filters="x") == "Encountered unsupported property Filters"
    assert reason("AWS::CodeBuild::Project", **whole | {"Source": "x"}) == "Value of property Source must be an object"
    assert reason("AWS::CodeBuild::Project") == "Property Artifacts cannot be empty."


def test_a_custom_resource_takes_properties_of_any_name() -> None:
    assert not reason("Custom::Thing", ServiceToken="arn:aws:sns:us-east-1:123456789012:t", Any={"thing": ["goes"]})


@pytest.mark.parametrize("properties", [{}, {"Nonsense": [{"a": {"b": "c"}}]}])
def test_every_published_schema_can_be_checked(properties: dict[str, Any]) -> None:
    for resource_type in known_types():
        found = property_faults(resource_type, "It", properties)

        assert not properties or found is not None


def test_a_spelling_that_a_stand_in_may_have_is_not_certain_to_fail() -> None:
    doubtful = property_faults("AWS::Lambda::Function", "It", FUNCTION | {"Role": "a-role"})
    certain = property_faults("AWS::Lambda::Function", "It", FUNCTION | {"Role": "a-role", "Timeout": "0"})

    assert doubtful is not None
    assert not doubtful.are_certain
    assert certain is not None
    assert certain.are_certain


@pytest.mark.parametrize(("name", "is_certain"), [("", True), ("a", False)])
def test_a_text_that_is_too_short_may_be_a_stand_in_but_no_empty_one_is(name: str, is_certain: bool) -> None:
    found = property_faults("AWS::CodeCommit::Repository", "It", {"RepositoryName": name})
    short = property_faults("AWS::SageMaker::Model", "It", {"ExecutionRoleArn": name or "", "ModelName": "m"})

    assert (found is not None and found.are_certain, short is not None and short.are_certain) == (is_certain,) * 2
