"""Our own JSON API, callbacks, health and metrics (contracts, sections 3 and 5)."""

import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from manciple.app import Server
from tests.contract.publishing import Published
from tests.contract.raw import Answer, issue_key, send, signed
from tests.contract.waiting import Waiting

TEMPLATE = """
Parameters:
  Secret: {Type: String, NoEcho: true}
  Text: {Type: String, Default: one}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Text}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Tags: [{Key: secret, Value: !Ref Secret}]
"""
PARAMETERS = [{"Key": "Secret", "Value": "hunter2-hunter2"}]
ENVIRONMENT = {"exports": {"Vpc": "vpc-1"}, "parameters": {"/a/b": "1"}, "secrets": {"db": "hunter2-hunter2"}}

NAMED_TOPIC = "Resources: {{Topic: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {}}}}}}}"
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


@pytest.fixture
def ask(server: Server, account: str) -> Callable[..., Answer]:
    """Sends a request for the test's account, unsigned."""

    def ask(method: str, path: str, document: Any = None, region: str = "eu-west-1", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        who = {"X-Manciple-Account": account, "X-Manciple-Region": region}
        body = b"" if document is None else msgspec.json.encode(document)
        return send(server, method, f"/_manciple/{path}", who | named, body)

    return ask


@pytest.fixture
def waiting(server: Server, account: str) -> Iterator[Waiting]:
    found = Waiting(server, account, "one")
    yield found
    found.close()


def call_back(server: Server, token: str, document: Any, method: str = "PUT") -> Answer:
    return send(server, method, f"/_manciple/callback/{token}", {}, msgspec.json.encode(document))


def streamed(answer: Answer) -> list[tuple[str, Any]]:
    found = re.findall(r"id: (.+)\ndata: (.+)\n\n", answer.body.decode())
    return [(name, msgspec.json.decode(data)) for name, data in found]


def test_the_plan_document_tells_values_causes_and_status(
    publish: Callable[..., Published], ask: Callable[..., Answer]
) -> None:
    published = publish(TEMPLATE)
    plan = published.plan("docs", ProvisioningParameters=PARAMETERS)["ProvisionedProductPlanDetails"]

    answer = ask("GET", f"plans/{plan['PlanId']}")

    document = answer.json
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert list(document) == [
        "PlanId",
        "Status",
        "StatusMessage",
        "StatusReason",
        "ProvisionedProductId",
        "Fingerprint",
        "BaseFingerprint",
        "Summary",
        "Risks",
        "RiskCounts",
        "InvalidProperties",
        "UnknownUntilExecution",
        "Simulated",
        "NotSimulated",
        "Changes",
        "Parameters",
        "Outputs",
        "Done",
        "Asked",
        "Drift",
    ]
    assert (document["PlanId"], document["Status"]) == (plan["PlanId"], "CREATE_SUCCESS")
    assert document["Summary"] == {"Add": 2, "Modify": 0, "Replace": 0, "Remove": 0}
    assert {change["ResourceChange"]["LogicalResourceId"] for change in document["Changes"]} == {"Topic", "Queue"}
    assert b"hunter2" not in answer.body


def test_without_values_the_document_holds_no_value(
    publish: Callable[..., Published], ask: Callable[..., Answer]
) -> None:
    plan_id = publish(TEMPLATE).plan("docs", ProvisioningParameters=PARAMETERS)["ProvisionedProductPlanDetails"][
        "PlanId"
    ]

    with_values, without = ask("GET", f"plans/{plan_id}"), ask("GET", f"plans/{plan_id}?values=false")

    assert b"AfterContext" in with_values.body
    assert b"AfterContext" not in without.body
    assert len(without.json["Changes"]) == 2


def test_a_failed_plan_has_a_document_too(publish: Callable[..., Published], ask: Callable[..., Answer]) -> None:
    plan = publish(TEMPLATE).plan("docs")["ProvisionedProductPlanDetails"]

    answer = ask("GET", f"plans/{plan['PlanId']}")

    assert plan["Status"] == "CREATE_FAILED"
    assert (answer.status, answer.json["Status"], answer.json["Changes"]) == (200, "CREATE_FAILED", [])
    assert answer.json["StatusMessage"] == plan["StatusMessage"]


def test_a_record_s_events_come_in_order_and_in_pages(
    publish: Callable[..., Published], ask: Callable[..., Answer]
) -> None:
    record = publish(TEMPLATE).launch("events", ProvisioningParameters=PARAMETERS)["RecordDetail"]
    path = f"records/{record['RecordId']}/events"

    whole = ask("GET", path).json["Events"]
    first = ask("GET", f"{path}?PageSize=2").json
    second = ask("GET", f"{path}?PageSize=1000&PageToken={first['NextPageToken']}").json

    assert first["Events"] + second["Events"] == whole
    assert "NextPageToken" not in second
    assert [event["Timestamp"] for event in whole] == sorted(event["Timestamp"] for event in whole)
    assert whole[0]["ResourceStatus"] == "REVIEW_IN_PROGRESS"
    assert whole[-1]["ResourceStatus"] == "CREATE_COMPLETE"
    assert set(whole[0]) == {
        "EventId",
        "Timestamp",
        "StackPath",
        "LogicalResourceId",
        "PhysicalResourceId",
        "ResourceType",
        "ResourceStatus",
        "ResourceStatusReason",
    }


def test_the_records_of_a_product_tell_the_story_of_its_stack(
    publish: Callable[..., Published], ask: Callable[..., Answer]
) -> None:
    published = publish(NAMED_TOPIC.format("one"), NAMED_TOPIC.format("two"))
    plans = [published.plan("story")["ProvisionedProductPlanDetails"]["PlanId"]]
    records = [published.execute(plans[0])]
    plans.append(published.plan("story", 1)["ProvisionedProductPlanDetails"]["PlanId"])
    records += [published.execute(plans[1]), published.terminate("story")]

    events = [
        (event["LogicalResourceId"], event["ResourceStatus"], event["ResourceStatusReason"])
        for record in records
        for event in ask("GET", f"records/{record['RecordDetail']['RecordId']}/events").json["Events"]
    ]

    stack = events[0][0]
    assert events == [
        (stack, "REVIEW_IN_PROGRESS", "User Initiated"),
        (stack, "CREATE_IN_PROGRESS", "User Initiated"),
        ("Topic", "CREATE_IN_PROGRESS", None),
        ("Topic", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Topic", "CREATE_COMPLETE", None),
        (stack, "CREATE_COMPLETE", None),
        (stack, "UPDATE_IN_PROGRESS", "User Initiated"),
        ("Topic", "UPDATE_IN_PROGRESS", REPLACING),
        ("Topic", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("Topic", "UPDATE_COMPLETE", None),
        (stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None),
        ("Topic", "DELETE_IN_PROGRESS", None),
        ("Topic", "DELETE_COMPLETE", None),
        (stack, "UPDATE_COMPLETE", None),
        (stack, "DELETE_IN_PROGRESS", "User Initiated"),
        ("Topic", "DELETE_IN_PROGRESS", None),
        ("Topic", "DELETE_COMPLETE", None),
        (stack, "DELETE_COMPLETE", None),
    ]


def test_events_are_streamed_until_the_record_has_ended_and_resumed(
    publish: Callable[..., Published], ask: Callable[..., Answer]
) -> None:
    published = publish(TEMPLATE)
    plan_id = published.plan("stream", ProvisioningParameters=PARAMETERS)["ProvisionedProductPlanDetails"]["PlanId"]
    path = f"records/{published.execute(plan_id, wait=False)['RecordId']}/events"

    answer = ask("GET", path, Accept="text/event-stream")
    whole = streamed(answer)
    resumed = streamed(ask("GET", path, Accept="text/event-stream", Last_Event_ID=whole[2][0]))

    assert answer.headers["content-type"] == "text/event-stream"
    assert [event for _, event in whole] == ask("GET", path).json["Events"]
    assert resumed == whole[3:]


def test_a_record_that_has_ended_is_not_cancelled(
    publish: Callable[..., Published], ask: Callable[..., Answer]
) -> None:
    record = publish(TEMPLATE).launch("done", ProvisioningParameters=PARAMETERS)["RecordDetail"]

    answer = ask("POST", f"records/{record['RecordId']}/cancel")

    assert (answer.status, answer.json["__type"]) == (409, "InvalidStateException")


def test_an_environment_is_replaced_as_a_whole_and_answered(ask: Callable[..., Answer]) -> None:
    empty = ask("GET", "sandbox/environment")
    put = ask("PUT", "sandbox/environment", ENVIRONMENT)
    again = ask("PUT", "sandbox/environment", {"exports": {"Subnet": "s-1"}})

    assert empty.json == {"exports": {}, "parameters": {}, "secrets": {}}
    assert put.json == ENVIRONMENT
    assert again.json == {"exports": {"Subnet": "s-1"}, "parameters": {}, "secrets": {}}
    assert ask("GET", "sandbox/environment").json == again.json


def test_each_region_has_its_own_environment(ask: Callable[..., Answer]) -> None:
    ask("PUT", "sandbox/environment", ENVIRONMENT)

    assert ask("GET", "sandbox/environment", region="us-east-1").json["exports"] == {}


@pytest.mark.parametrize(
    "document",
    [[], {"export": {}}, {"exports": []}, {"exports": {"a": 1}}, {"secrets": {"p": ["hunter2"]}}, None],
)
def test_an_environment_of_another_shape_is_refused_without_repeating_it(
    ask: Callable[..., Answer], document: Any
) -> None:
    answer = ask("PUT", "sandbox/environment", document)

    assert (answer.status, answer.json["__type"]) == (400, "ValidationException")
    assert b"hunter2" not in answer.body


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "plans/plan-none", 404, "ResourceNotFoundException"),
        ("GET", "plans/plan-none?values=no", 400, "InvalidParametersException"),
        ("GET", "plans/plan-none?value=false", 400, "InvalidParametersException"),
        ("GET", "records/rec-none/events", 404, "ResourceNotFoundException"),
        ("GET", "records/rec-none/events?PageSize=0", 400, "InvalidParametersException"),
        ("POST", "records/rec-none/cancel", 404, "ResourceNotFoundException"),
        ("GET", "records/rec-none/cancel", 404, "UnknownOperationException"),
        ("POST", "sandbox/environment", 404, "UnknownOperationException"),
        ("GET", "nothing", 404, "UnknownOperationException"),
    ],
)
def test_errors_are_json_with_http_s_status(
    ask: Callable[..., Answer], method: str, path: str, status: int, name: str
) -> None:
    answer = ask(method, path)

    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json["__type"] == name
    assert answer.json["Message"]


def test_an_account_that_is_none_is_refused(ask: Callable[..., Answer]) -> None:
    answer = ask("GET", "sandbox/environment", X_Manciple_Account="me")

    assert (answer.status, answer.json["__type"]) == (400, "ValidationException")


def test_a_route_of_operators_is_closed_to_other_keys(sigv4_server: Server, account: str) -> None:
    path = "/_manciple/sandbox/environment"
    keys = [issue_key(sigv4_server, account, is_operator=is_operator) for is_operator in (False, True)]

    answers = [send(sigv4_server, "GET", path, signed(sigv4_server, key, "GET", path)) for key in keys]

    assert [answer.status for answer in answers] == [403, 200]
    assert answers[0].json["__type"] == "AccessDeniedException"
    assert "manciple:Operate" in answers[0].json["Message"]


def test_a_signed_caller_cannot_choose_another_account(sigv4_server: Server, account: str) -> None:
    path = "/_manciple/sandbox/environment"
    key, other = (issue_key(sigv4_server, name, is_operator=True) for name in (account, "999999999999"))
    document = msgspec.json.encode(ENVIRONMENT)
    put = signed(sigv4_server, key, "PUT", path, {"X-Manciple-Account": "999999999999"}, document)
    send(sigv4_server, "PUT", path, put, document)

    theirs = send(sigv4_server, "GET", path, signed(sigv4_server, other, "GET", path))

    assert theirs.json["exports"] == {}


def test_a_callback_counts_once_for_each_unique_id(server: Server, waiting: Waiting) -> None:
    token = secrets.token_urlsafe(16)
    waiting.open(token)

    answers = [
        call_back(server, token, {"Status": "SUCCESS", "UniqueId": name, "Data": "x"}).json["Status"]
        for name in ("a", "a", "b")
    ]

    assert answers == ["ACCEPTED", "REPEATED", "ACCEPTED"]
    assert waiting.signals() == ["SUCCESS", "SUCCESS"]


def test_a_callback_after_the_operation_s_end_is_an_ignored_event(server: Server, waiting: Waiting) -> None:
    token = secrets.token_urlsafe(16)
    waiting.open(token)
    waiting.end()

    answer = call_back(server, token, {"Status": "SUCCESS", "UniqueId": "a"})

    assert (answer.status, answer.json) == (200, {"Status": "IGNORED"})
    assert (waiting.signals(), waiting.events()) == ([], ["SIGNAL_IGNORED"])


def test_a_callback_of_an_epoch_before_does_not_count(server: Server, waiting: Waiting) -> None:
    old, new = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    waiting.open(old, epoch=1)
    waiting.open(new, epoch=2)

    answers = [call_back(server, token, {"Status": "FAILURE", "UniqueId": "a"}).json["Status"] for token in (old, new)]

    assert answers == ["IGNORED", "ACCEPTED"]
    assert sorted(waiting.signals()) == ["FAILURE", "LATE"]


@pytest.mark.parametrize("document", [{}, [], {"Status": "GREAT"}, {"Status": "SUCCESS", "UniqueId": "x" * 65}])
def test_a_callback_that_says_nothing_is_refused(server: Server, waiting: Waiting, document: Any) -> None:
    token = secrets.token_urlsafe(16)
    waiting.open(token)

    answer = call_back(server, token, document)

    assert (answer.status, answer.json["__type"]) == (400, "ValidationException")
    assert waiting.signals() == []


@pytest.mark.parametrize("path", ["/health", "/livez", "/readyz"])
def test_health_needs_no_signature(sigv4_server: Server, path: str) -> None:
    answer = send(sigv4_server, "GET", path)

    assert (answer.status, answer.json) == (200, {"Status": "OK"})


def test_metrics_count_requests_by_operation_and_code(server: Server, catalog: Any) -> None:
    def counted() -> float:
        text = send(server, "GET", "/metrics").body.decode()
        wanted = r'manciple_requests_total\{code="200",operation="ListPortfolios",protocol="aws_json"\} (\S+)'
        found = re.search(wanted, text)
        return float(found[1]) if found else 0

    before = counted()
    catalog.list_portfolios()

    assert counted() == before + 1
    assert "manciple_engine_operations" in send(server, "GET", "/metrics").body.decode()


def test_an_operation_that_is_none_makes_no_label(server: Server) -> None:
    send(server, "POST", "/", {"X-Amz-Target": "AWS242ServiceCatalogService.MadeUp"}, b"{}")

    assert b"MadeUp" not in send(server, "GET", "/metrics").body
