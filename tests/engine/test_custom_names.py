"""Things with names of their template's choosing: no second one of the name can stand beside them."""

from typing import Any

import pytest

from tests.engine.worlds import World

REFUSED = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
    "Rename {} and update the stack again."
)


def group(description: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": description, **properties}}


def archive(bus: str, **properties: Any) -> dict[str, Any]:
    source = f"arn:aws:events:eu-west-1:123456789012:event-bus/{bus}"
    return {"Type": "AWS::Events::Archive", "Properties": {"SourceArn": source, **properties}}


def reasons(world: World) -> list[str | None]:
    return [event.reason for event in world.events()]


def test_what_has_a_custom_name_is_not_replaced_under_the_same_name(world: World) -> None:
    world.provision({"G": group("one", GroupName="web")})

    world.update({"G": group("two", GroupName="web")})

    assert world.told()[:3] == [
        ("stack", "UPDATE_IN_PROGRESS"),
        ("G", "UPDATE_IN_PROGRESS"),
        ("G", "UPDATE_FAILED"),
    ]
    assert REFUSED.format("web") in reasons(world)
    world.check()


def test_a_name_that_was_made_for_it_and_is_given_now_is_kept_too(world: World) -> None:
    world.provision({"A": archive("a")})
    ((_, name),) = world.things()

    world.update({"A": archive("b", ArchiveName=name)})

    assert REFUSED.format(name) in reasons(world)


@pytest.mark.parametrize("after", [group("two", GroupName="other"), group("two")])
def test_with_another_name_or_none_it_is_replaced(world: World, after: dict[str, Any]) -> None:
    world.provision({"G": group("one", GroupName="web")})

    world.update({"G": after})

    assert ("G", "UPDATE_COMPLETE") in world.told()
    world.check()


def test_versions_that_share_a_name_replace_each_other(world: World) -> None:
    def layer(key: str) -> dict[str, Any]:
        content = {"S3Bucket": "code", "S3Key": key}
        return {"Type": "AWS::Lambda::LayerVersion", "Properties": {"LayerName": "shared", "Content": content}}

    world.provision({"L": layer("one")})

    world.update({"L": layer("two")})

    assert ("L", "UPDATE_COMPLETE") in world.told()
