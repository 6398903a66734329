"""Drift, by property path: what counts as one, and what does not."""

from typing import Any

import pytest

from manciple.catalog.drift import DifferenceType, Place, difference, differing_places
from manciple.template.resource_schemas import ResourceSchema, schema_of


def places(type_: str, expected: dict[str, Any], actual: dict[str, Any]) -> list[tuple[str, DifferenceType]]:
    schema = schema_of(type_) or ResourceSchema()
    return [("/".join(one.path), one.kind) for one in differing_places(expected, actual, schema)]


@pytest.mark.parametrize(
    ("type_", "expected", "actual", "found"),
    [
        ("AWS::SQS::Queue", {"DelaySeconds": 5}, {"DelaySeconds": 9}, [("DelaySeconds", "NOT_EQUAL")]),
        ("AWS::SQS::Queue", {"DelaySeconds": 5}, {}, [("DelaySeconds", "REMOVE")]),
        (
            "AWS::S3::Bucket",
            {"VersioningConfiguration": {"Status": "Enabled"}},
            {"VersioningConfiguration": {"Status": "Suspended"}},
            [("VersioningConfiguration/Status", "NOT_EQUAL")],
        ),
        (
            "AWS::SQS::QueuePolicy",
            {"PolicyDocument": {"Statement": []}},
            {"PolicyDocument": {"Statement": [], "Version": "2012-10-17"}},
            [("PolicyDocument/Version", "ADD")],
        ),
        (
            "AWS::DynamoDB::Table",
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]},
            {"Tags": [{"Key": "b", "Value": "3"}, {"Key": "a", "Value": "1"}]},
            [("Tags/1/Value", "NOT_EQUAL")],
        ),
    ],
)
def test_what_differs_is_told_by_its_path(
    type_: str, expected: dict[str, Any], actual: dict[str, Any], found: list[Any]
) -> None:
    assert places(type_, expected, actual) == found


@pytest.mark.parametrize(
    ("type_", "expected", "actual"),
    [
        ("AWS::SQS::Queue", {"DelaySeconds": 5}, {"DelaySeconds": 5, "MaximumMessageSize": 262144, "Arn": "arn:q"}),
        ("AWS::SQS::Queue", {"DelaySeconds": 5}, {"DelaySeconds": "5"}),
        ("AWS::IAM::User", {"LoginProfile": {"Password": "p"}}, {}),
        ("AWS::SQS::Queue", {"QueueName": "{{resolve:ssm:name}}"}, {"QueueName": "what it was"}),
        ("AWS::SQS::QueuePolicy", {"PolicyDocument": {"Statement": []}}, {"PolicyDocument": '{"Statement": []}'}),
        ("AWS::SQS::Queue", {"Tags": []}, {"Tags": [{"Key": "aws:servicecatalog:productArn", "Value": "arn:p"}]}),
    ],
)
def test_what_the_template_does_not_give_or_nobody_can_read_is_no_drift(
    type_: str, expected: dict[str, Any], actual: dict[str, Any]
) -> None:
    assert places(type_, expected, actual) == []


def test_where_a_reference_stands_that_a_provider_resolved_nothing_is_told() -> None:
    place = Place(("List",), "NOT_EQUAL", ["{{resolve:secretsmanager:s}}"], ["resolved", "more"])

    told = difference(place, None, ())

    assert (told.expected_value, told.actual_value, told.desired_value) == ("****", "****", None)


def test_where_a_secret_was_deployed_nothing_of_the_other_value_is_told() -> None:
    place = Place(("Text",), "NOT_EQUAL", "before s3cret", "another secret")

    told = difference(place, "s3cret", ("s3cret",))

    assert (told.expected_value, told.actual_value, told.desired_value) == ("****", "****", "****")
