"""Products of Terraform packages: planned, launched, changed and ended by the real program."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from manciple.app import Server
from tests.contract.conftest import REGION
from tests.contract.packages import needs_program, packed
from tests.contract.publishing import Published
from tests.contract.raw import send
from tests.contract.requests import refusal

pytestmark = needs_program

FIRST = """
variable "name" { type = string }
variable "zone" {
  type    = string
  default = "a"
}
variable "sizes" {
  type    = list(number)
  default = [1, 2]
}
variable "password" {
  type      = string
  sensitive = true
  default   = "hunter2-and-more"
}
resource "terraform_data" "named" { input = { name = var.name, sizes = var.sizes } }
resource "terraform_data" "placed" {
  input            = var.name
  triggers_replace = [var.zone]
}
resource "terraform_data" "follower" { input = terraform_data.placed.id }
resource "terraform_data" "guarded" { input = { password = var.password } }
output "name" {
  value       = terraform_data.named.output.name
  description = "What it is called"
}
output "sizes" { value = terraform_data.named.output.sizes }
output "secret" {
  value     = terraform_data.guarded.output.password
  sensitive = true
}
"""
SECOND = FIRST.replace('resource "terraform_data" "follower" { input = terraform_data.placed.id }', "") + (
    'resource "terraform_data" "extra" { input = "new" }\n'
)


@pytest.fixture
def own(server: Server, account: str) -> Callable[[str], Any]:
    """Asks our own API for a document."""

    def ask(path: str) -> Any:
        headers = {"X-Manciple-Account": account, "X-Manciple-Region": REGION}
        return json.loads(send(server, "GET", path, headers).body)

    return ask


def given(**values: str) -> list[dict[str, str]]:
    """Provisioning parameters."""
    return [{"Key": name, "Value": value} for name, value in values.items()]


@pytest.fixture
def product(publish: Callable[..., Published]) -> Published:
    return publish(packed({"main.tf": FIRST}), packed({"main.tf": SECOND}), kind="TERRAFORM_OPEN_SOURCE")


def changes(plan: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Action and replacement by address."""
    return {one["LogicalResourceId"]: (one["Action"], one.get("Replacement")) for one in plan["ResourceChanges"]}


def test_a_plan_shows_what_a_launch_makes_and_executing_it_makes_that(product: Published) -> None:
    plan = product.plan("mine", ProvisioningParameters=given(name="one", sizes="[3]"))

    details = plan["ProvisionedProductPlanDetails"]
    assert details["Status"] == "CREATE_SUCCESS", details
    assert changes(plan) == {
        f"terraform_data.{name}": ("ADD", None) for name in ("named", "placed", "follower", "guarded")
    }

    record = product.execute(details["PlanId"])

    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    assert record["RecordOutputs"] == [
        {"OutputKey": "name", "OutputValue": "one", "Description": "What it is called"},
        {"OutputKey": "secret", "OutputValue": "****"},
        {"OutputKey": "sizes", "OutputValue": "[3]"},
    ]
    assert product.describe("mine")["Status"] == "AVAILABLE"


def test_a_variable_that_no_plan_keeps_is_given_again_when_it_is_applied(publish: Callable[..., Published]) -> None:
    package = """
variable "name" { type = string }
variable "token" {
  type      = string
  ephemeral = true
}
resource "terraform_data" "x" {
  input = var.name
  lifecycle {
    precondition {
      condition     = length(var.token) > 3
      error_message = "The token is too short."
    }
  }
}
output "x" { value = terraform_data.x.output }
"""
    product = publish(packed({"main.tf": package}), kind="TERRAFORM_OPEN_SOURCE")

    plan = product.plan("mine", ProvisioningParameters=given(name="one", token="a-token"))
    record = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])
    terminated = product.terminate("mine")

    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    assert record["RecordOutputs"] == [{"OutputKey": "x", "OutputValue": "one"}]
    assert terminated["RecordDetail"]["Status"] == "SUCCEEDED", terminated


def test_modules_of_a_package_are_planned_by_their_addresses(publish: Callable[..., Published]) -> None:
    files = {
        "main.tf": """
variable "names" { type = set(string) }
module "each" {
  source   = "./parts/one"
  for_each = var.names
  name     = each.key
}
output "all" { value = { for name, one in module.each : name => one.made } }
""",
        "parts/one/main.tf": """
variable "name" { type = string }
resource "terraform_data" "made" { input = "${var.name}: ${trimspace(file("${path.module}/word.txt"))}" }
output "made" { value = terraform_data.made.output }
""",
        "parts/one/word.txt": "hello\n",
    }
    product = publish(packed(files), kind="TERRAFORM_OPEN_SOURCE")

    plan = product.plan("mine", ProvisioningParameters=given(names='["a.b", "c"]'))
    record = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert changes(plan) == {
        'module.each["a.b"].terraform_data.made': ("ADD", None),
        'module.each["c"].terraform_data.made': ("ADD", None),
    }
    assert record["RecordOutputs"] == [{"OutputKey": "all", "OutputValue": '{"a.b":"a.b: hello","c":"c: hello"}'}]


def test_products_of_type_terraform_cloud_are_deployed_likewise(publish: Callable[..., Published]) -> None:
    package = packed({"./main.tf": 'output "x" { value = { a = [1, true, null] } }\n'})
    product = publish(package, kind="TERRAFORM_CLOUD")

    record = product.launch("mine")

    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    assert record["RecordOutputs"] == [{"OutputKey": "x", "OutputValue": '{"a":[1,true,null]}'}]
    assert product.describe("mine")["Type"] == "TERRAFORM_CLOUD"


@pytest.fixture
def launched(product: Published) -> Published:
    record = product.launch("mine", ProvisioningParameters=given(name="one"))
    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    return product


def test_an_update_shows_what_is_changed_replaced_and_removed_and_does_just_that(
    launched: Published, own: Callable[..., Any]
) -> None:
    plan = launched.plan("mine", 1, ProvisioningParameters=given(name="two", zone="b"))

    shown = changes(plan)
    record = launched.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])
    events = own(f"/_manciple/records/{record['RecordDetail']['RecordId']}/events")["Events"]
    assert shown == {
        "terraform_data.named": ("MODIFY", "FALSE"),
        "terraform_data.placed": ("MODIFY", "TRUE"),
        "terraform_data.extra": ("ADD", None),
        "terraform_data.follower": ("REMOVE", None),
    }
    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    told = [(one["LogicalResourceId"], one["ResourceStatus"]) for one in events]
    assert {one for one in told if one[0].startswith("terraform_data") and one[1].endswith("_COMPLETE")} == {
        ("terraform_data.named", "UPDATE_COMPLETE"),
        ("terraform_data.placed", "DELETE_COMPLETE"),
        ("terraform_data.placed", "CREATE_COMPLETE"),
        ("terraform_data.extra", "CREATE_COMPLETE"),
        ("terraform_data.follower", "DELETE_COMPLETE"),
    }
    assert told[0][1] == "UPDATE_IN_PROGRESS"
    assert told[-1][1] == "UPDATE_COMPLETE"


def test_a_plan_tells_values_and_causes_but_no_secret(launched: Published, own: Callable[..., Any]) -> None:
    plan = launched.plan("mine", ProvisioningParameters=given(name="two", zone="b", password="another-secret"))

    document = own(f"/_manciple/plans/{plan['ProvisionedProductPlanDetails']['PlanId']}")
    found = {one["ResourceChange"]["LogicalResourceId"]: one for one in document["Changes"]}
    text = json.dumps(document) + json.dumps(plan, default=str)
    details = found["terraform_data.placed"]["ResourceChange"]["Details"]
    assert "hunter2" not in text
    assert "another-secret" not in text
    assert found["terraform_data.placed"]["Cause"][:3] == [
        "Parameter zone",
        "var.zone",
        "terraform_data.placed.triggers_replace",
    ]
    assert {one["Target"]["Name"]: one["Target"]["RequiresRecreation"] for one in details}["triggers_replace.0"] == (
        "Always"
    )
    assert found["terraform_data.follower"]["Certainty"] == "if changed"
    assert found["terraform_data.guarded"]["ResourceChange"]["Action"] == "Modify"
    assert "terraform_data.placed.id" in document["UnknownUntilExecution"]
    assert document["Summary"] == {"Add": 0, "Modify": 3, "Replace": 1, "Remove": 0}
    assert document["Simulated"] is False


def test_a_plan_without_changes_fails_as_aws_says(launched: Published) -> None:
    plan = launched.plan("mine", ProvisioningParameters=given(name="one"))

    details = plan["ProvisionedProductPlanDetails"]
    assert details["Status"] == "CREATE_FAILED"
    assert details["StatusMessage"].startswith("The submitted information didn't contain changes.")


def test_an_update_without_changes_leaves_the_product_as_it_is(launched: Published) -> None:
    record = launched.update("mine", ProvisioningParameters=given(name="one"))

    assert record["RecordDetail"]["RecordErrors"][0]["Description"] == "No updates are to be performed."
    assert launched.describe("mine")["Status"] == "AVAILABLE"


def test_an_update_takes_previous_values_of_parameters(launched: Published) -> None:
    previous = [{"Key": "name", "UsePreviousValue": True}, {"Key": "zone", "Value": "c"}]

    record = launched.update("mine", ProvisioningParameters=previous)

    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    assert record["RecordOutputs"][0]["OutputValue"] == "one"


def test_a_termination_destroys_everything(launched: Published, own: Callable[..., Any]) -> None:
    record = launched.terminate("mine")

    events = own(f"/_manciple/records/{record['RecordDetail']['RecordId']}/events")["Events"]
    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    gone = {one["LogicalResourceId"] for one in events if one["ResourceStatus"] == "DELETE_COMPLETE"}
    assert {f"terraform_data.{name}" for name in ("named", "placed", "follower", "guarded")} < gone
    assert refusal(lambda: launched.describe("mine"))[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (given(name="one", colour="red"), "Parameter colour is no variable of the package; its variables are: name, "),
        (given(name="one", sizes="many"), "Parameter sizes is of type list(number); its value has to be JSON"),
        (
            given(),
            "Parameters: [name] must have values; the package gives them no default.",
        ),
    ],
)
def test_parameters_that_do_not_fit_fail_the_plan(
    product: Published, parameters: list[dict[str, str]], said: str
) -> None:
    plan = product.plan("mine", ProvisioningParameters=parameters)

    details = plan["ProvisionedProductPlanDetails"]
    assert details["Status"] == "CREATE_FAILED"
    assert details["StatusMessage"].startswith(said)


def test_what_the_operator_has_not_allowed_is_refused_before_anything_is_run(
    publish: Callable[..., Published],
) -> None:
    package = 'resource "terraform_data" "x" {\n  provisioner "local-exec" { command = "true" }\n}\n'
    product = publish(packed({"main.tf": package}), kind="TERRAFORM_OPEN_SOURCE")

    plan = product.plan("mine")

    details = plan["ProvisionedProductPlanDetails"]
    assert details["Status"] == "CREATE_FAILED"
    assert "local-exec" in details["StatusMessage"]
    assert "targets.terraform.provisioners" in details["StatusMessage"]


def test_a_precondition_that_does_not_hold_fails_a_launch_in_terraforms_words(
    publish: Callable[..., Published],
) -> None:
    package = """
variable "size" { type = number }
resource "terraform_data" "x" {
  input = var.size
  lifecycle {
    precondition {
      condition     = var.size > 3
      error_message = "The size is too small."
    }
  }
}
"""
    product = publish(packed({"main.tf": package}), kind="TERRAFORM_OPEN_SOURCE")

    record = product.launch("mine", ProvisioningParameters=given(size="1"))

    assert record["RecordDetail"]["RecordErrors"][0]["Description"].startswith(
        "Terraform said of terraform_data.x (main.tf line 7): Resource precondition failed: The size is too small."
    )
    assert product.describe("mine")["Status"] == "ERROR"


def test_a_deleted_plan_leaves_nothing(product: Published, catalog: Any) -> None:
    plan = product.plan("mine", ProvisioningParameters=given(name="one"))

    catalog.delete_provisioned_product_plan(PlanId=plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert refusal(lambda: product.describe("mine"))[0] == "ResourceNotFoundException"
    assert product.plan("mine", ProvisioningParameters=given(name="one"))["ResourceChanges"]
