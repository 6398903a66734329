"""Executions of service actions: runners that the operator maps documents to, told everything on stdin or in a body."""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from manciple.catalog.entities import ProvisionedProduct, Record
from manciple.engine import operation
from manciple.engine.drivers.in_process import InProcessDriver
from manciple.engine.limits import Limits
from manciple.engine.service_actions.execution import Execution, Target
from manciple.store.rows import PROVISIONED_PRODUCTS, RECORDS
from tests.engine.endpoints import Endpoint, open_endpoint
from tests.engine.test_crash import CrashError, Crashing, carry_out
from tests.engine.test_kill import worker
from tests.engine.worlds import ACCOUNT, PRODUCT, QUICK, REGION, World, open_world

DOCUMENT = "AWS-RestartEC2Instance"
MOST = 20

RECORDER = """
import json, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
request = json.load(sys.stdin)
with (folder / "calls").open("a") as file:
    file.write(json.dumps(request) + chr(10))
if (folder / request["Token"]).exists():
    print("already done")
else:
    (folder / request["Token"]).touch()
    print("restarted", *request["Parameters"].get("InstanceId", []))
{}
"""
"""A program that does its work once for each token and notes every call; what it does then is filled in."""


class Program:
    """A program for a test, and the calls that it got."""

    def __init__(self, folder: Path, then: str = "") -> None:
        self._folder = folder
        script = folder / "runner.py"
        script.write_text(RECORDER.format(then))
        self.argv = [sys.executable, str(script), str(folder)]

    def settings(self, **members: Any) -> dict[str, Any]:
        """The setting that maps documents to it."""
        return {"service_actions": {"AWS-*": {"argv": self.argv, **members}}}

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What it was given on stdin, call by call."""
        file = self._folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def execution(**members: Any) -> Execution:
    """An execution of the document against the test's product."""
    return Execution(
        **{
            "account": ACCOUNT,
            "region": REGION,
            "provisioned_product_id": PRODUCT,
            "target": "stack",
            "action_id": "act-aaaaaaaaaaaaa",
            "action_name": "Restart",
            "document": DOCUMENT,
            "version": "1",
            "role_arn": "arn:aws:iam::123456789012:role/operator",
            "values": {"InstanceId": ["i-1"]},
            "product": {"Id": PRODUCT},
            "targets": (Target(logical_id="Server", physical_id="i-1", type="AWS::EC2::Instance"),),
            **members,
        }
    )


def accept(world: World, found: Execution | None = None) -> str:
    """Accept an execution with its record and product, as the catalog does; nothing runs yet."""
    world.records += 1
    record_id, made = f"rec-{world.records}", found or execution()
    common: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "product_id": "prod-1",
        "provisioning_artifact_id": "pa-1",
        "path_id": "lpv3-1",
        "user_arn": "arn",
        "user_arn_session": "arn",
        "created_time": 0,
    }
    product = ProvisionedProduct(
        **common, id=PRODUCT, name="mine", arn="arn", status="UNDER_CHANGE", product_name="p", revision=7
    )
    record = Record(
        **common,
        id=record_id,
        type="EXECUTE_PROVISIONED_PRODUCT_SERVICE_ACTION",
        status="CREATED",
        updated_time=0,
        provisioned_product_id=PRODUCT,
        provisioned_product_name="mine",
    )
    with world.database.write() as tx:
        if PROVISIONED_PRODUCTS.get(tx, ACCOUNT, REGION, PRODUCT) is None:
            PROVISIONED_PRODUCTS.insert(tx, product)
        RECORDS.insert(tx, record)
        return operation.submit_action(tx, world.objects, made, record_id=record_id)


def record_of(world: World, record_id: str) -> Record:
    """A record as it stands."""
    with world.database.read() as tx:
        found = RECORDS.get(tx, ACCOUNT, REGION, record_id)
    assert found is not None
    return found


def ended(world: World, record_id: str) -> tuple[str, str, int]:
    """How it stands: the record's status, the product's, the product's revision."""
    with world.database.read() as tx:
        product = PROVISIONED_PRODUCTS.get(tx, ACCOUNT, REGION, PRODUCT)
    assert product is not None
    return record_of(world, record_id).status, product.status, product.revision


def told(world: World, record_id: str) -> list[tuple[str, str | None]]:
    """The events of an execution."""
    return [(event.status, event.reason) for event in world.events(record_id)]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with open_endpoint() as found:
        yield found


def test_a_program_gets_the_execution_on_stdin_and_its_exit_status_decides(database_url: str, program: Program) -> None:
    with open_world(database_url, **program.settings()) as world:
        record_id = accept(world)
        world.run(record_id)

        assert ended(world, record_id) == ("SUCCEEDED", "AVAILABLE", 7)
        assert told(world, record_id) == [("EXECUTE_IN_PROGRESS", None), ("EXECUTE_COMPLETE", "restarted i-1")]
        event = world.events(record_id)[0]
        assert (event.logical_id, event.physical_id) == ("Restart", DOCUMENT)
        assert program.calls == [
            {
                "Token": record_id,
                "Account": ACCOUNT,
                "Region": REGION,
                "ServiceAction": {"Id": "act-aaaaaaaaaaaaa", "Name": "Restart"},
                "Document": {"Name": DOCUMENT, "Version": "1"},
                "Parameters": {"InstanceId": ["i-1"]},
                "RoleArn": "arn:aws:iam::123456789012:role/operator",
                "ProvisionedProduct": {"Id": PRODUCT},
                "Targets": [
                    {
                        "LogicalResourceId": "Server",
                        "PhysicalResourceId": "i-1",
                        "ResourceType": "AWS::EC2::Instance",
                    }
                ],
            }
        ]


def test_a_program_that_fails_fails_the_record_with_the_end_of_its_output(sqlite_url: str, tmp_path: Path) -> None:
    program = Program(tmp_path, "print('no such instance', file=sys.stderr); sys.exit(3)")
    with open_world(sqlite_url, **program.settings()) as world:
        record_id = accept(world, execution(status_before="TAINTED"))
        world.run(record_id)

        reason = f"The program {sys.executable} ended with status 3. no such instance\nrestarted i-1"
        assert ended(world, record_id) == ("FAILED", "TAINTED", 7)
        [error] = record_of(world, record_id).errors
        assert sorted(error["Description"].split()) == sorted(reason.split())
        assert told(world, record_id)[-1] == ("EXECUTE_FAILED", error["Description"])


def test_without_a_runner_the_record_fails_naming_the_document(sqlite_url: str) -> None:
    with open_world(sqlite_url, service_actions={"Other-*": {"argv": ["true"]}}) as world:
        record_id = accept(world)
        world.run(record_id)

        reason = (
            f"No runner is set up for the document {DOCUMENT}; "
            "the operator names one in [service_actions] of the settings."
        )
        assert ended(world, record_id) == ("FAILED", "AVAILABLE", 7)
        assert record_of(world, record_id).errors[0]["Description"] == reason
        assert told(world, record_id) == [("EXECUTE_FAILED", reason)]


def test_a_program_that_is_not_there_fails_the_record(sqlite_url: str) -> None:
    with open_world(sqlite_url, service_actions={"*": {"argv": ["/no/such/program"]}}) as world:
        record_id = accept(world)
        world.run(record_id)

        assert record_of(world, record_id).errors[0]["Description"] == (
            "The program /no/such/program cannot be started: No such file or directory."
        )


def test_a_program_is_stopped_when_its_time_is_up_with_all_that_it_started(sqlite_url: str, tmp_path: Path) -> None:
    then = f"""
import subprocess
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1); open({str(tmp_path / "late")!r}, 'w')"])
time.sleep(60)
"""
    with open_world(sqlite_url, **Program(tmp_path, then).settings(seconds=0.5)) as world:
        record_id = accept(world)
        world.run(record_id)
        time.sleep(1)

        assert "It took longer than 0.5 s and was stopped." in record_of(world, record_id).errors[0]["Description"]
        assert not (tmp_path / "late").exists()


def test_a_program_may_leave_something_behind_that_keeps_its_output_open(sqlite_url: str, tmp_path: Path) -> None:
    then = "import subprocess; subprocess.Popen(['sleep', '30'])"
    with open_world(sqlite_url, **Program(tmp_path, then).settings()) as world:
        record_id = accept(world)
        world.run(record_id)

        assert ended(world, record_id)[0] == "SUCCEEDED"


def test_a_program_need_not_read_what_it_is_told(sqlite_url: str) -> None:
    large = {"Text": ["x" * 512] * 1_000}
    with open_world(sqlite_url, service_actions={"*": {"argv": ["true"]}}) as world:
        record_id = accept(world, execution(values=large))
        world.run(record_id)

        assert ended(world, record_id)[0] == "SUCCEEDED"


def test_a_program_may_close_its_output_before_it_is_done(sqlite_url: str, tmp_path: Path) -> None:
    then = "import os; sys.stdout.flush(); os.close(1); os.close(2); time.sleep(0.3); os._exit(4)"
    with open_world(sqlite_url, **Program(tmp_path, then).settings()) as world:
        record_id = accept(world, execution(values={"Text": ["x" * 512] * 1_000}))
        world.run(record_id)

        assert "ended with status 4. restarted" in record_of(world, record_id).errors[0]["Description"]


def test_endless_output_is_read_and_not_kept(sqlite_url: str, tmp_path: Path) -> None:
    then = "print('x' * 5_000_000); sys.exit(1)"
    with open_world(sqlite_url, **Program(tmp_path, then).settings()) as world:
        record_id = accept(world)
        world.run(record_id)

        description = record_of(world, record_id).errors[0]["Description"]
        assert description.startswith(f"The program {sys.executable} ended with status 1. …xxx")
        assert len(description) < 1_200


def test_neither_arguments_nor_environment_carry_values_or_our_settings(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANCIPLE_DATABASE", "postgresql://hunter2")
    monkeypatch.setenv("LEFT_AS_IT_IS", "yes")
    then = "import os; (folder / 'seen').write_text(json.dumps([sys.argv[1:], dict(os.environ)]))"
    program = Program(tmp_path, then)
    with open_world(sqlite_url, **program.settings()) as world:
        world.run(accept(world, execution(values={"Text": ["$(id)", "; id"]}, secrets=("$(id)",))))

    arguments, environment = json.loads((tmp_path / "seen").read_text())
    assert program.calls[0]["Parameters"] == {"Text": ["$(id)", "; id"]}
    assert arguments == [str(tmp_path)]
    assert "$(id)" not in json.dumps(environment)
    assert not [name for name in environment if name.startswith("MANCIPLE_")]
    assert environment["LEFT_AS_IT_IS"] == "yes"


def test_values_that_a_program_repeats_are_hidden(sqlite_url: str, tmp_path: Path) -> None:
    secret = 'hünter "2"'
    then = "print(request['Parameters']['Password'][0], json.dumps(request['Parameters']['Password']))"
    with open_world(sqlite_url, **Program(tmp_path, then).settings()) as world:
        record_id = accept(world, execution(values={"Password": [secret]}, secrets=(secret,)))
        world.run(record_id)

        assert told(world, record_id)[-1] == ("EXECUTE_COMPLETE", 'restarted\n**** ["****"]')


def test_a_program_may_ask_to_be_called_again(sqlite_url: str, tmp_path: Path) -> None:
    then = "sys.exit(75 if not (folder / 'calls').read_text().count(chr(10)) > 1 else 0)"
    program = Program(tmp_path, then)
    with open_world(sqlite_url, **program.settings()) as world:
        record_id = accept(world)
        world.run(record_id)

        assert ended(world, record_id)[0] == "SUCCEEDED"
        assert [call["Token"] for call in program.calls] == [record_id] * 2
        assert [status for status, _ in told(world, record_id)] == [*["EXECUTE_IN_PROGRESS"] * 3, "EXECUTE_COMPLETE"]


def test_an_endpoint_gets_the_execution_as_json(sqlite_url: str, endpoint: Endpoint) -> None:
    with open_world(sqlite_url, service_actions={DOCUMENT: {"url": endpoint.url}}) as world:
        record_id = accept(world)
        world.run(record_id)

        assert ended(world, record_id) == ("SUCCEEDED", "AVAILABLE", 7)
        assert endpoint.last["Token"] == endpoint.headers[-1]["Idempotency-Key"] == record_id
        assert endpoint.last["Parameters"] == {"InstanceId": ["i-1"]}


def test_an_endpoint_that_is_not_well_is_asked_again_and_given_up_in_the_end(
    sqlite_url: str, endpoint: Endpoint
) -> None:
    with open_world(sqlite_url, service_actions={"*": {"url": endpoint.url}}) as world:
        endpoint.failures = 2
        first = accept(world)
        world.run(first)
        endpoint.failures = QUICK.attempts
        second = accept(world)
        world.run(second)

        assert ended(world, first)[0] == "SUCCEEDED"
        assert record_of(world, second).errors[0]["Description"] == "The runner's endpoint answered 503."
        assert len(endpoint.requests) == 3 + QUICK.attempts


@pytest.mark.parametrize("status", [302, 400, 409])
def test_an_endpoint_that_refuses_is_not_asked_again(sqlite_url: str, endpoint: Endpoint, status: int) -> None:
    endpoint.status, endpoint.location = status, endpoint.url
    with open_world(sqlite_url, service_actions={"*": {"url": endpoint.url}}) as world:
        record_id = accept(world)
        world.run(record_id)

        assert record_of(world, record_id).errors[0]["Description"] == f"The runner's endpoint answered {status}."
        assert len(endpoint.requests) == 1


def test_a_death_at_any_point_repeats_the_call_under_its_token_at_most(database_url: str, endpoint: Endpoint) -> None:
    with open_world(database_url, service_actions={"*": {"url": endpoint.url}}) as world:
        for death in range(MOST):
            world.clear()
            endpoint.requests.clear()
            probe = Crashing(death)
            record_id = accept(world)
            carry_out(world, record_id, probe)

            assert ended(world, record_id) == ("SUCCEEDED", "AVAILABLE", 7), f"died at point {death}"
            assert {request["Token"] for request in endpoint.requests} == {record_id}
            statuses = [status for status, _ in told(world, record_id)]
            assert statuses[-1] == "EXECUTE_COMPLETE"
            assert statuses.count("EXECUTE_COMPLETE") == 1
            assert len(statuses) == len(set(enumerate(statuses)))
            if death >= len(probe.reached):
                assert len(endpoint.requests) == 1
                return
    raise AssertionError(f"more than {MOST} points")


def test_an_action_that_takes_every_worker_down_is_given_up(sqlite_url: str, endpoint: Endpoint) -> None:
    limits = Limits(backoff=0, claims=3, poll=50)
    with open_world(sqlite_url, limits, service_actions={"*": {"url": endpoint.url}}) as world:
        record_id = accept(world)
        for _ in range(limits.claims):
            run_a_slice(world, record_id, Crashing(1))
        before = world.operation(record_id).phase
        run_a_slice(world, record_id, Crashing(1))

        assert (before, world.operation(record_id).phase) == ("forward", "done")
        assert ended(world, record_id)[:2] == ("FAILED", "AVAILABLE")
        assert "was given up after 3 slices that did not end" in record_of(world, record_id).errors[0]["Description"]


def run_a_slice(world: World, operation_id: str, probe: Crashing) -> None:
    """Run one slice, which may die."""
    world.pass_time(operation_id)
    with suppress(CrashError):
        world.new_engine(probe).reconcile(operation_id)


@contextmanager
def driver_of(world: World) -> Iterator[InProcessDriver]:
    """A driver at work."""
    driver = InProcessDriver(world.engine)
    driver.start()
    try:
        yield driver
    finally:
        driver.stop()


def wait_for(seen: Callable[[], bool]) -> None:
    """Wait until something is seen."""
    deadline = time.monotonic() + 30
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_server_that_stops_breaks_the_program_off_and_the_next_one_calls_it_again(
    database_url: str, tmp_path: Path
) -> None:
    then = "time.sleep(60 if (folder / 'calls').read_text().count(chr(10)) == 1 else 0)"
    program = Program(tmp_path, then)
    with open_world(database_url, **program.settings()) as world:
        record_id = accept(world)
        with driver_of(world):
            wait_for(lambda: len(program.calls) == 1)
        interrupted = ended(world, record_id)[:2]
        with driver_of(world):
            world.wait_until_done(record_id)

        assert interrupted == ("IN_PROGRESS", "UNDER_CHANGE")
        assert ended(world, record_id)[:2] == ("SUCCEEDED", "AVAILABLE")
        assert [call["Token"] for call in program.calls] == [record_id] * 2
        assert told(world, record_id)[1] == ("EXECUTE_IN_PROGRESS", f"Started again under the token {record_id}.")


def test_a_killed_worker_leaves_an_action_that_the_next_one_calls_again_under_its_token(
    sqlite_url: str, tmp_path: Path
) -> None:
    program = Program(tmp_path, "time.sleep(0.7)")
    with open_world(sqlite_url, **program.settings()) as world:
        record_id = accept(world)
        with worker(sqlite_url, **program.settings()) as first:
            wait_for(lambda: len(program.calls) == 1)
            first.send(signal.SIGKILL)
        with worker(sqlite_url, **program.settings()):
            world.wait_until_done(record_id)

        assert ended(world, record_id)[:2] == ("SUCCEEDED", "AVAILABLE")
        assert [call["Token"] for call in program.calls] == [record_id] * 2
        assert told(world, record_id)[-1] == ("EXECUTE_COMPLETE", "already done")


def test_who_has_lost_the_lease_stops_the_program_and_writes_nothing(database_url: str, tmp_path: Path) -> None:
    program = Program(tmp_path, "time.sleep(60 if (folder / 'calls').read_text().count(chr(10)) == 1 else 0)")
    with open_world(database_url, Limits(lease=600, poll=50), **program.settings()) as world:
        record_id = accept(world)
        overtaken = Thread(target=world.new_engine().reconcile, args=(record_id,))
        overtaken.start()
        wait_for(lambda: len(program.calls) == 1)
        world.run(record_id)
        overtaken.join(20)

        assert not overtaken.is_alive()
        assert ended(world, record_id)[:2] == ("SUCCEEDED", "AVAILABLE")
        assert [status for status, _ in told(world, record_id)] == [*["EXECUTE_IN_PROGRESS"] * 2, "EXECUTE_COMPLETE"]
        assert len(program.calls) == 2


def test_a_long_action_keeps_its_lease(database_url: str, tmp_path: Path) -> None:
    program = Program(tmp_path, "time.sleep(1.5)")
    with open_world(database_url, Limits(lease=600, poll=50), **program.settings()) as world:
        record_id = accept(world)
        with driver_of(world), driver_of(world):
            world.wait_until_done(record_id)

        assert len(program.calls) == 1
