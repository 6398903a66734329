"""The same scenarios on every target: the same statuses and documents, a cause that is named with who said it."""

import random
import re
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.end_to_end.scenarios.target import CANCEL, CHANGES, FAILURE, REPLACEMENT, ROLLBACK
from tests.end_to_end.scenarios.trial import FAILING, HANGING, SECOND, Trial

DOCUMENT = {
    "PlanId",
    "Status",
    "StatusMessage",
    "StatusReason",
    "ProvisionedProductId",
    "Fingerprint",
    "BaseFingerprint",
    "Summary",
    "Risks",
    "UnknownUntilExecution",
    "Simulated",
    "Changes",
}
CHANGE = {"Type", "ResourceChange", "Certainty", "Cause"}
TWO = {"Changed", "Replaced"}
BROKEN = {"TERRAFORM_OPEN_SOURCE": {"TAINTED", "ERROR"}}
"""Statuses of a product whose launch failed: TAINTED where Terraform left something, which the next plan repairs."""


def needs(trial: Trial, *points: str) -> None:
    """Skip by name where the target is honestly different."""
    for point in points:
        if reason := trial.target.differs.get(point):
            pytest.skip(f"{point}: {reason}")


def status_of(record: dict[str, Any]) -> tuple[str, str]:
    detail = record["RecordDetail"]
    return detail["RecordType"], detail["Status"]


def error_of(record: dict[str, Any]) -> str:
    return str(record["RecordDetail"]["RecordErrors"][0]["Description"])


def changes_of(trial: Trial, plan: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Action and replacement of each of the package's things, by its name."""
    names = {trial.target.address(name): name for name in ("Changed", "Replaced", "Added")}
    listed = [one for one in plan["ResourceChanges"] if one["LogicalResourceId"] in names]
    return {names[one["LogicalResourceId"]]: (one["Action"], one.get("Replacement")) for one in listed}


def keys_of(record: dict[str, Any]) -> set[str]:
    return {output["OutputKey"] for output in record["RecordOutputs"]}


def test_a_launch_makes_what_the_package_says(trial: Trial) -> None:
    record = trial.launch()

    assert status_of(record) == ("PROVISION_PRODUCT", "SUCCEEDED"), record
    assert trial.status() == "AVAILABLE"
    assert keys_of(record) == trial.target.outputs
    assert set(trial.things(record)) == TWO


def test_a_plan_of_a_launch_shows_each_thing_changes_nothing_and_is_executed(trial: Trial) -> None:
    plan = trial.plan()

    details = plan["ProvisionedProductPlanDetails"]
    document = trial.document(plan)
    before = trial.target.things(trial.served, trial.account, details["ProvisionProductId"])
    record = trial.execute(plan)
    assert details["Status"] == "CREATE_SUCCESS", details
    assert set(document) >= DOCUMENT
    assert document["Simulated"] is trial.target.is_simulated
    assert before == []
    assert status_of(record) == ("PROVISION_PRODUCT", "SUCCEEDED"), record
    assert set(trial.things(record)) == TWO
    needs(trial, CHANGES)
    assert changes_of(trial, plan) == {"Changed": ("ADD", None), "Replaced": ("ADD", None)}
    assert all(set(change) >= CHANGE for change in document["Changes"])
    assert document["Summary"] == {"Add": 2, "Modify": 0, "Replace": 0, "Remove": 0}


def test_an_update_in_place_keeps_what_is_there(trial: Trial) -> None:
    before = trial.things(trial.launch())

    plan = trial.plan(size=20)
    record = trial.execute(plan)

    assert status_of(record) == ("UPDATE_PROVISIONED_PRODUCT", "SUCCEEDED"), record
    assert trial.status() == "AVAILABLE"
    assert trial.things(record) == before
    needs(trial, CHANGES)
    needs(trial, REPLACEMENT)
    assert changes_of(trial, plan) == {"Changed": ("MODIFY", "FALSE")}


def test_an_update_replaces_what_the_plan_says_is_replaced_and_adds_what_is_new(trial: Trial) -> None:
    before = trial.things(trial.launch())

    plan = trial.plan(SECOND, zone="b")
    record = trial.execute(plan)

    after = trial.things(record)
    assert status_of(record) == ("UPDATE_PROVISIONED_PRODUCT", "SUCCEEDED"), record
    assert set(after) == {*TWO, "Added"}
    needs(trial, CHANGES)
    assert after["Changed"] == before["Changed"]
    assert after["Replaced"] != before["Replaced"]
    assert changes_of(trial, plan)["Added"] == ("ADD", None)
    needs(trial, REPLACEMENT)
    assert changes_of(trial, plan) == {"Replaced": ("MODIFY", "TRUE"), "Added": ("ADD", None)}
    assert trial.document(plan)["Summary"] == {"Add": 1, "Modify": 0, "Replace": 1, "Remove": 0}


def test_an_update_without_changes_says_so_and_changes_nothing(trial: Trial) -> None:
    before = trial.things(trial.launch())
    needs(trial, CHANGES)

    details = trial.plan()["ProvisionedProductPlanDetails"]
    record = trial.ended(trial.start_update())

    assert details["Status"] == "CREATE_FAILED"
    assert details["StatusMessage"].startswith("The submitted information didn't contain changes.")
    assert error_of(record) == "No updates are to be performed."
    assert (trial.status(), trial.things(record)) == ("AVAILABLE", before)


def test_a_launch_that_fails_tells_who_said_why(trial: Trial) -> None:
    needs(trial, FAILURE)

    record = trial.launch(FAILING)

    assert status_of(record) == ("PROVISION_PRODUCT", "FAILED")
    assert re.search(trial.target.cause, error_of(record)), error_of(record)
    assert trial.status() in BROKEN.get(trial.target.kind, {"ERROR"})
    needs(trial, ROLLBACK)
    assert trial.things(record) == {}


def test_an_update_that_fails_tells_who_said_why_and_is_turned_back(trial: Trial) -> None:
    needs(trial, FAILURE)
    before = trial.things(trial.launch())

    record = trial.ended(trial.start_update(FAILING, size=20, zone="b"))

    assert status_of(record) == ("UPDATE_PROVISIONED_PRODUCT", "FAILED")
    assert re.search(trial.target.cause, error_of(record)), error_of(record)
    assert trial.status() == "TAINTED"
    needs(trial, ROLLBACK)
    assert trial.things(record).keys() == before.keys()
    assert trial.things(record)["Changed"] == before["Changed"]


def test_what_failed_is_mended_by_the_next_plan(trial: Trial) -> None:
    needs(trial, FAILURE)
    trial.launch()
    trial.ended(trial.start_update(FAILING, size=20, zone="b"))

    record = trial.execute(trial.plan(SECOND, size=30, zone="c"))

    assert status_of(record) == ("UPDATE_PROVISIONED_PRODUCT", "SUCCEEDED"), record
    assert trial.status() == "AVAILABLE"
    assert set(trial.things(record)) == {*TWO, "Added"}


def test_a_server_killed_in_the_middle_of_a_launch_goes_on_and_makes_nothing_twice(trial: Trial) -> None:
    trial.target.delayed(trial.served, trial.account)
    record_id = trial.start()
    _kill_in_the_middle(trial, record_id)

    record = trial.ended(record_id)

    assert status_of(record) == ("PROVISION_PRODUCT", "SUCCEEDED"), record
    assert set(trial.things(record)) == TWO
    assert keys_of(record) == trial.target.outputs


def test_a_server_killed_in_the_middle_of_an_update_goes_on_and_makes_nothing_twice(trial: Trial) -> None:
    trial.launch()
    trial.target.delayed(trial.served, trial.account)
    record_id = trial.start_update(SECOND, size=20, zone="b")
    _kill_in_the_middle(trial, record_id)

    record = trial.ended(record_id)

    assert status_of(record) == ("UPDATE_PROVISIONED_PRODUCT", "SUCCEEDED"), record
    assert set(trial.things(record)) == {*TWO, "Added"}


def test_a_server_killed_while_it_plans_goes_on_with_the_plan(trial: Trial) -> None:
    made = trial.product.plan("mine", wait=False, ProvisioningParameters=trial.given())
    _kill_in_the_middle(trial)

    described = trial.planned(made["PlanId"])
    record = trial.execute(described)

    assert described["ProvisionedProductPlanDetails"]["Status"] == "CREATE_SUCCESS"
    assert status_of(record) == ("PROVISION_PRODUCT", "SUCCEEDED"), record
    assert set(trial.things(record)) == TWO


def _kill_in_the_middle(trial: Trial, record_id: str | None = None) -> None:
    """Kill the server three times: at once after it has begun, and at any time after that."""
    if record_id is not None:
        trial.begun(record_id)
    for _ in range(3):
        trial.served.kill()
        trial.served.start()
        time.sleep(random.uniform(0, 0.5))


def test_a_launch_that_hangs_is_cancelled_and_leaves_nothing(trial: Trial) -> None:
    needs(trial, CANCEL)
    record_id = trial.start(HANGING)
    trial.begun(record_id)

    trial.cancel(record_id)

    record = trial.ended(record_id)
    assert status_of(record) == ("PROVISION_PRODUCT", "FAILED")
    assert trial.status() in BROKEN.get(trial.target.kind, {"ERROR"})
    needs(trial, ROLLBACK)
    assert trial.things(record) == {}, trial.events(record_id)


def test_a_termination_leaves_nothing(trial: Trial) -> None:
    trial.launch()

    record = trial.terminate()

    assert status_of(record) == ("TERMINATE_PROVISIONED_PRODUCT", "SUCCEEDED"), record
    assert trial.things(record) == {}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        trial.status()


def test_what_failed_is_terminated(trial: Trial) -> None:
    needs(trial, FAILURE)
    trial.launch(FAILING)

    record = trial.terminate()

    assert status_of(record) == ("TERMINATE_PROVISIONED_PRODUCT", "SUCCEEDED"), record
    assert trial.things(record) == {}
