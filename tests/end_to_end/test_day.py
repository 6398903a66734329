"""The same day, lived through three clients of AWS: boto3, the `aws` command line, the JavaScript SDK."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name

from tests.end_to_end.conftest import Start
from tests.end_to_end.day import DAY, NEXT, TEMPLATE, Call, Json, live

REGION = "eu-west-1"
HUB, SPOKE = "410000000001", "410000000002"
SDK = "@aws-sdk/client-service-catalog@3.1079.0"
AWS = Path(sys.executable).with_name("aws")
NODE = Path(__file__).with_name("day.mjs")
RUNNER = [sys.executable, "-c", "import json, sys; assert json.load(sys.stdin)['Document']['Name'] == 'Drain-Queue'"]


@pytest.fixture
def url(start: Start, tmp_path: Path) -> str:
    """A server started from the command line, with a runner for the day's service action."""
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[service_actions."Drain-*"]\nargv = {json.dumps(RUNNER)}\n')
    server = start("serve", "--port", "0", "--data", str(tmp_path / "data"), "--config", str(settings))
    assert server.stdout
    return server.stdout.readline().rpartition("=")[2].strip()


def environment(url: str, account: str) -> dict[str, str]:
    """What a user of an account sets."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_PAGER": "",
        "PATH": os.environ["PATH"],
    }


def session(url: str, account: str) -> Callable[[str], Any]:
    """Makes boto3's clients for an account."""
    made: Any = boto3.session.Session(aws_access_key_id=account, aws_secret_access_key="any", region_name=REGION)
    return lambda service: made.client(service, endpoint_url=url)


def beginning(url: str) -> dict[str, str]:
    """What the day begins with: two accounts, two templates in a bucket, a role, a topic."""
    store = session(url, HUB)("s3")
    store.create_bucket(Bucket="kits", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name, body in (("v1.yaml", TEMPLATE), ("v2.yaml", NEXT)):
        store.put_object(Bucket="kits", Key=name, Body=body)
    return {
        "hub": HUB,
        "spoke": SPOKE,
        "template": "https://kits.s3.eu-west-1.amazonaws.com/v1.yaml",
        "next": "https://kits.s3.eu-west-1.amazonaws.com/v2.yaml",
        "role": f"arn:aws:iam::{HUB}:role/Launch",
        "topic": f"arn:aws:sns:{REGION}:{HUB}:told",
    }


def by_boto3(url: str) -> Call:
    """boto3 as a client of the day."""
    client = cache(lambda account: session(url, account)("servicecatalog"))

    def call(account: str, operation: str, input: Json) -> Json:
        answer: Json = getattr(client(account), xform_name(operation))(**input)
        del answer["ResponseMetadata"]
        return answer

    return call


def by_command_line(url: str) -> Call:
    """The `aws` command as a client of the day."""

    def call(account: str, operation: str, input: Json) -> Json:
        command = [str(AWS), "servicecatalog", xform_name(operation, "-"), "--cli-input-json", json.dumps(input)]
        ended = subprocess.run(
            [*command, "--output", "json"],
            env=environment(url, account),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return dict(json.loads(ended.stdout or "{}"))

    return call


@contextmanager
def by_javascript(url: str, directory: Path) -> Iterator[Call]:
    """The JavaScript SDK as a client of the day, in one process of Node."""
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(directory), SDK]
    subprocess.run(install, check=True, capture_output=True)
    script = shutil.copy(NODE, directory)
    pipe = subprocess.PIPE
    with subprocess.Popen(["node", script, url, REGION], stdin=pipe, stdout=pipe, text=True) as node:
        assert node.stdin
        assert node.stdout
        asked, answered = node.stdin, node.stdout

        def call(account: str, operation: str, input: Json) -> Json:
            print(json.dumps({"account": account, "operation": operation, "input": input}), file=asked, flush=True)
            answer: Json = json.loads(answered.readline())
            assert "failed" not in answer, answer
            return answer

        yield call
        asked.close()


def form(answer: Any) -> Any:
    """An answer without what is another's every time: ids, names made up, times."""
    if isinstance(answer, dict):
        return {key: "time" if key.endswith("Time") else form(member) for key, member in answer.items()}
    if isinstance(answer, list):
        return [form(item) for item in answer]
    return type(answer).__name__


def test_a_platform_teams_day_is_lived_through_boto3(url: str) -> None:
    answers = live(by_boto3(url), beginning(url))

    assert len(answers) == len(DAY)


@pytest.mark.long
def test_the_aws_command_line_and_the_javascript_sdk_live_the_same_day(start: Start, url: str, tmp_path: Path) -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("Node.js with npm is not installed; `apt-get install nodejs npm`")
    known = beginning(url)
    plainly = live(by_boto3(url), dict(known))

    by_hand = live(by_command_line(url), dict(known))
    with by_javascript(url, tmp_path / "node") as call:
        scripted = live(call, dict(known))

    assert form(by_hand) == form(plainly)
    assert form(scripted) == form(plainly)
