"""The in-process driver: wakes, waits, adopts what a dead process left, ends cleanly."""

import time
from collections.abc import Iterator

import pytest

from manciple.engine import operation
from manciple.engine.drivers.in_process import InProcessDriver
from manciple.engine.lease import Lease, claim
from manciple.engine.limits import Limits
from manciple.engine.providers.faults import Fault
from tests.engine.worlds import ACCOUNT, REGION, World, open_world, template, topic

SELDOM = Limits(poll=60_000, backoff=10)
"""Polls so seldom that only wakes can move anything."""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with open_world(database_url, SELDOM) as found:
        yield found


@pytest.fixture
def driver(world: World) -> Iterator[InProcessDriver]:
    found = InProcessDriver(world.new_engine(remembers=True))
    found.start()
    yield found
    found.stop()


def test_a_wake_after_the_commit_sets_an_operation_going(world: World, driver: InProcessDriver) -> None:
    time.sleep(0.05)
    operation_id = world.submit(template({"A": topic("a")}))

    driver.wake(operation_id)

    world.wait_until_done(operation_id)
    assert world.status() == "CREATE_COMPLETE"


def test_what_a_dead_process_left_behind_is_adopted_at_the_start(world: World) -> None:
    operation_id = world.submit(template({"A": topic("a")}))
    driver = InProcessDriver(world.new_engine(remembers=True))

    driver.start()

    world.wait_until_done(operation_id)
    driver.stop()
    assert world.status() == "CREATE_COMPLETE"


def test_on_sqlite_the_lease_of_a_dead_process_does_not_hold_up_the_next_one(sqlite_url: str) -> None:
    with open_world(sqlite_url, SELDOM) as world:
        operation_id = world.submit(template({"A": topic("a")}))
        assert isinstance(claim(world.database, world.limits, operation_id), Lease)
        driver = InProcessDriver(world.new_engine(remembers=True))

        driver.start()

        world.wait_until_done(operation_id, seconds=world.limits.lease / 2000)
        driver.stop()


def test_on_sqlite_a_second_driver_leaves_the_leases_of_the_first_alone(sqlite_url: str) -> None:
    with open_world(sqlite_url, SELDOM) as world:
        first, second = (
            InProcessDriver(world.new_engine(remembers=True)),
            InProcessDriver(world.new_engine(remembers=True)),
        )
        first.start()
        operation_id = world.submit(template({"A": topic("a")}))
        assert isinstance(claim(world.database, world.limits, operation_id), Lease)

        second.start()

        first.stop()
        second.stop()
        assert world.operation(operation_id).lease > 0


def test_a_handler_in_progress_is_called_again_when_its_delay_is_over(world: World, driver: InProcessDriver) -> None:
    world.fault(Fault(selector="AWS::SNS::Topic", action="create", delay_ms=100))
    operation_id = world.submit(template({"A": topic("a"), "B": topic("b", "A")}))

    driver.wake(operation_id)

    world.wait_until_done(operation_id)
    assert world.status() == "CREATE_COMPLETE"


def test_resources_that_depend_on_nothing_wait_at_the_same_time(world: World, driver: InProcessDriver) -> None:
    world.fault(Fault(selector="AWS::SNS::Topic", action="create", delay_ms=300))
    operation_id = world.submit(template({f"T{number}": topic(f"t{number}") for number in range(60)}))
    driver.wake(operation_id)

    world.wait_until_done(operation_id)

    events = world.events(operation_id)
    started = [event.timestamp for event in events if event.status == "CREATE_IN_PROGRESS" and event.reason is None]
    ended = [event.timestamp for event in events if event.status == "CREATE_COMPLETE"]
    assert max(started) < min(ended)


def test_a_cancel_wakes_an_operation_that_waits(world: World, driver: InProcessDriver) -> None:
    world.fault(Fault(selector="A", action="create", delay_ms=3_600_000))
    operation_id = world.submit(template({"A": topic("a")}))
    driver.wake(operation_id)
    while ("A", "CREATE_IN_PROGRESS") not in world.told(operation_id):
        time.sleep(0.01)

    with world.database.write() as tx:
        operation.request_cancel(tx, ACCOUNT, REGION, operation_id)
    driver.wake(operation_id)

    world.wait_until_done(operation_id)
    assert world.status() == "ROLLBACK_COMPLETE"


def test_a_driver_that_is_stopped_can_be_followed_by_another(world: World, driver: InProcessDriver) -> None:
    world.fault(Fault(selector="A", action="create", delay_ms=200))
    operation_id = world.submit(template({"A": topic("a")}))
    driver.wake(operation_id)
    driver.stop()
    second = InProcessDriver(world.new_engine(remembers=True))

    second.start()

    world.wait_until_done(operation_id)
    second.stop()
    world.check()


def test_on_postgresql_a_process_that_does_not_execute_wakes_one_that_does(postgresql_url: str) -> None:
    with open_world(postgresql_url, SELDOM) as world:
        worker, front = (
            InProcessDriver(world.new_engine(remembers=True)),
            InProcessDriver(world.new_engine(remembers=True)),
        )
        worker.start()
        time.sleep(0.3)
        operation_id = world.submit(template({"A": topic("a")}))

        front.wake(operation_id)

        world.wait_until_done(operation_id)
        worker.stop()
