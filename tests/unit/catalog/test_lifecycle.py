"""What a status allows."""

from typing import Any

import pytest

from manciple.catalog import lifecycle
from manciple.catalog.entities import Plan, ProvisionedProduct


def product(status: Any, last_good: str | None = None) -> ProvisionedProduct:
    return ProvisionedProduct(
        account="1",
        region="r",
        id="pp-1",
        name="mine",
        arn="arn",
        status=status,
        created_time=0,
        product_id="prod-1",
        product_name="product",
        provisioning_artifact_id="pa-1",
        path_id="lpv3-1",
        user_arn="user",
        user_arn_session="user",
        last_successful_provisioning_record_id=last_good,
    )


def plan(id: str, status: Any) -> Plan:
    return Plan(
        account="1",
        region="r",
        id=id,
        name="plan",
        provisioned_product_id="pp-1",
        provisioned_product_name="mine",
        product_id="prod-1",
        provisioning_artifact_id="pa-1",
        path_id="lpv3-1",
        status=status,
        created_time=0,
        updated_time=0,
        user_arn="user",
        user_arn_session="user",
        is_new=False,
        base_revision=1,
        request_digest="",
    )


@pytest.mark.parametrize(
    ("status", "is_plannable"),
    [
        ("AVAILABLE", True),
        ("TAINTED", True),
        ("UNDER_CHANGE", False),
        ("PLAN_IN_PROGRESS", False),
        ("ERROR", False),
    ],
)
def test_a_plan_is_made_for_what_is_available_or_tainted(status: str, is_plannable: bool) -> None:
    assert lifecycle.is_plannable(product(status)) is is_plannable


def test_what_was_good_once_and_is_in_error_can_be_repaired_by_a_plan() -> None:
    assert lifecycle.is_plannable(product("ERROR", last_good="rec-1"))


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "CREATE_SUCCESS", "EXECUTE_IN_PROGRESS"])
def test_an_open_plan_stands_in_the_way(status: str) -> None:
    found = lifecycle.open_plan([plan("plan-0", "CREATE_FAILED"), plan("plan-1", status)], 1)

    assert found is not None
    assert found.id == "plan-1"


@pytest.mark.parametrize("status", ["CREATE_FAILED", "EXECUTE_SUCCESS", "EXECUTE_FAILED"])
def test_a_plan_that_has_ended_stands_in_nobodys_way(status: str) -> None:
    assert lifecycle.open_plan([plan("plan-1", status)], 1) is None


def test_as_many_plans_are_open_as_are_allowed() -> None:
    plans = [plan("plan-1", "CREATE_SUCCESS"), plan("plan-2", "CREATE_SUCCESS")]

    assert lifecycle.open_plan(plans[:1], 2) is None
    assert lifecycle.open_plan(plans, 2) == plans[0]


def test_a_blocked_product_is_told_of_in_awss_words() -> None:
    text = "Can't terminate provisioned product because it's still under change or its status does not allow further "

    assert lifecycle.blocked_message("terminate") == text + "operation"
