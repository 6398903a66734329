"""The published examples run as they stand: the real `aws` command line, and boto3, up to a plan."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from manciple.app import Server

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(server: Server, home: Path, *command: str) -> str:
    """Run an example against the server, deaf to the user's AWS settings; its standard output."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {"PATH": path, "HOME": str(home), "AWS_ENDPOINT_URL": server.url, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, cwd=EXAMPLES, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects_in(text: str) -> list[object]:
    """The JSON objects in a text that also has other lines."""
    found, decoder, start = [], json.JSONDecoder(), text.find("{")
    while start >= 0:
        value, end = decoder.raw_decode(text, start)
        found.append(value)
        start = text.find("{", end)
    return found


@pytest.mark.skipif(not shutil.which("aws", path=str(Path(sys.executable).parent)), reason="aws is not installed")
def test_the_aws_command_line_goes_from_a_template_to_a_plan(server: Server, tmp_path: Path) -> None:
    described, document = objects_in(run(server, tmp_path, "sh", "plan_with_aws_cli.sh"))

    assert isinstance(described, dict)
    assert isinstance(document, dict)
    assert described["ProvisionedProductPlanDetails"]["Status"] == "CREATE_SUCCESS"
    assert {change["Action"] for change in described["ResourceChanges"]} == {"ADD"}
    assert document["Summary"] == {"Add": 6, "Modify": 0, "Replace": 0, "Remove": 0}


def test_boto3_goes_from_a_template_to_a_plan(server: Server, tmp_path: Path) -> None:
    printed = run(server, tmp_path, sys.executable, "plan_with_boto3.py").splitlines()

    assert sorted(printed) == [
        "ADD Alerts AWS::SNS::Topic",
        "ADD Orders AWS::SQS::Queue",
        "ADD Partner AWS::SecretsManager::Secret",
        "ADD Rejected AWS::SQS::Queue",
        "ADD Table AWS::DynamoDB::Table",
        "ADD TableSetting AWS::SSM::Parameter",
    ]
