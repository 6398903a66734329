"""An attribute that a type has not is found out before anything is made (recorded of a real stack)."""

from typing import Any

import pytest

from tests.engine.worlds import World, topic

REFUSED = "[Error] /{}: Resource type AWS::SNS::Topic does not support attribute {{Gone}}."
CUSTOM = {"Type": "Custom::Thing", "Properties": {"ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:f"}}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"Fn::GetAtt": ["A", "Gone"]}, "Fn::GetAtt"),
        ({"Fn::Sub": "x ${A.Gone}"}, "Fn::Sub"),
        ({"Fn::Join": ["", ["x", {"Fn::GetAtt": ["A", "Gone"]}]]}, "Fn::Join/1/1/Fn::GetAtt"),
    ],
)
def test_an_attribute_that_is_not_there_turns_the_stack_back_at_once(
    world: World, value: dict[str, Any], path: str
) -> None:
    world.provision({"A": topic("a")}, Outputs={"O": {"Value": value}})

    assert world.told() == [
        ("stack", "REVIEW_IN_PROGRESS"),
        ("stack", "CREATE_IN_PROGRESS"),
        ("stack", "ROLLBACK_IN_PROGRESS"),
        ("stack", "ROLLBACK_COMPLETE"),
    ]
    refused = REFUSED.format(f"Outputs/O/Value/{path}")
    assert world.events()[2].reason == f"{refused} Rollback requested by user."
    assert world.operation("rec-1").reason == refused
    world.check()


def test_an_update_that_asks_for_one_changes_nothing(world: World) -> None:
    world.provision({"A": topic("a")})

    world.update({"A": topic("a", DisplayName="x"), "B": topic("b", DisplayName={"Fn::GetAtt": ["A", "Gone"]})})

    assert (world.status(), world.names()) == ("UPDATE_ROLLBACK_COMPLETE", {"a": ""})
    assert world.operation("rec-2").reason == REFUSED.format("Resources/B/Properties/DisplayName/Fn::GetAtt")
    world.check()


@pytest.mark.parametrize(
    "value", [{"Fn::Sub": "${!A.Gone} ${A.TopicArn}"}, {"Fn::Sub": ["${A.Gone}", {"A.Gone": "x"}]}]
)
def test_a_text_that_only_looks_like_an_attribute_is_none(world: World, value: dict[str, Any]) -> None:
    assert world.provision({"A": topic("a"), "B": topic("b", DisplayName=value)}) == "CREATE_COMPLETE"


def test_a_custom_resource_may_have_any_attribute(world: World) -> None:
    outputs = {"O": {"Value": {"Fn::GetAtt": ["A", "Anything"]}}}

    assert world.provision({"A": CUSTOM}, Outputs=outputs) == "CREATE_COMPLETE"
