"""Drift in the sandbox, in nested stacks, and where nobody can look."""

from typing import Any

import pytest

from manciple.catalog.drift import Drift
from manciple.engine.place import place_of
from manciple.engine.providers.provider import Action, HandlerRequest
from manciple.engine.stacks import DriftUnknown, Stacks
from manciple.store.tables import engine
from tests.engine.worlds import ACCOUNT, REGION, World, nested, topic


def drift(world: World) -> Drift:
    """What is found now of what the newest operation is about."""
    return Stacks(world.engine.parts, world.engine.targets).drift(f"rec-{world.records}")


def elsewhere(world: World, logical_id: str, action: Action, **model: Any) -> None:
    """Somebody else changes or deletes a resource in the sandbox."""
    (row,) = [one for one in world.rows(engine.INSTANCE) if one.logical_id == logical_id]
    request = HandlerRequest(
        token=f"elsewhere/{logical_id}/{action}",
        action=action,
        type=row.type,
        place=place_of(ACCOUNT, REGION),
        stack_name="elsewhere",
        logical_id=logical_id,
        physical_id=row.physical_id,
        model=model,
    )
    (answer,) = world.sandbox.handle([request])
    assert answer.status == "SUCCESS"


def test_what_nobody_touched_is_in_sync(world: World) -> None:
    world.provision({"A": topic("a"), "B": topic("b", "A")})

    assert drift(world) == Drift(in_sync=2)


def test_what_somebody_changed_or_deleted_is_told(world: World) -> None:
    world.provision({"A": topic("a", DisplayName="old"), "B": topic("b")})
    elsewhere(world, "A", "update", TopicName="a", DisplayName="other")
    elsewhere(world, "B", "delete")

    changed, gone = drift(world).resources

    (difference,) = changed.property_differences
    assert (changed.logical_resource_id, changed.stack_resource_drift_status) == ("A", "MODIFIED")
    assert (gone.logical_resource_id, gone.stack_resource_drift_status) == ("B", "DELETED")
    assert (difference.property_path, difference.expected_value, difference.actual_value) == (
        "/DisplayName",
        "old",
        "other",
    )


def test_what_is_nested_is_told_with_its_path(world: World) -> None:
    world.put_template("child.json", {"T": topic("t", DisplayName="old")})
    world.provision({"A": topic("a"), "Child": nested("child.json")})
    elsewhere(world, "T", "update", TopicName="t")

    found = drift(world)

    assert found.in_sync == 1
    assert [(one.stack_path, one.logical_resource_id) for one in found.resources] == [("Child", "T")]
    assert [one.difference_type for one in found.resources[0].property_differences] == ["REMOVE"]


def test_a_plan_that_is_not_remembered_is_refused_by_name(world: World) -> None:
    with pytest.raises(DriftUnknown, match="What plan plan-x is about is not remembered any more"):
        Stacks(world.engine.parts, world.engine.targets).drift("plan-x")
