"""The README's examples run as they stand, one after the other: our command, boto3, the real `aws` command line."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from manciple.app import Server

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BLOCKS = re.findall(r"^```(?:sh|python)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)

pytestmark = pytest.mark.skipif(not (BIN / "aws").exists(), reason="the aws command line is not installed")


def block(text: str) -> str:
    """The README's one example that holds a text."""
    (found,) = (block for block in BLOCKS if text in block)
    return str(found)


@pytest.fixture
def run(server: Server, tmp_path: Path) -> "Run":
    return Run(server, tmp_path)


class Run:
    """Runs shell examples against the server, deaf to the user's own settings."""

    def __init__(self, server: Server, directory: Path) -> None:
        command = directory / "bin" / "manciple"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m manciple.cli "$@"\n')
        command.chmod(0o700)
        self._preparation = block("manciple publish").replace("http://127.0.0.1:4566", server.url)
        self._environment = {
            "PATH": os.pathsep.join((str(command.parent), str(BIN), os.environ["PATH"])),
            "PYTHONPATH": str(ROOT / "src"),
            "HOME": str(directory),
            "NO_PROXY": "127.0.0.1",
        }

    def __call__(self, *examples: str) -> str:
        """What the examples print after the README's preparation."""
        script = "\n".join(("set -eu", f"{{ {self._preparation}}} >&2", *examples))
        done = subprocess.run(
            ["sh", "-c", script], cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def test_boto3_goes_from_a_product_to_a_plan(run: Run) -> None:
    printed = run(f"{sys.executable} - <<'END'\n{block('import time, uuid, boto3')}END")

    assert sorted(printed.splitlines()) == [
        "ADD Alerts AWS::SNS::Topic",
        "ADD Orders AWS::SQS::Queue",
        "ADD Partner AWS::SecretsManager::Secret",
        "ADD Rejected AWS::SQS::Queue",
        "ADD Table AWS::DynamoDB::Table",
        "ADD TableSetting AWS::SSM::Parameter",
    ]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_aws_command_line_goes_from_a_product_to_a_plan(run: Run) -> None:
    printed = run(block("aws servicecatalog create-provisioned-product-plan"), block("curl"))

    table, start, document = printed.partition("{")
    assert table.startswith("CREATE_SUCCESS\n")
    assert re.search(r"\| *ADD *\| *Table *\| *AWS::DynamoDB::Table *\|", table)
    assert json.loads(start + document)["Summary"] == {"Add": 6, "Modify": 0, "Replace": 0, "Remove": 0}
