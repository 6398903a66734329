"""A plan beside what is there: drift on request and by setting, over Cloud Control and in the sandbox."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from manciple.app import Server
from manciple.cli.application import run
from tests.cloud_control import There
from tests.contract import publishing
from tests.contract.conftest import client_of, serve

pytestmark = pytest.mark.usefixtures("aws_credentials")

TEMPLATE = """
Parameters:
  Days: {Type: Number, Default: 7}
  Secret: {Type: String, NoEcho: true, Default: planted-Secret}
Resources:
  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: mine, RetentionInDays: !Ref Days}}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Secret, DelaySeconds: !Ref Days}}
  Topic: {Type: AWS::SNS::Topic}
"""

NOTE = """
Parameters:
  Text: {Type: String, Default: two}
Resources:
  Note: {Type: Shop::Notes::Note, Properties: {Title: Milk, Text: !Ref Text, Password: hunter2-hunter2}}
"""


@pytest.fixture
def server(there: There, tmp_path: Path) -> Iterator[Server]:
    """A server that makes log groups and queues real, and looks at them before every plan."""
    flags = {
        "engine.read_before_plan": True,
        "providers.cloud_control.endpoint": there.url,
        "providers.cloud_control.types": ["AWS::Logs::*", "AWS::SQS::*"],
        "providers.cloud_control.poll_seconds": 0.05,
    }
    yield from serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, **flags)


def document(server: Server, account: str, plan: dict[str, Any], query: str = "") -> dict[str, Any]:
    url = f"{server.url}/_manciple/plans/{plan['ProvisionedProductPlanDetails']['PlanId']}{query}"
    request = urllib.request.Request(url, headers={"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def days(number: int) -> dict[str, Any]:
    return {"ProvisioningParameters": [{"Key": "Days", "Value": str(number)}]}


def test_a_plan_tells_what_was_deployed_what_is_there_and_what_it_wants(
    server: Server, publish: Any, account: str, there: There
) -> None:
    product = publish(TEMPLATE)
    launched = product.launch("mine")
    there.set("AWS::Logs::LogGroup", "mine", {"LogGroupName": "mine", "RetentionInDays": 1})

    plan = product.plan("mine", **days(30))
    found = document(server, account, plan)

    assert launched["RecordDetail"]["Status"] == "SUCCEEDED"
    assert found["NotSimulated"] == ["Group", "Queue"]
    assert found["Drift"]["InSync"] == 2
    assert found["Drift"]["Resources"] == [
        {
            "StackPath": "",
            "LogicalResourceId": "Group",
            "PhysicalResourceId": "mine",
            "ResourceType": "AWS::Logs::LogGroup",
            "StackResourceDriftStatus": "MODIFIED",
            "PropertyDifferences": [
                {
                    "PropertyPath": "/RetentionInDays",
                    "DifferenceType": "NOT_EQUAL",
                    "ExpectedValue": "7",
                    "ActualValue": "1",
                    "DesiredValue": "30",
                }
            ],
            "Reason": None,
        }
    ]


def test_what_drifts_later_is_told_on_request_and_secrets_are_not(
    server: Server, publish: Any, account: str, there: There
) -> None:
    product = publish(TEMPLATE)
    product.launch("mine")
    plan = product.plan("mine", **days(30))
    (url,) = there.resources("AWS::SQS::Queue")
    there.set("AWS::Logs::LogGroup", "mine", None)
    there.set("AWS::SQS::Queue", url, {"QueueUrl": url, "QueueName": "known-to-nobody", "DelaySeconds": 7})

    kept, live = document(server, account, plan), document(server, account, plan, "?live=true")
    bare = document(server, account, plan, "?live=true&values=false")

    statuses = {one["LogicalResourceId"]: one["StackResourceDriftStatus"] for one in live["Drift"]["Resources"]}
    assert kept["Drift"] == {"InSync": 3, "Resources": []}
    assert statuses == {"Group": "DELETED", "Queue": "MODIFIED"}
    assert "known-to-nobody" not in json.dumps(live)
    assert "planted-Secret" not in json.dumps(live)
    assert "ExpectedValue" not in json.dumps(bare) or '"ExpectedValue": "' not in json.dumps(bare)


def test_what_cannot_be_looked_at_is_said_so(server: Server, publish: Any, account: str, there: There) -> None:
    product = publish(TEMPLATE)
    product.launch("mine")
    plan = product.plan("mine", **days(30))
    there.fault("GetResource", "refuse", code="AccessDeniedException", message="not you", type="AWS::SQS::Queue")

    (queue,) = document(server, account, plan, "?live=true")["Drift"]["Resources"]

    assert queue["StackResourceDriftStatus"] == "NOT_CHECKED"
    assert queue["Reason"] == "Cloud Control said: not you"


def test_a_plan_changes_what_it_says_and_mends_no_drift(server: Server, publish: Any, there: There) -> None:
    product = publish(TEMPLATE, TEMPLATE.replace("Topic: {", "Other: {Type: AWS::SNS::Topic}\n  Topic: {"))
    product.launch("mine")
    there.set("AWS::Logs::LogGroup", "mine", {"LogGroupName": "mine", "RetentionInDays": 1})

    plan = product.plan("mine", 1)
    product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert [change["LogicalResourceId"] for change in plan["ResourceChanges"]] == ["Other"]
    assert there.resources()["mine"]["RetentionInDays"] == 1


def test_live_is_true_or_false(server: Server, publish: Any, account: str) -> None:
    plan = publish(TEMPLATE).plan("mine")

    with pytest.raises(urllib.error.HTTPError) as refused:
        document(server, account, plan, "?live=maybe")

    with refused.value:
        assert refused.value.code == 400


def test_the_command_line_prints_it(
    server: Server,
    publish: Any,
    account: str,
    there: There,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = publish(TEMPLATE)
    product.launch("mine")
    there.set("AWS::Logs::LogGroup", "mine", {"LogGroupName": "mine", "RetentionInDays": 1})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    name = client_of(server, "servicecatalog", account).describe_product(Id=product.product_id)

    run(
        [
            "plan",
            name["ProductViewSummary"]["Name"],
            "mine",
            "--live",
            "--parameter",
            "Days=30",
            "--endpoint",
            server.url,
        ]
    )

    printed = capsys.readouterr().out
    assert "Drift  2 in sync, 1 not" in printed
    assert "! Group  AWS::Logs::LogGroup  mine was changed" in printed
    assert "RetentionInDays: deployed 7, now 1, this plan wants 30" in printed


def test_a_type_of_the_operator_s_own_is_looked_at_by_its_handler(
    tmp_path: Path, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    monkeypatch.setenv("NOTES_DIRECTORY", str(notes))
    types = [str(Path(__file__).parents[1] / "types" / "note")]
    for server in serve(f"sqlite:///{tmp_path / 'notes.sqlite'}", tmp_path, types=types):
        clients = [client_of(server, service, account) for service in ("servicecatalog", "s3")]
        product = publishing.publish(*clients, NOTE)
        product.launch("mine")
        plan = product.plan("mine", ProvisioningParameters=[{"Key": "Text", "Value": "three"}])
        (file,) = notes.iterdir()
        file.write_text(json.dumps({**json.loads(file.read_text()), "Text": "scribbled over"}))
        (found,) = document(server, account, plan, "?live=true")["Drift"]["Resources"]

    assert found["StackResourceDriftStatus"] == "MODIFIED"
    assert found["PropertyDifferences"] == [
        {
            "PropertyPath": "/Text",
            "DifferenceType": "NOT_EQUAL",
            "ExpectedValue": "two",
            "ActualValue": "scribbled over",
            "DesiredValue": "three",
        }
    ]
