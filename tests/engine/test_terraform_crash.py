"""The process may die around any run of Terraform: everything is made once, and what was begun is found again."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from manciple.app import Server
from manciple.engine import operation
from manciple.engine.events import list_events
from manciple.engine.launch import Launch, Termination
from manciple.engine.memory import Memory
from manciple.engine.probe import Probe
from manciple.engine.reconcile import Done, Engine
from manciple.engine.targets.terraform import TerraformTarget
from manciple.store.database import Database
from manciple.store.objects import Objects
from manciple.store.sealed import Seal, read_key
from manciple.store.tables.engine import INSTANCE, OPERATION
from manciple.store.tables.terraform import TERRAFORM_RUN, TERRAFORM_STATE
from tests.contract.conftest import serve
from tests.contract.packages import needs_program, packed
from tests.engine.test_crash import CrashError, Crashing
from tests.engine.worlds import ACCOUNT, PRODUCT, QUICK, REGION, World

pytestmark = needs_program

PACKAGE = """
variable "name" { default = "a" }
resource "terraform_data" "one" { input = var.name }
resource "terraform_data" "two" { triggers_replace = terraform_data.one.output }
"""
MOST = 12
"""No scenario reaches more points."""


class TerraformWorld(World):
    """A world whose products Terraform deploys; a server without an engine keeps their states."""

    def __init__(self, database: Database, url: str, data: Path) -> None:
        self._url = url
        self._data = data
        super().__init__(database, QUICK)
        self.objects = Objects(Seal(read_key(data / "secret.key", create=False)))

    def new_engine(self, probe: Probe | None = None, *, remembers: bool = False) -> Engine:
        found = super().new_engine(probe)
        parts = dataclasses.replace(found.parts, public_url=self._url)
        target = TerraformTarget(self.settings.targets.terraform, self._data)
        return Engine(parts, {target.name: target}, Memory(64 if remembers else 0))

    def accept(self, kind: str, **parameters: str) -> str:
        """Accept a launch, an update or a termination; nothing runs yet."""
        self.records += 1
        record_id = f"rec-{self.records}"
        with self.database.write() as tx:
            if kind == "terminate":
                termination = Termination(
                    account=ACCOUNT, region=REGION, provisioned_product_id=PRODUCT, target="terraform"
                )
                return operation.submit_termination(tx, self.objects, termination, record_id=record_id)
            launch = Launch(
                account=ACCOUNT,
                region=REGION,
                provisioned_product_id=PRODUCT,
                template_digest=self.objects.put(tx, packed({"main.tf": PACKAGE})),
                target="terraform",
                parameters=parameters,
            )
            submit = operation.submit_provision if kind == "provision" else operation.submit_update
            return submit(tx, self.objects, launch, record_id=record_id)

    def carry_out(self, operation_id: str, probe: Probe | None = None) -> None:
        """Run slices until the operation is done; the program takes its time."""
        engine, deadline = self.new_engine(probe), time.monotonic() + 60
        while not isinstance(engine.reconcile(operation_id), Done):
            assert time.monotonic() < deadline, f"{operation_id} does not end"
            time.sleep(0.02)
            self.pass_time(operation_id)

    def leave(self, url: str) -> None:
        """Say another address of the server from here on."""
        self._url = url

    def heard(self, operation_id: str) -> list[tuple[str, str]]:
        """The resources' events."""
        with self.database.read() as tx:
            events = list_events(tx, operation_id)
        return [(one.logical_id, one.status) for one in events if one.type == "terraform_data"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    yield from serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, execute=False)


@pytest.fixture
def world(server: Server, tmp_path: Path) -> Iterator[TerraformWorld]:
    database = Database(str(server.settings.database))
    yield TerraformWorld(database, server.url, tmp_path)
    database.close()


def launch(world: TerraformWorld) -> str:
    return world.accept("provision")


def update(world: TerraformWorld) -> str:
    world.carry_out(world.accept("provision"))
    return world.accept("update", name="b")


def termination(world: TerraformWorld) -> str:
    world.carry_out(world.accept("provision"))
    return world.accept("terminate")


def made(verb: str, *names: str) -> list[tuple[str, str]]:
    return [(f"terraform_data.{name}", f"{verb}_{status}") for name in names for status in ("IN_PROGRESS", "COMPLETE")]


TOLD: dict[Callable[[TerraformWorld], str], list[tuple[str, str]]] = {
    launch: [*made("CREATE", "one"), *made("CREATE", "two")],
    update: [*made("DELETE", "two"), *made("UPDATE", "one"), *made("CREATE", "two")],
    termination: [*made("DELETE", "two"), *made("DELETE", "one")],
}


@pytest.mark.parametrize("scenario", TOLD)
def test_a_death_at_any_point_changes_nothing_and_nothing_is_done_twice(
    scenario: Callable[[TerraformWorld], str], world: TerraformWorld
) -> None:
    counting = Crashing()
    world.carry_out(scenario(world), counting)
    points = len(counting.reached)
    assert 0 < points <= MOST

    for death in range(points):
        world.clear()
        operation_id = scenario(world)
        with suppress(CrashError):
            world.carry_out(operation_id, Crashing(death))
        world.pass_time(operation_id)
        world.carry_out(operation_id)

        state = world.rows(TERRAFORM_STATE)[0]
        assert sorted(world.heard(operation_id)) == sorted(TOLD[scenario]), counting.reached[death]
        assert world.operation(operation_id).reason is None
        assert state.lock_id is None
        assert [run for run in world.rows(TERRAFORM_RUN) if run.ended_time is None] == []
        assert len(world.rows(INSTANCE)) == (0 if scenario is termination else 2)


def test_a_state_that_cannot_be_reached_fails_with_what_to_set(world: TerraformWorld) -> None:
    world.leave("http://127.0.0.1:1")

    operation_id = world.accept("provision")
    world.carry_out(operation_id)

    reason = world.operation(operation_id).reason or ""
    assert reason.startswith("Terraform said: ")
    assert "public_url; it has to be reachable from here" in reason


def take_away(world: TerraformWorld, operation_id: str, *, silent: bool) -> None:
    """Let another host be the one that has the operation's run, heard of just now or long ago."""
    with world.database.write() as tx:
        handle = dict(world.operation(operation_id).handle or {})
        handle |= {"host": "elsewhere:/data", "heard": 1 if silent else tx.now()}
        tx.execute(sa.update(OPERATION).where(OPERATION.c.id == operation_id).values(handle=handle))


def begin(world: TerraformWorld, stage: str) -> str:
    """A launch whose run of a stage has just begun."""
    operation_id, engine = world.accept("provision"), world.new_engine()
    while (world.operation(operation_id).handle or {}).get("stage") != stage:
        engine.reconcile(operation_id)
        time.sleep(0.02)
        world.pass_time(operation_id)
    return operation_id


def test_a_run_of_another_host_is_left_alone_while_that_tells_of_it(world: TerraformWorld) -> None:
    operation_id = begin(world, "apply")
    take_away(world, operation_id, silent=False)
    before = world.operation(operation_id).handle

    world.new_engine().reconcile(operation_id)

    assert world.operation(operation_id).handle == before


def test_a_plan_of_a_host_that_fell_silent_is_begun_anew(world: TerraformWorld) -> None:
    operation_id = begin(world, "plan")
    take_away(world, operation_id, silent=True)

    world.pass_time(operation_id)
    world.carry_out(operation_id)

    assert world.operation(operation_id).reason is None
    assert sorted(world.heard(operation_id)) == sorted(TOLD[launch])


def test_an_execution_of_a_host_that_fell_silent_fails_and_is_not_done_twice(world: TerraformWorld) -> None:
    operation_id = begin(world, "apply")
    take_away(world, operation_id, silent=True)

    world.pass_time(operation_id)
    world.carry_out(operation_id)

    assert (world.operation(operation_id).reason or "").startswith("The run was killed before it could tell")
    assert [run for run in world.rows(TERRAFORM_RUN) if run.ended_time is None] == []
