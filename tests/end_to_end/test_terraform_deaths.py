"""A server that runs Terraform is killed, Terraform is killed, both are: what was begun ends, and nothing is lost."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.contract.conftest import _free_port
from tests.contract.packages import needs_program, packed
from tests.contract.publishing import Published, publish, until
from tests.end_to_end.test_secrets import manciple

pytestmark = needs_program

ACCOUNT, REGION = "123456789012", "eu-west-1"

PACKAGE = """
resource "terraform_data" "first" { input = "made" }
resource "terraform_data" "slow" {
  input = terraform_data.first.output
  provisioner "local-exec" { command = "while [ ! -e DOOR ]; do sleep 0.05; done" }
}
resource "terraform_data" "last" { input = terraform_data.slow.id }
output "first" { value = terraform_data.first.id }
"""


class Victim:
    """A server in a process of its own, which can be killed and started again at the same address."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.directory = directory
        self.door = directory / "door"
        self._port = _free_port()
        self._stack = stack
        self.url = f"http://127.0.0.1:{self._port}"
        (directory / "settings.toml").write_text('[targets.terraform]\nprovisioners = ["local-exec"]\n')
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "HOME": str(self.directory),
            "MANCIPLE_CONFIG": str(self.directory / "settings.toml"),
            "MANCIPLE_DATA": str(self.directory / "data"),
            "MANCIPLE_PORT": str(self._port),
            "MANCIPLE_ENGINE__LEASE_SECONDS": "1",
            "MANCIPLE_LOG_LEVEL": "error",
        }
        self._process: Popen[str] = self._stack.enter_context(manciple(settings, "serve"))
        assert self._process.stdout
        assert self._process.stdout.readline().startswith("Manciple is ready")

    def kill(self) -> None:
        """Kill it at once."""
        self._process.kill()
        self._process.wait()

    def kill_program(self, *, supervisor: bool = False) -> None:
        """Kill the program and what it runs, and before that its supervisor."""
        run = next(one for one in (self.directory / "data" / "terraform").iterdir() if "-apply-" in one.name)
        if supervisor:
            os.kill(int((run / "started").read_text()), signal.SIGKILL)
        os.killpg(int((run / "working").read_text()), signal.SIGKILL)

    def client(self, service: str) -> Any:
        """A boto3 client of it."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="any",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def ask(self, path: str, method: str = "GET") -> Any:
        """Ask our own API."""
        headers = {"X-Manciple-Account": ACCOUNT, "X-Manciple-Region": REGION}
        request = urllib.request.Request(self.url + path, headers=headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def events(self, record_id: str) -> list[tuple[str, str]]:
        """What was told: logical id and status."""
        events = self.ask(f"/_manciple/records/{record_id}/events")["Events"]
        return [(one["LogicalResourceId"], one["ResourceStatus"]) for one in events]


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    with ExitStack() as stack:
        found = Victim(tmp_path, stack)
        yield found
        found.door.touch()


@pytest.fixture
def product(victim: Victim) -> Published:
    package = PACKAGE.replace("DOOR", str(victim.door))
    return publish(
        victim.client("servicecatalog"),
        victim.client("s3"),
        packed({"main.tf": package}),
        kind="TERRAFORM_OPEN_SOURCE",
    )


@pytest.fixture
def record_id(victim: Victim, product: Published) -> str:
    """A launch whose slow resource has begun."""
    detail = product.catalog.provision_product(
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[0],
        ProvisionedProductName="mine",
        ProvisionToken="token",
    )["RecordDetail"]
    until(
        lambda: victim.events(detail["RecordId"]),
        lambda events: ("terraform_data.slow", "CREATE_IN_PROGRESS") in events,
    )
    return str(detail["RecordId"])


def first_of(record: dict[str, Any]) -> str:
    """The id of the first resource, as the outputs tell it."""
    return str(next(one["OutputValue"] for one in record["RecordOutputs"] if one["OutputKey"] == "first"))


def test_a_run_outlives_a_killed_server_and_is_found_again(victim: Victim, product: Published, record_id: str) -> None:
    victim.kill()
    victim.start()
    victim.door.touch()

    record = product.wait_for_record(record_id)

    told = victim.events(record_id)
    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    assert len(told) == len(set(told))
    assert [one for one in told if one[1] == "CREATE_COMPLETE" and one[0].startswith("terraform_data")] == [
        ("terraform_data.first", "CREATE_COMPLETE"),
        ("terraform_data.slow", "CREATE_COMPLETE"),
        ("terraform_data.last", "CREATE_COMPLETE"),
    ]


def test_a_run_that_ends_while_there_is_no_server_loses_nothing(
    victim: Victim, product: Published, record_id: str
) -> None:
    victim.kill()
    victim.door.touch()
    victim.start()

    assert product.wait_for_record(record_id)["RecordDetail"]["Status"] == "SUCCEEDED"


@pytest.mark.parametrize("supervisor", [True, False])
def test_what_a_killed_run_had_made_is_taken_up_by_the_next_plan(
    victim: Victim, product: Published, record_id: str, supervisor: bool
) -> None:
    victim.kill()
    victim.kill_program(supervisor=supervisor)
    victim.start()
    failed = product.wait_for_record(record_id)
    victim.door.touch()
    made = next(
        one["PhysicalResourceId"]
        for one in victim.ask(f"/_manciple/records/{record_id}/events")["Events"]
        if (one["LogicalResourceId"], one["ResourceStatus"]) == ("terraform_data.first", "CREATE_COMPLETE")
    )

    plan_id = product.plan("mine")["ProvisionedProductPlanDetails"]["PlanId"]
    document = victim.ask(f"/_manciple/plans/{plan_id}")
    record = product.execute(plan_id)

    assert failed["RecordDetail"]["Status"] == "FAILED"
    assert "terraform_data.first was made by a run that was killed" in document["StatusMessage"]
    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    assert first_of(record) == made


def test_a_launch_that_is_cancelled_stops_terraform_and_keeps_what_it_made(
    victim: Victim, product: Published, record_id: str
) -> None:
    victim.ask(f"/_manciple/records/{record_id}/cancel", "POST")

    record = product.wait_for_record(record_id)

    found = product.describe("mine")
    plan = product.plan("mine")
    changes = {one["LogicalResourceId"]: one["Action"] for one in plan["ResourceChanges"]}
    assert record["RecordDetail"]["RecordErrors"][0]["Description"] == "User Initiated."
    assert found["Status"] == "TAINTED"
    assert changes == {"terraform_data.slow": "MODIFY", "terraform_data.last": "ADD"}
