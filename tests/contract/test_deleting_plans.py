"""Plans: delete."""

from collections.abc import Callable
from typing import Any

import pytest

from manciple.app import Server
from tests.contract import sandbox
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published
from tests.contract.requests import refusal

Publish = Callable[..., Published]


def body(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def details(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["ProvisionedProductPlanDetails"]
    return found


def test_deleting_the_plan_of_a_new_product_takes_the_product_with_it(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    plan = details(product.plan("mine"))

    answer = catalog.delete_provisioned_product_plan(PlanId=plan["PlanId"])

    assert body(answer) == {}
    assert refusal(lambda: product.describe("mine")) == (
        "ResourceNotFoundException",
        "Provisioned product not found: mine",
    )
    assert details(product.plan("mine"))["Status"] == "CREATE_SUCCESS"


def test_deleting_the_failed_plan_of_a_new_product_frees_the_name(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    failed = details(product.plan("mine", ProvisioningParameters=[{"Key": "Nope", "Value": "1"}]))

    catalog.delete_provisioned_product_plan(PlanId=failed["PlanId"], IgnoreErrors=True)

    assert product.launch("mine")["RecordDetail"]["Status"] == "SUCCEEDED"


def test_deleting_the_plan_of_an_update_drops_the_plan_alone(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")
    plan = details(product.plan("mine", 1))

    catalog.delete_provisioned_product_plan(PlanId=plan["PlanId"])

    assert product.describe("mine")["Status"] == "AVAILABLE"
    assert catalog.list_provisioned_product_plans()["ProvisionedProductPlans"] == []


def test_deleting_an_executed_plan_leaves_the_product(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    plan = details(product.plan("mine"))
    product.execute(plan["PlanId"])

    catalog.delete_provisioned_product_plan(PlanId=plan["PlanId"], IgnoreErrors=True)

    assert product.describe("mine")["Status"] == "AVAILABLE"
    code, message = refusal(lambda: catalog.describe_provisioned_product_plan(PlanId=plan["PlanId"]))
    assert code == "ResourceNotFoundException"
    assert plan["PlanId"] in message


def test_a_plan_whose_execution_failed_can_be_deleted(
    server: Server, account: str, catalog: Any, publish: Publish
) -> None:
    product = publish(QUEUE)
    plan = details(product.plan("mine"))
    sandbox.refuse(server, account, "Queue", "create")
    product.execute(plan["PlanId"])
    status = details(product.wait_for_plan(plan["PlanId"], "EXECUTE_IN_PROGRESS"))["Status"]

    catalog.delete_provisioned_product_plan(PlanId=plan["PlanId"])

    assert status == "EXECUTE_FAILED"
    assert product.describe("mine")["Status"] == "ERROR"


def test_a_plan_cannot_be_deleted_while_it_is_executed(
    server: Server, account: str, catalog: Any, publish: Publish
) -> None:
    product = publish(QUEUE)
    plan = details(product.plan("mine"))
    sandbox.hold(server, account, "Queue")
    product.execute(plan["PlanId"], wait=False)

    code, message = refusal(lambda: catalog.delete_provisioned_product_plan(PlanId=plan["PlanId"], IgnoreErrors=True))

    assert code == "InvalidParametersException"
    assert plan["PlanId"] in message


def test_a_plan_of_a_product_that_was_terminated_can_be_deleted_and_not_executed(
    catalog: Any, publish: Publish
) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")
    plan = details(product.plan("mine", 1))
    product.terminate("mine")

    code, message = refusal(lambda: product.execute(plan["PlanId"]))
    catalog.delete_provisioned_product_plan(PlanId=plan["PlanId"])

    assert code == "InvalidStateException"
    assert plan["ProvisionProductId"] in message
    assert catalog.list_provisioned_product_plans()["ProvisionedProductPlans"] == []


@pytest.mark.parametrize("operation", ["describe_provisioned_product_plan", "delete_provisioned_product_plan"])
def test_an_unknown_plan_is_not_found(catalog: Any, operation: str) -> None:
    code, message = refusal(lambda: getattr(catalog, operation)(PlanId="plan-aaaaaaaaaaaaa"))

    assert code == "ResourceNotFoundException"
    assert "plan-aaaaaaaaaaaaa" in message
