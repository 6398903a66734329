"""The audit: who changed what, when, from where, and how it ended; refused calls too; no values."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from manciple.app import Server
from tests.contract import requests
from tests.contract.publishing import Published
from tests.contract.raw import issue_key, send, signed
from tests.contract.requests import refusal, stored

Publish = Callable[..., Published]

SECRET = "hunter2-hunter2"
SECRETIVE = """
Parameters:
  Password: {Type: String, NoEcho: true}
Resources:
  Database: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: !Ref Password}}
"""


def audit(server: Server, account: str, **query: str) -> list[dict[str, Any]]:
    """The entries of an account in open mode, oldest first."""
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
    answer = send(server, "GET", f"/_manciple/audit?{urlencode(query)}", headers)
    assert answer.status == 200, answer.body
    entries: list[dict[str, Any]] = answer.json["Entries"]
    return entries[::-1]


def create(catalog: Any, name: str = "Tools") -> Any:
    return catalog.create_portfolio(DisplayName=name, ProviderName="IT", IdempotencyToken=str(uuid4()))


def test_a_change_is_kept_with_who_what_when_and_from_where(server: Server, account: str, catalog: Any) -> None:
    before = time.time()
    made = create(catalog)

    (entry,) = audit(server, account)

    root = f"arn:aws:iam::{account}:root"
    assert before - 1 <= entry.pop("Time") <= time.time() + 1
    assert "Boto3" in entry.pop("UserAgent")
    assert entry == {
        "RequestId": made["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"],
        "Principal": root,
        "Session": root,
        "Operation": "CreatePortfolio",
        "Resources": {
            "PortfolioId": made["PortfolioDetail"]["Id"],
            "PortfolioARN": made["PortfolioDetail"]["ARN"],
        },
        "SourceAddress": "127.0.0.1",
        "Outcome": "OK",
    }


def test_reading_is_not_audited(server: Server, account: str, catalog: Any) -> None:
    catalog.list_portfolios()
    refusal(lambda: catalog.describe_portfolio(Id="port-unknown"))

    assert audit(server, account) == []


def test_a_refused_change_is_audited_under_its_error(server: Server, account: str, catalog: Any) -> None:
    refusal(lambda: catalog.delete_portfolio(Id="port-unknown"))
    refusal(lambda: catalog.create_portfolio(DisplayName="x" * 101, ProviderName="IT", IdempotencyToken="t"))

    entries = [(entry["Operation"], entry["Outcome"], entry["Resources"]) for entry in audit(server, account)]

    assert entries == [
        ("DeletePortfolio", "ResourceNotFoundException", {"Id": "port-unknown"}),
        ("CreatePortfolio", "ValidationException", {}),
    ]


def test_a_change_that_access_denies_is_audited(sigv4_server: Server, account: str) -> None:
    arn = f"arn:aws:sts::{account}:assumed-role/Dev/ann"
    barred = requests.issue_key(sigv4_server, account, arn, "end-user")
    refusal(lambda: barred.delete_portfolio(Id="port-a"))
    operator = issue_key(sigv4_server, account, is_operator=True)

    answer = send(
        sigv4_server, "GET", "/_manciple/audit", signed(sigv4_server, operator, "GET", "/_manciple/audit")
    ).json

    (entry,) = answer["Entries"]
    assert (entry["Principal"], entry["Session"]) == (f"arn:aws:iam::{account}:role/Dev", arn)
    assert (entry["Operation"], entry["Outcome"]) == ("DeletePortfolio", "AccessDeniedException")


def test_a_route_that_is_not_for_the_caller_is_audited(sigv4_server: Server, account: str) -> None:
    path, body = "/_manciple/sandbox/environment", b"{}"
    key, operator = issue_key(sigv4_server, account), issue_key(sigv4_server, account, is_operator=True)
    send(sigv4_server, "PUT", path, signed(sigv4_server, key, "PUT", path, body=body), body)

    headers = signed(sigv4_server, operator, "GET", "/_manciple/audit")
    (entry,) = send(sigv4_server, "GET", "/_manciple/audit", headers).json["Entries"]

    assert (entry["Operation"], entry["Outcome"]) == ("manciple:PutEnvironment", "AccessDeniedException")


def test_an_object_that_is_refused_as_it_comes_is_audited(server: Server, account: str) -> None:
    claim = f"AWS4-HMAC-SHA256 Credential={account}/20260101/eu-west-1/s3/aws4_request"
    wrong = {"Authorization": claim, "Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    send(server, "PUT", "/bucket/key", wrong, b"body")

    (entry,) = audit(server, account)

    assert (entry["Operation"], entry["Outcome"]) == ("s3:PutObject", "BadDigest")


def test_only_operators_read_the_audit(sigv4_server: Server, account: str) -> None:
    key = issue_key(sigv4_server, account)

    answer = send(sigv4_server, "GET", "/_manciple/audit", signed(sigv4_server, key, "GET", "/_manciple/audit"))

    assert answer.status == 403


def test_what_is_repeated_under_its_token_is_audited_again(server: Server, account: str, catalog: Any) -> None:
    members = {"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "same"}
    catalog.create_portfolio(**members)
    catalog.create_portfolio(**members)

    first, second = audit(server, account)

    assert first["Resources"] == second["Resources"]
    assert first["RequestId"] != second["RequestId"]


def test_our_own_api_and_the_artifact_store_are_audited(server: Server, account: str, make_client: Any) -> None:
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
    send(server, "PUT", "/_manciple/sandbox/environment", headers, b"{}")
    s3 = make_client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="a/b", Body=b"1")

    entries = [(entry["Operation"], entry["Resources"]) for entry in audit(server, account)]

    assert entries == [
        ("manciple:PutEnvironment", {}),
        ("s3:CreateBucket", {"bucket": "bucket"}),
        ("s3:PutObject", {"bucket": "bucket", "key": "a/b"}),
    ]


def test_a_launch_is_audited_with_its_identifiers_and_no_values(server: Server, account: str, publish: Publish) -> None:
    product = publish(SECRETIVE)
    record = product.launch(
        "mine",
        ProvisioningParameters=[{"Key": "Password", "Value": SECRET}],
        Tags=[{"Key": "Note", "Value": f"{SECRET}-tag"}],
        ProvisionToken=f"{SECRET}-token",
    )["RecordDetail"]

    (entry,) = audit(server, account, operation="ProvisionProduct")

    assert entry["Resources"]["RecordId"] == record["RecordId"]
    assert entry["Resources"]["ProvisionedProductId"] == record["ProvisionedProductId"]
    assert entry["Resources"]["ProductId"] == product.product_id
    with stored(server) as tx:
        kept = tx.connection.exec_driver_sql("SELECT * FROM audit").all()
    assert SECRET not in repr(kept)


@pytest.fixture
def three(server: Server, account: str, catalog: Any) -> list[dict[str, Any]]:
    """The entries of three portfolios."""
    for name in ("a", "b", "c"):
        create(catalog, name)
    return audit(server, account)


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def test_entries_are_found_by_time_principal_and_operation(
    server: Server, account: str, catalog: Any, three: list[dict[str, Any]]
) -> None:
    alice = f"arn:aws:sts::{account}:assumed-role/Dev/alice"
    create(requests.issue_key(server, account, alice))
    catalog.delete_portfolio(Id=three[0]["Resources"]["PortfolioId"])
    *_, mine, deleted = audit(server, account)

    found = {
        "operation": audit(server, account, operation="DeletePortfolio"),
        "role": audit(server, account, principal=f"arn:aws:iam::{account}:role/Dev"),
        "session": audit(server, account, principal=alice),
        "other": audit(server, account, principal=f"{alice}s"),
        "since": audit(server, account, since=iso(three[2]["Time"]), until=iso(mine["Time"])),
        "before": audit(server, account, until=iso(three[0]["Time"])),
    }

    expected = {
        "operation": [deleted],
        "role": [mine],
        "session": [mine],
        "other": [],
        "since": three[2:3],
        "before": [],
    }
    assert found == expected


def test_pages_joined_are_the_whole_audit(server: Server, account: str, three: list[dict[str, Any]]) -> None:
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
    first = send(server, "GET", "/_manciple/audit?PageSize=2", headers).json
    query = urlencode({"PageSize": 2, "PageToken": first["NextPageToken"]})

    second = send(server, "GET", f"/_manciple/audit?{query}", headers).json

    assert first["Entries"] + second["Entries"] == three[::-1]
    assert "NextPageToken" not in second


def test_the_audit_comes_as_json_lines(server: Server, account: str, three: list[dict[str, Any]]) -> None:
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1", "Accept": "application/x-ndjson"}

    answer = send(server, "GET", "/_manciple/audit?PageSize=2", headers)

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.body.splitlines()] == three[::-1]


@pytest.mark.parametrize("query", ["since=yesterday", "PageSize=0", "PageToken=x", "who=me", "principal=%00"])
def test_a_question_that_cannot_be_read_is_refused(server: Server, account: str, query: str) -> None:
    answer = send(server, "GET", f"/_manciple/audit?{query}", {"X-Manciple-Account": account})

    assert (answer.status, answer.json["__type"]) == (400, "InvalidParametersException")


def test_accounts_audits_are_apart(server: Server, three: list[dict[str, Any]]) -> None:
    assert audit(server, "999999999996") == []


def test_the_command_prints_the_audit(server: Server, account: str, three: list[dict[str, Any]]) -> None:
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "eu-west-1",
    }
    command = [
        sys.executable,
        "-m",
        "manciple.cli",
        "audit",
        "--operation",
        "CreatePortfolio",
        "--endpoint",
        server.url,
    ]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert [json.loads(line) for line in done.stdout.splitlines()] == three[::-1]
