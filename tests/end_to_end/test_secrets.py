"""Secrets are planted at every inlet of a real server; then all it has written and all it has said is searched.

The server is a process of its own with machine-readable logs at their most talkative. What is searched: the files and
every row of the database, the logs, the answers of the AWS API and of our own, errors, metrics.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import boto3
import pytest
import sqlalchemy as sa
from botocore.config import Config
from botocore.exceptions import ClientError

from manciple.store import objects, tables  # noqa: F401 (importing fills METADATA)
from manciple.store.metadata import METADATA
from tests.contract.conftest import _free_port
from tests.contract.publishing import Published, publish

ACCOUNT, REGION = "123456789012", "eu-west-1"

PLANTED = {
    "a NoEcho parameter": "planted-noecho-4f1c",
    "a NoEcho parameter of an update": "planted-changed-77ab",
    "a NoEcho parameter of a launch that fails": "planted-failing-19d2",
    "a NoEcho parameter that breaks its own rule": "planted BROKEN 0c3e",
    "a NoEcho parameter that is too long": "planted-too-long-" + "x" * 4096,
    "a NoEcho parameter without a plan": "planted-unplanned-a8e0",
    "a parameter of an unknown name": "planted-unknown-6b5f",
    "a secret of the environment": "planted-environment-51cc",
    "an SSM parameter of the environment": "planted-ssm-e07b",
    "a text given to a service action": "planted-action-2c7f",
}
"""What must not be found, by where it was planted."""

WRITE_ONLY = {"a plain parameter for a write-only property": "planted-write-only-2d9e"}
"""Shown to whoever may see the plan, since the template does not say NoEcho; but sealed at rest, never logged."""

IN_TEMPLATE = {
    "the default of a NoEcho parameter": "planted-default-93fa",
    "a write-only property in the template": "planted-literal-c5d8",
}
"""Secrets in the template: the template itself is kept as it was published, nothing else may hold them."""

TEMPLATE = """
Parameters:
  Password: {Type: String, NoEcho: true, AllowedPattern: "[a-z0-9-]+"}
  Defaulted: {Type: String, NoEcho: true, Default: planted-default-93fa}
  Plain: {Type: String, Default: nothing}
  FromStore: {Type: "AWS::SSM::Parameter::Value<String>", NoEcho: true, Default: /key}
  Size: {Type: String, Default: "30"}
Resources:
  Given: {Type: AWS::SecretsManager::Secret, Properties: {Description: !Sub "of ${Password}", SecretString: !Ref Plain}}
  Fixed: {Type: AWS::SecretsManager::Secret, Properties: {Name: FIXED, SecretString: planted-literal-c5d8}}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Join ["", ["<", !Ref Password, ">"]]}}
  Setting: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref FromStore, Description: !Ref Defaulted}}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: FIXED, VisibilityTimeout: !Ref Size}
    DependsOn: [Given, Fixed, Topic, Setting]
Outputs:
  Password: {Value: !Ref Password}
  Topic: {Value: !GetAtt Topic.TopicArn}
"""
SECOND = TEMPLATE.replace("FIXED", "replaced").replace('"<"', '"["')


def parameters(password: str, **others: str) -> list[dict[str, Any]]:
    values = {"Password": password, "Plain": WRITE_ONLY["a plain parameter for a write-only property"], **others}
    return [{"Key": key, "Value": value} for key, value in values.items()]


@dataclass
class Told:
    """A running server, a client of it, and all that it answered."""

    url: str
    answers: list[str] = field(default_factory=list)

    def client(self, service: str) -> Any:
        """A boto3 client whose every answer, error or not, is kept."""
        make: Any = boto3.client
        made = make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="any",
            config=Config(
                retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, parameter_validation=False
            ),
        )
        made.meta.events.register("after-call.*", lambda parsed, **_: self.answers.append(str(parsed)))
        return made

    def read(self, path: str, document: Any = None) -> str:
        """GET from our own API, or PUT a document there."""
        headers = {"X-Manciple-Account": ACCOUNT, "X-Manciple-Region": REGION}
        body = None if document is None else json.dumps(document).encode()
        method = "GET" if body is None else "PUT"
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return str(answer.read().decode())


def fails(call: Any, **members: Any) -> None:
    with pytest.raises(ClientError):
        call(**members)


def live(told: Told) -> None:
    """Plant the secrets, and plan, execute, update, fail and terminate with them."""
    environment = {
        "secrets": {"db": PLANTED["a secret of the environment"]},
        "parameters": {"/key": PLANTED["an SSM parameter of the environment"]},
    }
    told.read("/_manciple/sandbox/environment", environment)
    catalog = told.client("servicecatalog")
    published = publish(catalog, told.client("s3"), TEMPLATE, SECOND)
    succeed(told, published)
    act(told, published)
    fail(told, published)
    ended = catalog.terminate_provisioned_product(ProvisionedProductName="planned", TerminateToken=str(uuid4()))
    published.wait_for_record(ended["RecordDetail"]["RecordId"])
    told.answers.append(told.read("/metrics"))


def succeed(told: Told, published: Published) -> None:
    for number, name in enumerate(("a NoEcho parameter", "a NoEcho parameter of an update")):
        planned = published.plan("planned", number, ProvisioningParameters=parameters(PLANTED[name]))
        plan_id = planned["ProvisionedProductPlanDetails"]["PlanId"]
        assert planned["ProvisionedProductPlanDetails"]["Status"] == "CREATE_SUCCESS", planned
        told.answers.append(told.read(f"/_manciple/plans/{plan_id}"))
        record = published.execute(plan_id)["RecordDetail"]
        assert record["Status"] == "SUCCEEDED", record
        told.answers.append(told.read(f"/_manciple/records/{record['RecordId']}/events"))


def act(told: Told, published: Published) -> None:
    """Execute a service action whose runner repeats all that it is told."""
    catalog = published.catalog
    definition = {"Name": "Echo", "Version": "1", "Parameters": '[{"Name": "Text", "Type": "TEXT_VALUE"}]'}
    action = catalog.create_service_action(Name="Echo", DefinitionType="SSM_AUTOMATION", Definition=definition)
    action_id = action["ServiceActionDetail"]["ServiceActionSummary"]["Id"]
    catalog.associate_service_action_with_provisioning_artifact(
        ProductId=published.product_id, ProvisioningArtifactId=published.versions[1], ServiceActionId=action_id
    )
    record = catalog.execute_provisioned_product_service_action(
        ProvisionedProductId=published.describe("planned")["Id"],
        ServiceActionId=action_id,
        Parameters={"Text": [PLANTED["a text given to a service action"]]},
    )["RecordDetail"]
    assert published.wait_for_record(record["RecordId"])["RecordDetail"]["Status"] == "SUCCEEDED"
    told.answers.append(told.read(f"/_manciple/records/{record['RecordId']}/events"))


def fail(told: Told, published: Published) -> None:
    failing = parameters(PLANTED["a NoEcho parameter of a launch that fails"])
    record = published.launch("failing", 1, ProvisioningParameters=failing)["RecordDetail"]
    assert record["Status"] == "FAILED", record
    told.answers.append(told.read(f"/_manciple/records/{record['RecordId']}/events"))
    unplanned = parameters(PLANTED["a NoEcho parameter without a plan"])
    assert published.launch("kept", 0, ProvisioningParameters=unplanned)["RecordDetail"]["Status"] == "SUCCEEDED"
    broken = parameters(PLANTED["a NoEcho parameter that breaks its own rule"])
    unknown = parameters("good", Unknown=PLANTED["a parameter of an unknown name"])
    for name, given in {"broken": broken, "unknown": unknown}.items():
        described = published.plan(name, ProvisioningParameters=given)["ProvisionedProductPlanDetails"]
        assert described["Status"] == "CREATE_FAILED", described
        told.answers.append(told.read(f"/_manciple/plans/{described['PlanId']}"))
    too_long = parameters(PLANTED["a NoEcho parameter that is too long"])
    fails(published.plan, name="long", ProvisioningParameters=too_long)


def forms(secret: str) -> set[bytes]:
    """A secret as it may be written: plain, in JSON, in an address, in base64, as a digest that anyone can guess at."""
    plain = secret[:60].encode()
    encoded = {base64.b64encode(plain[start:])[4:-4] for start in range(3)}
    return {plain, json.dumps(secret)[1:60].encode(), quote(secret[:60]).encode(), *encoded, digest_of(secret)}


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).hexdigest().encode()


def found_in(content: bytes, planted: dict[str, str]) -> set[str]:
    return {name for name, secret in planted.items() if any(form in content for form in forms(secret))}


@dataclass
class Left:
    """What a server has left after a whole life: its logs, its answers, its database."""

    log: bytes
    answers: list[str]
    files: dict[str, bytes]
    rows: dict[str, list[str]]
    access_key: str


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def left(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """What is left of a server's life with planted secrets, on each database."""
    directory = tmp_path_factory.mktemp("secrets")
    if request.param == "sqlite":
        yield serve(directory, f"sqlite:///{directory / 'manciple.sqlite'}")
    else:
        with request.getfixturevalue("postgresql_server").database() as url:
            yield serve(directory, url)


def serve(directory: Path, database_url: str) -> Left:
    """Run a server through its whole life; its files are read before and after its end."""
    port = _free_port()
    (directory / "secret.key").write_text("17" * 32)
    runner = [sys.executable, "-c", "import json, sys; print('told', json.load(sys.stdin)['Parameters'])"]
    (directory / "settings.toml").write_text(f'[service_actions."*"]\nargv = {json.dumps(runner)}\n')
    settings = {
        "HOME": str(directory),
        "MANCIPLE_CONFIG": str(directory / "settings.toml"),
        "MANCIPLE_DATABASE": database_url,
        "MANCIPLE_SECRET_KEY_FILE": str(directory / "secret.key"),
        "MANCIPLE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MANCIPLE_PORT": str(port),
        "MANCIPLE_LOG_FORMAT": "json",
        "MANCIPLE_LOG_LEVEL": "debug",
    }
    told = Told(f"http://127.0.0.1:{port}")
    with manciple(settings, "serve") as server:
        assert server.stdout
        assert server.stdout.readline().startswith("Manciple is ready")
        arn = f"arn:aws:iam::{ACCOUNT}:user/ana"
        with manciple(settings, "key", "create", "--account", ACCOUNT, "--arn", arn, "--json") as creation:
            created = json.loads(creation.communicate()[0])
        live(told)
        files = files_of(directory, "while it runs")
        server.terminate()
        _, log = server.communicate()
    files |= files_of(directory, "after the end")
    return Left(log.encode(), told.answers, files, rows_of(database_url), created["SecretAccessKey"])


@contextmanager
def manciple(settings: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command as a process of its own, with no settings but these."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    command, pipe = [sys.executable, "-m", "manciple.cli", *arguments], subprocess.PIPE
    with subprocess.Popen(command, env=kept | settings, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def files_of(directory: Path, when: str) -> dict[str, bytes]:
    return {f"{path.name} {when}": path.read_bytes() for path in directory.glob("manciple.sqlite*")}


def rows_of(database_url: str) -> dict[str, list[str]]:
    """Every row of every table as text."""
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        rows = {
            table.name: [str(tuple(row)) for row in connection.execute(sa.select(table))]
            for table in METADATA.sorted_tables
        }
    engine.dispose()
    return rows


def is_template(row: str) -> bool:
    """Is a blob's row a template as it was published?"""
    return "AWS::SecretsManager::Secret" in row and "Parameters:" in row


def test_no_file_of_the_database_holds_a_secret(left: Left) -> None:
    planted = PLANTED | WRITE_ONLY | {"an access key's secret": left.access_key}

    found = {name: names for name, content in left.files.items() if (names := found_in(content, planted))}

    assert found == {}


def test_no_row_holds_a_secret_except_the_template_itself(left: Left) -> None:
    planted = PLANTED | WRITE_ONLY | {"an access key's secret": left.access_key}
    rows = {(table, row) for table, rows in left.rows.items() if table != "object_chunk" for row in rows}

    found = [(row, names) for row in rows if (names := found_in(row[1].encode(), planted))]
    beside_templates = [row for row in rows if found_in(row[1].encode(), IN_TEMPLATE) and not is_template(row[1])]

    assert found == []
    assert beside_templates == []


def test_no_log_line_holds_a_secret(left: Left) -> None:
    planted = PLANTED | WRITE_ONLY | IN_TEMPLATE | {"an access key's secret": left.access_key}

    assert found_in(left.log, planted) == set()


def test_no_answer_holds_a_secret(left: Left) -> None:
    """Descriptions, plan documents, events, errors and metrics."""
    default = {"the default of a NoEcho parameter": IN_TEMPLATE["the default of a NoEcho parameter"]}

    found = [(names, answer) for answer in left.answers if (names := found_in(answer.encode(), PLANTED | default))]

    assert found == []


def test_what_was_searched_is_what_there_was(left: Left) -> None:
    """The search would be worth nothing in an empty log, over empty tables or with answers that were not kept."""
    assert b'"operation":"ExecuteProvisionedProductPlan"' in left.log
    assert any("ExecuteProvisionedProductPlan" in row for row in left.rows["idempotency"])
    assert {
        name
        for name in ("plan", "record", "instance", "event", "blob", "environment", "access_key")
        if not left.rows[name]
    } == set()
    assert any("****" in answer for answer in left.answers)
    assert any("told {'Text': ['****']}" in answer for answer in left.answers)
    assert any("CREATE_FAILED" in answer for answer in left.answers)


def test_answers_kept_for_an_idempotency_token_are_sealed(left: Left) -> None:
    assert [row for row in left.rows["idempotency"] if "RecordDetail" in row or "PlanId" in row] == []
