"""The process may die between any two calls to CloudFormation: there is one change set, one stack, each queue once."""

import json
from collections.abc import Callable

import pytest

from tests.engine.cloudformation_worlds import CloudWorld, open_cloud_world
from tests.engine.test_crash import CrashError, Crashing

pytestmark = pytest.mark.usefixtures("aws_credentials")

Scenario = Callable[[CloudWorld], tuple[str, ...]]
MOST = 60


def queues(*names: str) -> str:
    return json.dumps({"Resources": {name: {"Type": "AWS::SQS::Queue"} for name in names}})


def launch(world: CloudWorld) -> tuple[str, ...]:
    return (world.accept("provision", queues("A", "B")),)


def plan_and_execution(world: CloudWorld) -> tuple[str, ...]:
    plan_id = world.accept("plan", queues("A", "B"))
    world.carry_out(plan_id)
    return (world.accept_execution(plan_id, queues("A", "B")),)


def plan(world: CloudWorld) -> tuple[str, ...]:
    return (world.accept("plan", queues("A")),)


def long_launch(world: CloudWorld) -> tuple[str, ...]:
    world.use_bucket()
    return (world.accept("provision", queues("A", "B").ljust(60_000)),)


def update(world: CloudWorld) -> tuple[str, ...]:
    first = world.accept("provision", queues("A", "B"))
    world.carry_out(first)
    return first, world.accept("update", queues("A", "C"))


def termination(world: CloudWorld) -> tuple[str, ...]:
    first = world.accept("provision", queues("A", "B"))
    world.carry_out(first)
    return first, world.accept_termination()


ENDS: dict[Scenario, tuple[str, int]] = {
    launch: ("CREATE_COMPLETE", 2),
    long_launch: ("CREATE_COMPLETE", 2),
    plan_and_execution: ("CREATE_COMPLETE", 2),
    plan: ("REVIEW_IN_PROGRESS", 0),
    update: ("UPDATE_COMPLETE", 2),
    termination: ("DELETE_COMPLETE", 0),
}
"""How each scenario ends: the stack's status and the number of queues."""


def carry_out(world: CloudWorld, operation_id: str, probe: Crashing) -> None:
    """Run slices; after each death go on with a new engine once the lease has run out."""
    while True:
        try:
            world.carry_out(operation_id, world.new_engine(probe))
        except CrashError:
            world.pass_time(operation_id)
        else:
            return


def test_a_death_while_a_leftover_makes_way_leaves_one_new_stack(sqlite_url: str, ministack_endpoint: str) -> None:
    failing = {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {"Handle": "none", "Timeout": "1"}}
    for death in range(MOST):
        with open_cloud_world(f"{sqlite_url}-{death}", ministack_endpoint) as world:
            left = world.carry_out(world.accept("provision", json.dumps({"Resources": {"Wait": failing}})))
            probe = Crashing(death)
            carry_out(world, world.accept("update", queues("A")), probe)

            assert (left, world.status()) == ("ROLLBACK_COMPLETE", "CREATE_COMPLETE"), f"died at point {death}"
            assert world.standing_stacks() == ["CREATE_COMPLETE"]
            assert world.queues_there() == 1
        if death >= len(probe.reached):
            return
    raise AssertionError(f"more than {MOST} points")


def test_a_death_while_an_update_is_refused_leaves_no_change_set(sqlite_url: str, cloudformation_endpoint: str) -> None:
    for death in range(MOST):
        with open_cloud_world(f"{sqlite_url}-{death}", cloudformation_endpoint) as world:
            world.carry_out(world.accept("provision", queues("A")))
            before = world.change_sets_there()
            record_id = world.accept("update", queues("A"))
            probe = Crashing(death)
            carry_out(world, record_id, probe)

            assert world.record(record_id).status == "FAILED", f"died at point {death}"
            assert world.change_sets_there() == before
        if death >= len(probe.reached):
            return
    raise AssertionError(f"more than {MOST} points")


@pytest.mark.parametrize("is_first", [True, False])
def test_a_death_while_a_deleted_plan_is_discarded_leaves_nothing_of_it(
    is_first: bool, sqlite_url: str, cloudformation_endpoint: str
) -> None:
    for death in range(MOST):
        with open_cloud_world(f"{sqlite_url}-{death}", cloudformation_endpoint) as world:
            if not is_first:
                world.carry_out(world.accept("provision", queues("A")))
            before = [] if is_first else world.change_sets_there()
            plan_id = world.accept("plan", queues("A", "B"))
            world.carry_out(plan_id)
            probe = Crashing(death)
            carry_out(world, world.accept_discard(plan_id), probe)

            standing = world.standing_stacks()
            assert standing == ([] if is_first else ["CREATE_COMPLETE"]), f"died at point {death}"
            assert ([] if is_first else world.change_sets_there()) == before
        if death >= len(probe.reached):
            return
    raise AssertionError(f"more than {MOST} points")


@pytest.mark.parametrize("scenario", ENDS)
def test_a_death_between_any_two_calls_makes_nothing_twice(
    scenario: Scenario, sqlite_url: str, cloudformation_endpoint: str
) -> None:
    for death in range(MOST):
        with open_cloud_world(f"{sqlite_url}-{death}", cloudformation_endpoint) as world:
            ids = scenario(world)
            probe = Crashing(death)
            carry_out(world, ids[-1], probe)

            assert (world.status(), world.queues_there()) == ENDS[scenario], f"died at point {death}"
            world.check_nothing_twice(*ids)
        if death >= len(probe.reached):
            return
    raise AssertionError(f"more than {MOST} points")
