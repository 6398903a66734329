"""A process may die between any two calls to a Cloud Control API: the same things are there, none of them twice."""

from collections.abc import Callable, Iterator

import pytest

from tests.cloud_control import There
from tests.engine.test_cloud_control import GROUP, QUEUE, flags
from tests.engine.test_crash import CrashError, Crashing
from tests.engine.worlds import World, open_world, template

pytestmark = pytest.mark.usefixtures("aws_credentials")


@pytest.fixture
def world(sqlite_url: str, there: There) -> Iterator[World]:
    """A world whose log groups and queues are real."""
    with open_world(sqlite_url, is_durable=False, **flags(there)) as found:
        yield found


def launch(world: World) -> str:
    return world.submit(template({"G": GROUP, "Q": {**QUEUE, "DependsOn": "G"}}))


def update(world: World) -> str:
    world.run(launch(world))
    changed = {**QUEUE, "Properties": {"DelaySeconds": "9"}, "DependsOn": "G"}
    moved = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "moved"}}
    return world.submit(template({"G": moved, "Q": changed}), "update")


def termination(world: World) -> str:
    world.run(launch(world))
    return world.submit_termination()


@pytest.mark.parametrize(
    ("scenario", "polls", "stride", "status", "groups", "delays"),
    [
        (launch, 0, 1, "CREATE_COMPLETE", ["mine"], [5]),
        (launch, 1, 2, "CREATE_COMPLETE", ["mine"], [5]),
        (update, 1, 5, "UPDATE_COMPLETE", ["moved"], [9]),
        (termination, 1, 4, "DELETE_COMPLETE", [], []),
    ],
    ids=["launch", "launch followed", "update", "termination"],
)
def test_wherever_the_process_dies_nothing_is_done_twice(
    world: World,
    there: There,
    scenario: Callable[[World], str],
    polls: int,
    stride: int,
    status: str,
    groups: list[str],
    delays: list[int],
) -> None:
    there.tell(polls=polls)
    counting = Crashing()
    world.run(scenario(world), world.new_engine(counting))
    for death in range(0, len(counting.reached), stride):
        world.clear()
        there.reset()
        there.tell(polls=polls)
        operation = scenario(world)
        try:
            world.run(operation, world.new_engine(Crashing(death)))
        except CrashError:
            world.pass_time(operation)
            world.run(operation)

        queues = [properties["DelaySeconds"] for properties in there.resources("AWS::SQS::Queue").values()]
        assert (world.status(), list(there.resources("AWS::Logs::LogGroup")), queues) == (status, groups, delays), death
