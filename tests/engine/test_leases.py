"""Two may want the same operation: one gets it, and whoever lost it writes nothing more."""

import threading
import time

import pytest
import sqlalchemy as sa

from manciple.engine.drivers.in_process import InProcessDriver
from manciple.engine.lease import Fenced, Lease, Unclaimed, claim
from manciple.engine.probe import Point
from manciple.engine.providers.faults import Fault
from manciple.engine.reconcile import Done
from manciple.store.tables.engine import EVENT, OPERATION, STEP
from manciple.store.tables.sandbox import SANDBOX_LEDGER
from tests.engine.worlds import World, template, topic

PLAIN = {"A": topic("a"), "B": topic("b", "A")}


class Stopping:
    """A process that is stopped at its first arrival at a point, and goes on when told to: a zombie."""

    def __init__(self, point: Point) -> None:
        self.stopped = threading.Event()
        self.go_on = threading.Event()
        self._point = point

    def reach(self, point: Point, operation_id: str) -> None:
        if point == self._point and not self.stopped.is_set():
            self.stopped.set()
            assert self.go_on.wait(30)


@pytest.mark.parametrize("point", ["before intent", "after intent", "inside call", "after call", "after outcome"])
def test_a_zombie_that_comes_back_after_its_lease_does_nothing_twice(world: World, point: Point) -> None:
    zombie = Stopping(point)
    operation_id = world.submit(template(PLAIN))
    thread = threading.Thread(target=world.new_engine(zombie).reconcile, args=(operation_id,))
    thread.start()
    assert zombie.stopped.wait(30)
    world.pass_time(operation_id)
    world.run(operation_id)
    told, steps = world.told(), world.rows(STEP)

    zombie.go_on.set()
    thread.join()

    world.check()
    assert world.told() == told
    assert world.rows(STEP) == steps
    assert world.names() == {"a": "", "b": "arn:aws:sns:eu-west-1:123456789012:a"}


def test_an_operation_that_is_being_worked_on_is_not_claimed_by_another(world: World) -> None:
    operation_id = world.submit(template(PLAIN))
    lease = claim(world.database, world.limits, operation_id)

    second = claim(world.database, world.limits, operation_id)

    assert isinstance(lease, Lease)
    assert isinstance(second, Unclaimed)
    assert second.at == world.operation(operation_id).lease


def test_every_claim_takes_a_new_epoch_and_fences_the_one_before(world: World) -> None:
    operation_id = world.submit(template(PLAIN))
    first = claim(world.database, world.limits, operation_id)
    world.pass_time(operation_id)
    second = claim(world.database, world.limits, operation_id)

    assert isinstance(first, Lease)
    assert isinstance(second, Lease)
    assert second.operation.epoch == first.operation.epoch + 1
    with pytest.raises(Fenced), world.database.write() as tx:
        first.hold(tx)
    with pytest.raises(Fenced):
        first.renew()


def test_two_engines_that_start_at_once_carry_an_operation_out_once(world: World) -> None:
    operation_id = world.submit(template({f"T{number}": topic(f"t{number}") for number in range(10)}))
    drivers = [InProcessDriver(world.new_engine()) for _ in range(2)]

    for driver in drivers:
        driver.start()
    world.wait_until_done(operation_id)
    for driver in drivers:
        driver.stop()

    world.check()
    assert [row.calls for row in world.rows(SANDBOX_LEDGER)] == [1] * 10
    assert len({(row.logical_id, row.status, row.reason) for row in world.rows(EVENT)}) == len(world.rows(EVENT))


def test_an_operation_that_is_done_is_not_touched_again(world: World) -> None:
    operation_id = world.submit(template(PLAIN))
    world.run(operation_id)
    (before,) = world.rows(OPERATION)

    answer = world.engine.reconcile(operation_id)

    assert answer == Done()
    assert world.rows(OPERATION) == [before]


def test_what_is_remembered_of_an_operation_is_forgotten_once_another_has_had_it(world: World) -> None:
    world.fault(Fault(selector="AWS::SNS::Topic", action="create", delay_ms=20))
    engines = [world.new_engine(remembers=True) for _ in range(2)]
    operation_id = world.submit(template({f"T{number}": topic(f"t{number}") for number in range(3)} | PLAIN))

    answers = []
    for number in range(1000):
        answers.append(engines[number % 2].reconcile(operation_id))
        if answers[-1] == Done():
            break
        time.sleep(0.005)

    assert answers[-1] == Done()
    assert world.status() == "CREATE_COMPLETE"
    world.check()


def test_an_operation_of_a_newer_format_is_left_to_a_newer_worker(world: World) -> None:
    operation_id = world.submit(template(PLAIN))
    with world.database.write() as tx:
        tx.execute(sa.update(OPERATION).values(format=99))

    assert isinstance(claim(world.database, world.limits, operation_id), Unclaimed)
