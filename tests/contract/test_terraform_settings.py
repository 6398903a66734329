"""Terraform under settings of an operator: provisioners that are allowed, types by rule, plans that hold no more."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from manciple.app import Server
from manciple.store.objects import Objects
from manciple.store.sealed import Seal, read_key
from manciple.store.terraform import keep_version, state_of
from tests.contract.conftest import REGION, serve
from tests.contract.packages import needs_program, packed
from tests.contract.publishing import Published, until
from tests.contract.raw import send
from tests.contract.requests import refusal, stored

pytestmark = needs_program

SECRET = "planted-in-a-package-5e1f"
TWO = """
variable "fails" {
  type    = bool
  default = false
}
resource "terraform_data" "first" { input = "made" }
resource "terraform_data" "second" {
  input            = terraform_data.first.output
  triggers_replace = var.fails
  provisioner "local-exec" { command = "! ${var.fails}" }
}
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("terraform")


@pytest.fixture(scope="module")
def allowing_server(directory: Path) -> Iterator[Server]:
    """A server that lets packages run commands, and gives EXTERNAL products to Terraform."""
    os.environ |= {"MANCIPLE_TEST_SEEN": "seen", "MANCIPLE_TEST_HIDDEN": "hidden", "MANCIPLE_TEST_TOKEN": "planted"}
    flags = {
        "targets.terraform.provisioners": ("local-exec",),
        "targets.terraform.environment": ("MANCIPLE_TEST_SEEN", "MANCIPLE_TEST_TOKEN"),
        "targets.rules": [{"target": "terraform", "product_type": "EXTERNAL"}],
        "log_level": "debug",
    }
    yield from serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, **flags)


@pytest.fixture
def server(allowing_server: Server) -> Server:
    return allowing_server


@pytest.fixture
def two(publish: Callable[..., Published]) -> Published:
    return publish(packed({"main.tf": TWO}), kind="TERRAFORM_OPEN_SOURCE")


def given(**values: str) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in values.items()]


def reason(record: dict[str, Any]) -> str:
    return str(record["RecordDetail"]["RecordErrors"][0]["Description"])


def own(server: Server, account: str, path: str) -> Any:
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": REGION}
    return json.loads(send(server, "GET", path, headers).body)


def test_a_launch_that_fails_half_way_is_tainted_and_the_next_plan_repairs_it(
    two: Published, server: Server, account: str
) -> None:
    failed = two.launch("mine", ProvisioningParameters=given(fails="true"))

    events = own(server, account, f"/_manciple/records/{failed['RecordDetail']['RecordId']}/events")["Events"]
    told = {(one["LogicalResourceId"], one["ResourceStatus"]): one.get("ResourceStatusReason") for one in events}
    status = two.describe("mine")["Status"]
    plan = two.plan("mine", ProvisioningParameters=given(fails="false"))
    record = two.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])
    said = "Terraform said of terraform_data.second: local-exec provisioner error: "
    assert reason(failed).startswith(said)
    assert (told["terraform_data.second", "CREATE_FAILED"] or "").startswith(said)
    assert status == "TAINTED"
    assert [(one["LogicalResourceId"], one["Action"]) for one in plan["ResourceChanges"]] == [
        ("terraform_data.second", "MODIFY")
    ]
    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    assert two.describe("mine")["Status"] == "AVAILABLE"


def test_a_plan_that_is_stale_is_refused_and_says_so(two: Published, server: Server, account: str) -> None:
    two.launch("mine")
    plan_id = two.plan("mine", ProvisioningParameters=given(fails="true"))["ProvisionedProductPlanDetails"]["PlanId"]
    with stored(server) as tx:
        state = state_of(tx, account, REGION, two.describe("mine")["Id"])
        assert state is not None
        content = json.dumps({"version": 4, "serial": 99, "lineage": state.lineage, "resources": [], "outputs": {}})
        keep_version(tx, _objects(server), state, content.encode(), "rec-of-somebody-else")

    record = two.execute(plan_id)

    status = two.describe("mine")["Status"]
    fresh = two.plan("mine", ProvisioningParameters=given(fails="true"))["ProvisionedProductPlanDetails"]["PlanId"]
    compared = own(server, account, f"/_manciple/plans/{plan_id}/diff/{fresh}")
    assert reason(record) == (
        f"The plan is stale: it was made from serial {state.serial} of the state, which is at 99 now; "
        "make a new plan and compare it with this one."
    )
    assert status == "TAINTED"
    assert "terraform_data.first" in str(compared)


def test_a_run_sees_only_the_variables_of_the_environment_that_are_named(publish: Callable[..., Published]) -> None:
    package = """
resource "terraform_data" "x" {
  provisioner "local-exec" { command = "env > $TMPDIR/../package/seen" }
}
resource "terraform_data" "y" {
  depends_on = [terraform_data.x]
  provisioner "local-exec" { command = "cat seen >&2; false" }
}
"""
    product = publish(packed({"main.tf": package}), kind="TERRAFORM_OPEN_SOURCE")

    said = reason(product.launch("mine"))

    assert "MANCIPLE_TEST_SEEN=seen" in said
    assert "TF_HTTP_PASSWORD=****" in said
    assert "MANCIPLE_TEST_TOKEN=****" in said
    assert "hidden" not in said


def test_products_of_type_external_come_here_by_rule(publish: Callable[..., Published]) -> None:
    product = publish(packed({"main.tf": 'output "x" { value = 1 }\n'}), kind="EXTERNAL")

    record = product.launch("mine")

    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    assert record["RecordOutputs"] == [{"OutputKey": "x", "OutputValue": "1"}]
    assert product.describe("mine")["Type"] == "EXTERNAL"


def test_a_termination_that_retains_forgets_the_state(two: Published, server: Server, account: str) -> None:
    two.launch("mine")

    record = two.terminate("mine", RetainPhysicalResources=True)

    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    assert refusal(lambda: two.describe("mine"))[0] == "ResourceNotFoundException"


def test_no_file_row_log_or_answer_holds_a_sensitive_value(
    publish: Callable[..., Published],
    server: Server,
    account: str,
    directory: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    package = """
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "x" {
  input = { password = var.password, derived = "<${var.password}>" }
}
resource "terraform_data" "y" {
  triggers_replace = terraform_data.x.output
  provisioner "local-exec" { command = "echo ${nonsensitive(var.password)} >&2; false" }
}
output "password" {
  value     = terraform_data.x.output
  sensitive = true
}
"""
    product = publish(packed({"main.tf": package}), kind="TERRAFORM_OPEN_SOURCE")

    plan = product.plan("mine", ProvisioningParameters=given(password=SECRET))
    plan_id = plan["ProvisionedProductPlanDetails"]["PlanId"]
    document = own(server, account, f"/_manciple/plans/{plan_id}")
    record = product.execute(plan_id)
    again = product.plan("mine", ProvisioningParameters=given(password=f"{SECRET}-changed"))

    events = own(server, account, f"/_manciple/records/{record['RecordDetail']['RecordId']}/events")
    shown = str([plan, document, record, events, again, product.describe("mine")])
    left = [file for file in directory.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
    assert record["RecordDetail"]["Status"] == "FAILED"
    assert SECRET not in shown
    assert left == []
    assert SECRET not in "".join(capfd.readouterr())


def test_of_a_run_that_is_over_no_file_stays(two: Published, directory: Path) -> None:
    two.launch("mine")

    until(lambda: list((directory / "terraform").iterdir()), lambda found: found == [])


def _objects(server: Server) -> Objects:
    key = server.settings.secret_key_file
    assert key is not None
    return Objects(Seal(read_key(key, create=False)))
