"""What is known of resource types."""

import json
from importlib.resources import files

import pytest

from manciple.template.resource_schemas import (
    ResourceSchema,
    is_known,
    known_types,
    schema_of,
)


def known(resource_type: str) -> ResourceSchema:
    schema = schema_of(resource_type)
    assert schema is not None
    return schema


def test_every_published_type_can_be_read() -> None:
    types = list(known_types())

    assert len(types) > 1800
    assert all(schema_of(name) for name in types)


def test_the_data_fits_into_a_megabyte_and_says_where_it_comes_from() -> None:
    content = (files("manciple.template") / "data" / "resource_schemas.bin").read_bytes()

    assert len(content) < 1_000_000
    assert set(json.loads(content.split(b"\n", 1)[0])["source"]) == {"package", "version", "schema_date", "licence"}


def test_a_schema_tells_identifier_attributes_and_what_cannot_change() -> None:
    topic = known("AWS::SNS::Topic")

    assert topic.primary_identifier == ("TopicArn",)
    assert topic.read_only == ("TopicArn",)
    assert topic.requires_recreation("TopicName") == "Always"
    assert topic.requires_recreation("DisplayName") == "Never"
    assert topic.tag_property == "Tags"


def test_a_property_may_require_recreation_conditionally() -> None:
    assert known("AWS::EC2::Instance").requires_recreation("InstanceType") == "Conditionally"


@pytest.mark.parametrize(
    ("path", "recreation"),
    [
        ("A/B", "Always"),
        ("A/B/C", "Always"),
        ("A", "Conditionally"),
        ("A/X", "Never"),
        ("L/0/N", "Always"),
        ("L/0/M", "Never"),
    ],
)
def test_a_create_only_path_inside_a_property_counts_for_what_lies_in_it(path: str, recreation: str) -> None:
    assert ResourceSchema(create_only=("A/B", "L/*/N")).requires_recreation(path) == recreation


def test_a_type_that_cannot_be_updated_is_replaced_by_any_change() -> None:
    assert ResourceSchema(handlers=("create", "delete", "read")).requires_recreation("Anything") == "Always"


def test_a_type_whose_replacement_cannot_stand_beside_it_says_so() -> None:
    assert not known("AWS::SNS::Topic").replaces_by_deleting_first
    assert any(known(name).replaces_by_deleting_first for name in known_types())


def test_an_unpublished_type_is_unknown() -> None:
    assert not is_known("AWS::SNS::Topik")
    assert schema_of("AWS::SNS::Topik") is None


def test_a_custom_type_has_the_schema_of_a_custom_resource() -> None:
    assert schema_of("Custom::Anything") == schema_of("AWS::CloudFormation::CustomResource")


@pytest.mark.parametrize(
    ("resource_type", "path"),
    [
        ("AWS::Route53::RecordSet", "Name"),
        ("AWS::EC2::EIP", "Domain"),
        ("AWS::RDS::DBInstance", "Port"),
        ("AWS::DynamoDB::Table", "KeySchema"),
        ("AWS::Events::EventBus", "EventSourceName"),
        ("AWS::KMS::Key", "KeyUsage"),
    ],
)
def test_documentation_overrides_a_schema_that_is_silent(resource_type: str, path: str) -> None:
    assert known(resource_type).requires_recreation(path) == "Always"


def test_ref_gives_the_primary_identifier_unless_documented_otherwise() -> None:
    assert known("AWS::SNS::Topic").reference_properties == ("TopicArn",)
    assert known("AWS::ApiGateway::Resource").reference_properties == ("ResourceId",)


def test_every_override_names_known_types_and_its_page() -> None:
    rows = json.loads((files("manciple.template") / "data" / "resource_overrides.json").read_text())
    named = [name for row in rows for name in row["types"] if "*" not in name]

    assert [name for name in named if not is_known(name)] == []
    assert all(row["source"].startswith("https://docs.aws.amazon.com/") for row in rows)
