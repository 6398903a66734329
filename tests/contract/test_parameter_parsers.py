"""A parameter parser of the operator's, at an HTTP address: what it is sent, and what becomes of what it answers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from manciple.app import Server
from tests.contract.conftest import client_of, serve
from tests.contract.engines import ROLE, body_of, publish_external, take, tell
from tests.contract.publishing import Published
from tests.contract.raw import send
from tests.contract.requests import refusal

PARAMETERS = [
    {"key": "bucket_name", "type": "string", "description": "what to call it"},
    {"key": "sizes", "defaultValue": '["a"]', "type": "list(string)", "isNoEcho": False},
    {"key": "password", "defaultValue": "", "type": "string", "isNoEcho": True},
]


class Parser:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.status = 200
        self.answer: Any = {"parameters": PARAMETERS}
        parser = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                parser.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                said = parser.answer if isinstance(parser.answer, bytes) else json.dumps(parser.answer).encode()
                self.send_response(parser.status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/parse"


@pytest.fixture
def parser() -> Iterator[Parser]:
    found = Parser()
    thread = Thread(target=found.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def server(tmp_path: Path, parser: Parser) -> Iterator[Server]:
    yield from serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, **{"targets.external.parser": parser.url})


@pytest.fixture
def product(catalog: Any, server: Server, account: str) -> Published:
    return publish_external(catalog, client_of(server, "s3", account), account)


def test_the_parser_is_sent_the_artifact_and_the_launch_role(
    catalog: Any, server: Server, product: Published, parser: Parser, account: str
) -> None:
    told = catalog.describe_provisioning_parameters(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[0]
    )

    (asked,) = parser.asked
    bucket, key = asked["artifact"]["path"].removeprefix("s3://").split("/", 1)
    assert asked == {
        "artifact": {"path": f"s3://{bucket}/{key}", "type": "AWS_S3"},
        "launchRoleArn": ROLE.format(account=account),
    }
    assert client_of(server, "s3", account).get_object(Bucket=bucket, Key=key)["Body"].read() == b"an archive"
    assert told["ProvisioningArtifactParameters"] == [
        {
            "ParameterKey": "bucket_name",
            "ParameterType": "string",
            "Description": "what to call it",
            "IsNoEcho": False,
            "ParameterConstraints": {"AllowedValues": []},
        },
        {
            "ParameterKey": "sizes",
            "ParameterType": "list(string)",
            "DefaultValue": '["a"]',
            "IsNoEcho": False,
            "ParameterConstraints": {"AllowedValues": []},
        },
        {
            "ParameterKey": "password",
            "ParameterType": "string",
            "DefaultValue": "",
            "IsNoEcho": True,
            "ParameterConstraints": {"AllowedValues": []},
        },
    ]
    assert told["ProvisioningArtifactOutputKeys"] == []
    assert {"Type": "launchAsRole", "Value": ROLE.format(account=account)} in told["UsageInstructions"]


def test_a_version_is_described_with_its_parameters_if_they_are_wanted(
    catalog: Any, product: Published, parser: Parser
) -> None:
    key = {"ProductId": product.product_id, "ProvisioningArtifactId": product.versions[0]}
    plain = catalog.describe_provisioning_artifact(**key)
    not_asked = list(parser.asked)

    told = catalog.describe_provisioning_artifact(**key, IncludeProvisioningArtifactParameters=True)

    assert not_asked == []
    assert "ProvisioningArtifactParameters" not in plain
    assert [one["ParameterKey"] for one in told["ProvisioningArtifactParameters"]] == [
        "bucket_name",
        "sizes",
        "password",
    ]
    assert "launchRoleArn" not in parser.asked[0]


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (
            400,
            {"errorType": "ParserInvalidParameterException", "errorMessage": "LaunchRoleArn x is not a valid ARN"},
            "LaunchRoleArn x is not a valid ARN",
        ),
        (200, {"errorType": "ParserAccessDeniedException", "errorMessage": "no access"}, "no access"),
        (404, {}, "The parameter parser answered 404."),
        (500, {}, "The parameter parser answered 500."),
        (200, b"[]", 'The parameter parser did not answer {"parameters": [{"key", "type", …}]}.'),
    ],
)
def test_what_the_parser_refuses_is_told_to_the_caller(
    catalog: Any, product: Published, parser: Parser, status: int, answer: Any, said: str
) -> None:
    parser.status, parser.answer = status, answer

    refused = refusal(
        lambda: catalog.describe_provisioning_parameters(
            ProductId=product.product_id, ProvisioningArtifactId=product.versions[0]
        )
    )

    assert refused == ("InvalidParametersException", f"Error occurred during parameter parsing: {said}")


def test_a_launch_whose_artifact_the_parser_refuses_fails_with_its_words(product: Published, parser: Parser) -> None:
    parser.answer = {"errorMessage": "not an archive"}

    record = product.launch("mine")["RecordDetail"]

    assert record["Status"] == "FAILED"
    assert record["RecordErrors"][0]["Description"] == "Error occurred during parameter parsing: not an archive"


def test_what_is_known_to_be_no_secret_is_shown_and_what_is_one_never(
    catalog: Any, server: Server, product: Published, account: str
) -> None:
    given = {"bucket_name": "open-1", "password": "hidden-1", "unknown": "hidden-2"}
    plan = product.plan("mine", ProvisioningParameters=[{"Key": key, "Value": value} for key, value in given.items()])
    details = plan["ProvisionedProductPlanDetails"]
    document = document_of(server, account, details["PlanId"])
    record_id = product.execute(details["PlanId"], wait=False)["RecordId"]
    body = body_of(take(client_of(server, "sqs", account), "ServiceCatalogExternalProvisionOperationQueue"))

    tell(catalog, body, "FAILED", FailureReason="it said hidden-1 of open-1")

    record = product.wait_for_record(record_id)["RecordDetail"]
    shown = {one["Key"]: one["Value"] for one in details["ProvisioningParameters"]}
    assert {one["key"]: one["value"] for one in body["parameters"]} == given
    assert shown == document["Asked"]["Parameters"] == {"bucket_name": "open-1", "password": "****", "unknown": "****"}
    assert [one.get("AfterValue") for one in document["Parameters"]] == ["open-1", "****", "****"]
    assert record["RecordErrors"][0]["Description"] == "The engine said: it said **** of open-1"


def document_of(server: Server, account: str, plan_id: str) -> Any:
    """A plan's document."""
    own = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
    return json.loads(send(server, "GET", f"/_manciple/plans/{plan_id}", own).body)
