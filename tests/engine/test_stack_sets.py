"""A stack set's operation begins the operations of its instances, each once, whoever carries it on."""

from collections.abc import Iterator
from typing import Any

import pytest

from manciple.catalog.stack_sets import Change
from manciple.engine.memory import Memory
from manciple.engine.reconcile import Done, Engine
from manciple.engine.targets.stack_set import StackSetTarget
from manciple.store.tables.engine import OPERATION, STACK
from manciple.store.tables.stack_instances import STACK_INSTANCE
from tests.engine.worlds import ACCOUNT, LARGE, REGION, World, open_world, template, topic

OTHER = "210987654321"
TEXT = template({"Topic": topic("one")})


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A world on each database."""
    with open_world(database_url) as world:
        yield world


def engine_of(world: World) -> Engine:
    """An engine that remembers nothing, as another process would."""
    return Engine(world.engine.parts, {**world.engine.targets, "stack_set": StackSetTarget(LARGE)}, Memory(0))


def submit(world: World, **members: Any) -> str:
    """Launch a stack set over two accounts and two regions; its operation's id."""
    change = Change(
        **{
            "verb": "create",
            "accounts": (ACCOUNT, OTHER),
            "regions": (REGION, "us-east-1"),
            "execution_role": "Execution",
            "target": "stack",
            **members,
        }
    )
    return world.submit(TEXT, target="stack_set", stack_set=change)


def begun(world: World, operation_id: str) -> list[str]:
    """The operations that it began, by account and region."""
    others = (row.id for row in world.rows(OPERATION) if row.id != operation_id)
    return sorted(other.removeprefix(f"{operation_id}.") for other in others)


def carry_out(world: World, operation_id: str) -> None:
    """Slice by slice, each by another process, until the stack set is done."""
    for _ in range(50):
        if isinstance(engine_of(world).reconcile(operation_id), Done):
            return
        for row in world.rows(OPERATION):
            if row.id != operation_id and row.phase != "done":
                world.run(row.id, engine_of(world))
        world.pass_time(operation_id)
    raise AssertionError("the stack set does not end")


def test_every_instance_is_begun_once_whoever_carries_on(world: World) -> None:
    operation_id = submit(world)

    carry_out(world, operation_id)

    places = sorted(f"{account}.{region}" for account in (ACCOUNT, OTHER) for region in (REGION, "us-east-1"))
    assert begun(world, operation_id) == places
    stacks = {(row.account, row.region) for row in world.rows(STACK) if row.name.startswith("StackSet-")}
    assert stacks == {(place.split(".")[0], place.split(".")[1]) for place in places}
    assert {row.status for row in world.rows(STACK_INSTANCE)} == {"CURRENT"}
    assert world.operation(operation_id).reason is None


def test_one_account_at_a_time_is_worked_on_unless_more_may_fail(world: World) -> None:
    operation_id = submit(world)

    for _ in range(3):
        engine_of(world).reconcile(operation_id)
        world.pass_time(operation_id)

    assert begun(world, operation_id) == [f"{ACCOUNT}.{REGION}"]


def test_as_many_accounts_as_are_asked_for_are_worked_on_at_once_in_one_region(world: World) -> None:
    operation_id = submit(world, tolerance=1, concurrency=2)

    for _ in range(3):
        engine_of(world).reconcile(operation_id)
        world.pass_time(operation_id)

    assert begun(world, operation_id) == sorted([f"{ACCOUNT}.{REGION}", f"{OTHER}.{REGION}"])


def test_a_stack_set_that_is_called_back_begins_nothing_more(world: World) -> None:
    operation_id = submit(world)
    engine_of(world).reconcile(operation_id)
    with world.database.write() as tx:
        tx.execute(OPERATION.update().where(OPERATION.c.id == operation_id).values(cancelled=True))

    world.pass_time(operation_id)
    carry_out(world, operation_id)

    assert begun(world, operation_id) == [f"{ACCOUNT}.{REGION}"]
    assert world.operation(operation_id).reason == "User Initiated."


def test_instances_are_entered_by_the_execution_role(world: World) -> None:
    carry_out(world, submit(world))

    roles = {row.place["role_arn"] for row in world.rows(STACK) if row.name.startswith("StackSet-")}
    assert roles == {f"arn:aws:iam::{account}:role/Execution" for account in (ACCOUNT, OTHER)}
