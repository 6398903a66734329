"""What Cloud Control is sent and what is read from it: desired states, identifiers, patches, attributes."""

from typing import Any

import pytest

from manciple.engine.cloud_control.models import attributes_of, desired_state, identifier_in
from manciple.engine.cloud_control.patch import patch_of
from manciple.template.resource_schemas import ResourceSchema, schema_of


def schema(type_: str) -> ResourceSchema:
    found = schema_of(type_)
    assert found is not None
    return found


INVENTED = ResourceSchema(
    properties={
        "Plain": {"type": "string"},
        "Fixed": {"type": "object", "properties": {"At": {"type": "string"}, "Free": {"type": "string"}}},
        "Settings": {"$ref": "#/definitions/Settings"},
        "Map": {"type": "object", "patternProperties": {".*": {"type": "string"}}},
        "Hidden": {"type": "string"},
        "Login": {"type": "object", "properties": {"User": {"type": "string"}, "Secret": {"type": "string"}}},
    },
    definitions={
        "Settings": {"type": "object", "properties": {"a/b~c": {"type": "string"}, "On": {"type": "boolean"}}}
    },
    create_only=("Fixed/At",),
    write_only=("Hidden", "Login/Secret"),
)


@pytest.mark.parametrize(
    ("before", "after", "operations"),
    [
        ({"Plain": "a"}, {"Plain": "a"}, []),
        ({"Plain": "a"}, {"Plain": "b"}, [("add", "/Plain", "b")]),
        ({"Plain": "a"}, {}, [("remove", "/Plain")]),
        ({}, {"Plain": "a"}, [("add", "/Plain", "a")]),
        ({"Settings": {"a/b~c": "1", "On": True}}, {"Settings": {"On": True}}, [("remove", "/Settings/a~1b~0c")]),
        ({"Map": {"x": "1"}}, {"Map": {"x": "1", "y": "2"}}, [("add", "/Map", {"x": "1", "y": "2"})]),
        (
            {"Fixed": {"At": "a", "Free": "1"}},
            {"Fixed": {"At": "b", "Free": "2"}},
            [("add", "/Fixed/Free", "2")],
        ),
        (
            {"Plain": "a", "Hidden": "s"},
            {"Plain": "b", "Hidden": "s"},
            [("add", "/Plain", "b"), ("add", "/Hidden", "s")],
        ),
        (
            {"Login": {"User": "u", "Secret": "s"}},
            {"Login": {"User": "u", "Secret": "t"}},
            [("add", "/Login", {"User": "u", "Secret": "t"})],
        ),
        ({"Hidden": "s"}, {}, [("add", "/Hidden", "s"), ("remove", "/Hidden")]),
        ({"Login": {"User": "u"}}, {"Login": {"User": "v"}}, [("add", "/Login/User", "v")]),
    ],
)
def test_a_patch_makes_one_model_of_another(
    before: dict[str, Any], after: dict[str, Any], operations: list[tuple[Any, ...]]
) -> None:
    found = [tuple(operation.values()) for operation in patch_of(before, after, INVENTED)]

    assert found == operations


def test_a_desired_state_has_the_types_of_the_schema() -> None:
    model: Any = {"DelaySeconds": "5", "FifoQueue": "false", "QueueName": "7"}

    assert desired_state(model, {}, schema("AWS::SQS::Queue")) == {
        "DelaySeconds": 5,
        "FifoQueue": False,
        "QueueName": "7",
    }


@pytest.mark.parametrize(
    ("type_", "tags"),
    [
        ("AWS::SQS::Queue", [{"Key": "servicecatalog:productArn", "Value": "p"}]),
        ("AWS::SSM::Parameter", {"servicecatalog:productArn": "p"}),
        (
            "AWS::AutoScaling::AutoScalingGroup",
            [{"Key": "servicecatalog:productArn", "Value": "p", "PropagateAtLaunch": True}],
        ),
    ],
)
def test_tags_have_the_form_of_the_type_and_no_beginning_that_is_aws_s(type_: str, tags: Any) -> None:
    assert desired_state({}, {"aws:servicecatalog:productArn": "p"}, schema(type_)) == {"Tags": tags}


def test_a_type_without_tags_gets_none() -> None:
    assert desired_state({"PolicyDocument": {}}, {"team": "blue"}, schema("AWS::SQS::QueuePolicy")) == {
        "PolicyDocument": {}
    }


def test_an_identifier_of_several_parts_is_joined_in_the_order_of_the_schema() -> None:
    names = schema("AWS::ECS::Service").primary_identifier

    assert identifier_in({"Cluster": "c", "ServiceArn": "arn:s"}, names) == "arn:s|c"
    assert identifier_in({"Cluster": "c"}, names) is None


def test_attributes_are_what_the_endpoint_adds_as_texts_nested_ones_by_their_dotted_names() -> None:
    model: Any = {"SnapStart": {"ApplyOn": "None"}, "FunctionName": "f"}
    live = {
        "FunctionName": "f",
        "Arn": "arn:f",
        "MemorySize": 128,
        "SnapStartResponse": {"OptimizationStatus": "Off"},
    }

    found = attributes_of(live, model, schema("AWS::Lambda::Function"))

    assert found["Arn"] == "arn:f"
    assert found["MemorySize"] == "128"
    assert found["SnapStartResponse.OptimizationStatus"] == "Off"
    assert "FunctionName" not in found
