"""Faults on demand: a rehearsal of what goes wrong (contracts, section 3)."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from manciple.app import Server
from tests.contract.conftest import REGION
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published
from tests.contract.raw import Answer, issue_key, send, signed

PATH = "/_manciple/sandbox/faults"
NAMED_QUEUE = """
Parameters:
  Name: {Type: String, Default: first}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name}}
"""


@pytest.fixture
def put(server: Server, account: str) -> Callable[..., Answer]:
    """Replaces the faults of the test's account."""
    return lambda *faults: ask(server, account, "PUT", {"faults": list(faults)})


def ask(server: Server, account: str, method: str, document: Any = None, region: str = REGION) -> Answer:
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": region, "Content-Type": "application/json"}
    return send(server, method, PATH, headers, b"" if document is None else msgspec.json.encode(document))


def status_of(described: dict[str, Any]) -> str:
    return str(described["RecordDetail"]["Status"])


def test_a_plan_executes_fails_as_asked_and_rolls_back(
    publish: Callable[..., Published], put: Callable[..., Answer]
) -> None:
    product = publish(QUEUE_AND_TOPIC)
    put({"type": "AWS::SNS::Topic", "action": "create", "fail": {"code": "AccessDenied", "message": "not today"}})

    plan = product.plan("mine")["ProvisionedProductPlanDetails"]
    ended = product.execute(plan["PlanId"])

    assert status_of(ended) == "FAILED"
    assert "not today" in str(ended["RecordDetail"]["RecordErrors"])
    assert product.describe("mine")["Status"] == "ERROR"


def test_an_update_that_fails_leaves_the_product_tainted_and_what_it_was(
    publish: Callable[..., Published], put: Callable[..., Answer]
) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    put({"logical_id": "Queue", "action": "update", "fail": {"code": "InvalidRequest"}, "calls": 1})

    plan = product.plan("mine", ProvisioningParameters=[{"Key": "Delay", "Value": "5"}])
    ended = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert status_of(ended) == "FAILED"
    assert product.describe("mine")["Status"] == "TAINTED"


def test_what_a_clean_up_could_not_delete_is_listed_in_the_next_plan_and_removed_by_it(
    publish: Callable[..., Published], put: Callable[..., Answer]
) -> None:
    product = publish(NAMED_QUEUE)
    product.launch("mine")
    put({"logical_id": "Queue", "action": "delete", "fail": {"code": "InvalidRequest"}})
    product.update("mine", ProvisioningParameters=[{"Key": "Name", "Value": "second"}])
    put()

    plan = product.plan("mine", ProvisioningParameters=[{"Key": "Name", "Value": "second"}])
    ended = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])
    again = product.plan("mine", ProvisioningParameters=[{"Key": "Name", "Value": "second"}])

    (removal,) = plan["ResourceChanges"]
    assert (removal["Action"], removal["LogicalResourceId"]) == ("REMOVE", "Queue")
    assert removal["PhysicalResourceId"].endswith("/first")
    assert status_of(ended) == "SUCCEEDED"
    assert again["ProvisionedProductPlanDetails"]["Status"] == "CREATE_FAILED"


def test_a_fault_strikes_as_often_as_asked_and_counts_down(
    server: Server, account: str, publish: Callable[..., Published], put: Callable[..., Answer]
) -> None:
    product = publish(QUEUE)
    put({"type": "AWS::SQS::Queue", "action": "create", "fail": {"code": "InvalidRequest"}, "after": 1, "calls": 1})

    statuses = [status_of(product.launch(name)) for name in ("first", "second", "third")]

    assert statuses == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert ask(server, account, "GET").json["faults"][0]["calls"] == 0


def test_a_delayed_resource_succeeds_later(publish: Callable[..., Published], put: Callable[..., Answer]) -> None:
    product = publish(QUEUE)
    put({"logical_id": "Queue", "delay_ms": 50})

    assert status_of(product.launch("mine")) == "SUCCEEDED"


def test_a_failure_may_take_its_time(publish: Callable[..., Published], put: Callable[..., Answer]) -> None:
    product = publish(QUEUE)
    put(
        {
            "logical_id": "Queue",
            "action": "create",
            "fail": {"code": "InvalidRequest", "message": "late"},
            "delay_ms": 50,
        }
    )

    ended = product.launch("mine")

    assert "late" in str(ended["RecordDetail"]["RecordErrors"])


def test_what_is_put_is_answered_and_read_again(server: Server, account: str, put: Callable[..., Answer]) -> None:
    fault = {"type": "AWS::SQS::Queue", "action": "create", "time_out": True, "delay_ms": 1000, "calls": 2}
    other = {"logical_id": "Topic", "action": "delete", "fail": {"code": "NotFound", "message": "gone"}, "after": 3}

    answer = put(other, fault)

    assert answer.json == {"faults": [fault, other]}
    assert ask(server, account, "GET").json == answer.json
    assert ask(server, account, "GET", region="us-east-1").json == {"faults": []}


def test_without_an_action_a_fault_strikes_every_change(put: Callable[..., Answer]) -> None:
    answer = put({"logical_id": "Queue", "delay_ms": 5})

    assert [fault["action"] for fault in answer.json["faults"]] == ["create", "delete", "update"]


def test_a_time_out_without_a_delay_takes_two_hours_as_cloudformation_does(put: Callable[..., Answer]) -> None:
    answer = put({"logical_id": "Queue", "action": "create", "time_out": True})

    assert answer.json["faults"][0]["delay_ms"] == 7_200_000


def test_an_empty_list_ends_the_rehearsal(
    server: Server, account: str, publish: Callable[..., Published], put: Callable[..., Answer]
) -> None:
    put({"logical_id": "Queue", "fail": {"code": "InvalidRequest"}})
    put()

    assert ask(server, account, "GET").json == {"faults": []}
    assert status_of(publish(QUEUE).launch("mine")) == "SUCCEEDED"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"delay_ms": 5}, "one of type and logical_id"),
        ({"type": "AWS::SQS::Queue", "logical_id": "Queue", "delay_ms": 5}, "one of type and logical_id"),
        ({"type": "AWS::SQS::Kew", "delay_ms": 5}, "AWS::SQS::Kew"),
        ({"logical_id": "My Queue", "delay_ms": 5}, "My Queue"),
        ({"logical_id": "Queue"}, "fail, time_out or delay_ms"),
        ({"logical_id": "Queue", "fail": {}, "time_out": True}, "one of fail and time_out"),
        ({"logical_id": "Queue", "fail": {"code": "Bad"}}, "Bad"),
        ({"logical_id": "Queue", "delay_ms": -1}, "delay_ms"),
        ({"logical_id": "Queue", "delay_ms": 1, "action": "read"}, "read"),
        ({"logical_id": "Queue", "delay_ms": 1, "count": 1}, "count"),
    ],
)
def test_a_fault_that_says_nothing_useful_is_refused_by_name(
    put: Callable[..., Answer], fault: dict[str, Any], text: str
) -> None:
    answer = put(fault)

    assert (answer.status, answer.json["__type"]) == (400, "ValidationException")
    assert text in answer.json["Message"]


def test_two_faults_for_the_same_calls_are_refused(put: Callable[..., Answer]) -> None:
    answer = put({"logical_id": "Queue", "delay_ms": 5}, {"logical_id": "Queue", "action": "create", "delay_ms": 6})

    assert (answer.status, answer.json["Message"]) == (400, "There are two faults for Queue and create; give one.")


def test_faults_are_for_operators_only(sigv4_server: Server, account: str) -> None:
    key = issue_key(sigv4_server, account)

    answer = send(sigv4_server, "GET", PATH, signed(sigv4_server, key, "GET", PATH))

    assert (answer.status, answer.json["__type"]) == (403, "AccessDeniedException")
