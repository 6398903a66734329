"""Generated files are what their scripts would write."""

import importlib.metadata
import json
import re
import subprocess
import sys

import botocore
import pytest

from tests.house.tree import ROOT, SOURCE


def test_shapes_are_up_to_date() -> None:
    header = (SOURCE / "api" / "shapes.py").read_text()[:500]
    recorded = re.search(r"botocore ([\d.]+)", header)
    assert recorded
    if recorded[1] != botocore.__version__:
        pytest.skip(f"shapes: made from botocore {recorded[1]}, here is {botocore.__version__}")

    checked = subprocess.run(
        [sys.executable, "scripts/gen_shapes.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_resource_schemas_are_up_to_date() -> None:
    data = (SOURCE / "template" / "data" / "resource_schemas.bin").read_bytes()
    recorded = json.loads(data.partition(b"\n")[0])["source"]["version"]
    here = next(iter(importlib.metadata.distributions(name="cfn-lint")), None)
    if here is None:
        pytest.skip("resource schemas: cfn-lint is not installed, `make gen` brings it")
    if recorded != here.version:
        pytest.skip(f"resource schemas: made from cfn-lint {recorded}, here is {here.version}")

    checked = subprocess.run(
        [sys.executable, "scripts/gen_resource_schemas.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
