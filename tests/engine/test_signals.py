"""Resources that wait for signals: creation policies, wait conditions and their handles (contracts, section 5)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from manciple.engine.mailbox import PATH, token_of
from manciple.engine.probe import Point
from manciple.engine.reconcile import Done
from manciple.engine.rows import Operation, rows_of
from manciple.engine.work import Work
from manciple.errors import ResourceNotFoundException
from manciple.store.tables.engine import OPERATION, STEP
from tests.engine.endpoints import call_back
from tests.engine.test_crash import CrashError, Crashing
from tests.engine.worlds import World, nested, open_world, template, topic

HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
READS_DATA = {"Data": {"Value": {"Fn::GetAtt": ["Ready", "Data"]}}}


def signalled(count: int = 1, **more: Any) -> dict[str, Any]:
    """A topic that waits for signals."""
    return topic("a") | {"CreationPolicy": {"ResourceSignal": {"Count": count, "Timeout": "PT10M"}, **more}}


def condition(count: int = 1, timeout: int = 600) -> dict[str, Any]:
    """A wait condition on the handle `Handle`."""
    properties = {"Handle": {"Ref": "Handle"}, "Count": count, "Timeout": timeout}
    return {"Type": "AWS::CloudFormation::WaitCondition", "Properties": properties}


class Waiting(World):
    """A world that waits for signals, and sends them."""

    def begin(self, resources: dict[str, Any], **sections: Any) -> str:
        """Launch, and go as far as it goes without a signal."""
        operation_id = self.submit(template(resources, **sections))
        self.slice(operation_id)
        return operation_id

    def slice(self, operation_id: str) -> bool:
        """One slice; is it the last?"""
        return isinstance(self.engine.reconcile(operation_id), Done)

    def signal(self, step_token: str, **document: Any) -> str:
        """Send a signal to a step's address; what became of it."""
        signal = {"Status": "SUCCESS", "UniqueId": "i-1", **document}
        return call_back(self, token_of(self.objects, step_token), **signal)

    def expire(self, operation_id: str) -> None:
        """Let every deadline be over."""
        with self.database.write() as tx:
            of_operation = STEP.c.operation_id == operation_id
            tx.execute(sa.update(STEP).where(of_operation, STEP.c.deadline > 0).values(deadline=1))
        self.pass_time(operation_id)

    def reasons(self, logical_id: str) -> list[tuple[str, str | None]]:
        """What was told of a resource."""
        return [(one.status, one.reason) for one in self.events() if one.logical_id == logical_id]


@pytest.fixture
def waiting(database_url: str) -> Iterator[Waiting]:
    """A world that waits."""
    with open_world(database_url) as world:
        yield waits(world)


def waits(world: World) -> Waiting:
    """The world, waiting for signals."""
    found = Waiting(world.database, world.limits, sandbox__signals="wait")
    world.pool.shutdown()
    world.pool = found.pool
    return found


def test_a_creation_policy_is_met_by_simulated_signals_and_says_so(world: World) -> None:
    status = world.provision({"A": signalled(2)})

    told = [one.reason for one in world.events() if one.reason and "signal" in one.reason]
    assert status == "CREATE_COMPLETE"
    assert len(told) == 2
    assert all(reason.startswith("Received SUCCESS signal with UniqueId ") for reason in told)
    assert all(reason.endswith(" (simulated)") for reason in told)


def test_a_resource_is_complete_once_its_signals_came(waiting: Waiting) -> None:
    operation_id = waiting.begin({"A": signalled(2), "B": topic("b", "A")})
    waiting.signal(f"{operation_id}//A/1/create", UniqueId="i-1")
    ended = waiting.slice(operation_id)
    waiting.signal(f"{operation_id}//A/1/create", UniqueId="i-2")

    assert (ended, waiting.slice(operation_id)) == (False, True)
    assert waiting.status() == "CREATE_COMPLETE"
    assert waiting.reasons("A") == [
        ("CREATE_IN_PROGRESS", None),
        ("CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("CREATE_IN_PROGRESS", "Received SUCCESS signal with UniqueId i-1"),
        ("CREATE_IN_PROGRESS", "Received SUCCESS signal with UniqueId i-2"),
        ("CREATE_COMPLETE", None),
    ]
    waiting.check()


def test_a_signal_counts_once_for_each_unique_id(waiting: Waiting) -> None:
    operation_id = waiting.begin({"A": signalled(2)})
    first = waiting.signal(f"{operation_id}//A/1/create")
    second = waiting.signal(f"{operation_id}//A/1/create")

    assert (first, second, waiting.slice(operation_id)) == ("ACCEPTED", "REPEATED", False)


def test_a_failure_signal_fails_the_resource_and_rolls_back(waiting: Waiting) -> None:
    operation_id = waiting.begin({"A": signalled()})
    waiting.signal(f"{operation_id}//A/1/create", Status="FAILURE")
    waiting.run(operation_id)

    assert waiting.status() == "ROLLBACK_COMPLETE"
    assert ("CREATE_FAILED", "Received FAILURE signal with UniqueId i-1") in waiting.reasons("A")
    waiting.check()


def test_signals_that_do_not_come_in_time_fail_the_resource(waiting: Waiting) -> None:
    operation_id = waiting.begin({"A": signalled(3)})
    waiting.signal(f"{operation_id}//A/1/create")
    waiting.expire(operation_id)
    waiting.run(operation_id)

    message = "Failed to receive 2 resource signal(s) within the specified duration"
    assert ("CREATE_FAILED", message) in waiting.reasons("A")
    assert waiting.status() == "ROLLBACK_COMPLETE"


def test_a_group_needs_only_its_percentage_of_good_signals(waiting: Waiting) -> None:
    policy = {"AutoScalingCreationPolicy": {"MinSuccessfulInstancesPercent": 50}}
    operation_id = waiting.begin({"A": signalled(2, **policy)})
    waiting.signal(f"{operation_id}//A/1/create", Status="FAILURE")
    waiting.signal(f"{operation_id}//A/1/create", UniqueId="i-2")
    waiting.run(operation_id)

    assert waiting.status() == "CREATE_COMPLETE"


def test_a_group_below_its_percentage_fails_in_cloudformations_words(waiting: Waiting) -> None:
    policy = {"AutoScalingCreationPolicy": {"MinSuccessfulInstancesPercent": 100}}
    operation_id = waiting.begin({"A": signalled(2, **policy)})
    waiting.signal(f"{operation_id}//A/1/create", Status="FAILURE")
    waiting.run(operation_id)

    message = "Received 0 SUCCESS signal(s) out of 2.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
    assert ("CREATE_FAILED", message) in waiting.reasons("A")


def test_a_wait_condition_gives_the_data_of_its_signals(waiting: Waiting) -> None:
    operation_id = waiting.begin({"Handle": HANDLE, "Ready": condition(2)}, Outputs=READS_DATA)
    waiting.signal(f"{operation_id}//Handle/1/create", UniqueId="one", Data="first")
    waiting.slice(operation_id)
    waiting.signal(f"{operation_id}//Handle/1/create", UniqueId="two", Data="second")
    waiting.run(operation_id)

    ready = next(one for one in waiting.rows(STEP) if one.logical_id == "Ready")
    assert (waiting.status(), ready.state) == ("CREATE_COMPLETE", "done")
    assert data_of(waiting) == {"one": "first", "two": "second"}
    waiting.check()


def data_of(world: World) -> dict[str, str]:
    """The Data of the wait condition, as the engine knows it."""
    with world.database.read() as tx:
        work = Work(rows_of(Operation, tx.all(sa.select(OPERATION)))[-1], world.objects)
        work.load(tx)
    data: dict[str, str] = json.loads(str(work.root.bindings["Ready"].attributes["Data"]))
    return data


def test_a_signal_that_comes_before_its_wait_condition_is_not_lost(waiting: Waiting) -> None:
    slow = topic("slow") | {"CreationPolicy": {"ResourceSignal": {}}}
    resources = {"Handle": HANDLE, "Slow": slow, "Ready": condition() | {"DependsOn": "Slow"}}
    operation_id = waiting.begin(resources)
    early = waiting.signal(f"{operation_id}//Handle/1/create")
    waiting.signal(f"{operation_id}//Slow/1/create")

    assert (early, waiting.slice(operation_id), waiting.status()) == ("ACCEPTED", True, "CREATE_COMPLETE")


def test_a_wait_condition_that_is_not_signalled_times_out(waiting: Waiting) -> None:
    operation_id = waiting.begin({"Handle": HANDLE, "Ready": condition(1)})
    waiting.expire(operation_id)
    waiting.run(operation_id)

    message = "WaitCondition timed out. Received 0 conditions when expecting 1"
    assert ("CREATE_FAILED", message) in waiting.reasons("Ready")


def test_a_wait_condition_fails_with_the_reason_of_its_signal(waiting: Waiting) -> None:
    operation_id = waiting.begin({"Handle": HANDLE, "Ready": condition(1)})
    waiting.signal(f"{operation_id}//Handle/1/create", Status="FAILURE", Reason="no disk")
    waiting.run(operation_id)

    message = "WaitCondition received failed message: 'no disk' for uniqueId: i-1"
    assert ("CREATE_FAILED", message) in waiting.reasons("Ready")
    waiting.check()


def test_a_wait_condition_is_met_by_a_simulated_signal(world: World) -> None:
    status = world.provision({"Handle": HANDLE, "Ready": condition()})

    assert status == "CREATE_COMPLETE"
    assert data_of(world) == {"simulated": "signal"}


def test_a_handle_is_known_by_the_address_that_can_be_called(waiting: Waiting) -> None:
    operation_id = waiting.begin({"Handle": HANDLE})

    address = next(one.physical_id for one in waiting.events() if one.status == "CREATE_COMPLETE")
    assert address == f"http://127.0.0.1:4566{PATH}{token_of(waiting.objects, f'{operation_id}//Handle/1/create')}"


class Hasty:
    """Signals a step at the first time that a point is reached, in the middle of the slice."""

    def __init__(self, world: Waiting, point: Point) -> None:
        self.world, self.point = world, point
        self.answers: list[str] = []

    def reach(self, point: Point, operation_id: str) -> None:
        if point == self.point and not self.answers:
            self.answers.append(self.world.signal(f"{operation_id}//A/1/create"))


@pytest.mark.parametrize("point", ["after intent", "after call", "after outcome"])
def test_a_signal_that_comes_while_a_slice_runs_is_heard(waiting: Waiting, point: Point) -> None:
    operation_id = waiting.submit(template({"A": signalled()}))
    hasty = Hasty(waiting, point)
    waiting.engine = waiting.new_engine(hasty)

    assert (waiting.slice(operation_id), hasty.answers) == (True, ["ACCEPTED"])
    assert waiting.status() == "CREATE_COMPLETE"


@pytest.mark.parametrize("bad", [{"Count": "many"}, {"Timeout": "soon"}])
def test_a_policy_that_cannot_be_read_fails_the_resource(world: World, bad: dict[str, str]) -> None:
    status = world.provision({"A": topic("a") | {"CreationPolicy": {"ResourceSignal": bad}}})

    assert status == "ROLLBACK_COMPLETE"


def test_a_death_at_any_point_loses_no_signal_and_waits_for_none_twice(tmp_path: Path) -> None:
    calm = Crashing()
    launch(tmp_path / "calm.sqlite", calm)

    for death in range(len(calm.reached)):
        assert launch(tmp_path / f"{death}.sqlite", Crashing(death)) == "CREATE_COMPLETE"


def launch(file: Path, probe: Crashing) -> str:
    """A launch that waits twice, carried on by a new engine after each death; returns the stack's status."""
    with open_world(f"sqlite:///{file}") as found:
        world = waits(found)
        operation_id = world.submit(template({"Handle": HANDLE, "Ready": condition(), "A": signalled()}))
        engine = world.new_engine(probe)
        for _ in range(50):
            try:
                if isinstance(engine.reconcile(operation_id), Done):
                    break
            except CrashError:
                world.pass_time(operation_id)
            for address in ("Handle", "A"):
                try_to_signal(world, f"{operation_id}//{address}/1/create")
        world.check()
        return world.status()


def try_to_signal(world: Waiting, step_token: str) -> None:
    """Signal a step if it can be by now."""
    try:
        world.signal(step_token)
    except ResourceNotFoundException:
        return


def test_a_resource_inside_a_nested_stack_is_complete_once_its_signals_came(waiting: Waiting) -> None:
    waiting.put_template("child.json", {"A": signalled(2), "B": topic("b", "A")})
    operation_id = waiting.begin({"Child": nested("child.json")})
    waiting.signal(f"{operation_id}/Child/A/1/create", UniqueId="i-1")
    ended = waiting.slice(operation_id)
    waiting.signal(f"{operation_id}/Child/A/1/create", UniqueId="i-2")

    assert (ended, waiting.slice(operation_id)) == (False, True)
    assert waiting.status() == "CREATE_COMPLETE"
    assert ("CREATE_IN_PROGRESS", "Received SUCCESS signal with UniqueId i-2") in waiting.reasons("A")
    assert sorted(waiting.names()) == ["a", "b"]
    waiting.check()


def test_a_failure_signal_inside_a_nested_stack_turns_the_stack_around_it_back(waiting: Waiting) -> None:
    waiting.put_template("child.json", {"A": signalled()})
    operation_id = waiting.begin({"Child": nested("child.json"), "B": topic("b")})
    waiting.signal(f"{operation_id}/Child/A/1/create", Status="FAILURE")
    waiting.run(operation_id)

    assert waiting.status() == "ROLLBACK_COMPLETE"
    assert ("CREATE_FAILED", "Received FAILURE signal with UniqueId i-1") in waiting.reasons("A")
    assert waiting.names() == {}
