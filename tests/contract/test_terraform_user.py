"""A server that is root gives runs a user of their own, who sees nothing of the server's data."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manciple.app import Server
from tests.contract.conftest import serve
from tests.contract.packages import needs_program, packed
from tests.contract.publishing import Published

pytestmark = [
    needs_program,
    pytest.mark.skipif(os.geteuid() != 0, reason="only a server that is root can give runs another user"),
]

PACKAGE = """
resource "terraform_data" "x" {
  provisioner "local-exec" { command = "(id -un; ls DATA; pwd; cat ../../supervised) >&2; false" }
}
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory that another user could reach, were it not for its mode."""
    top = Path(tempfile.mkdtemp())
    top.chmod(0o755)
    (top / "data").mkdir(mode=0o700)
    yield top / "data"
    shutil.rmtree(top)


@pytest.fixture
def server(data: Path) -> Iterator[Server]:
    flags = {"targets.terraform.provisioners": ("local-exec",), "targets.terraform.user": "nobody"}
    yield from serve(f"sqlite:///{data / 'manciple.sqlite'}", data, **flags)


def test_a_run_has_its_own_user_and_sees_no_data(publish: Callable[..., Published], data: Path) -> None:
    product = publish(packed({"main.tf": PACKAGE.replace("DATA", str(data))}), kind="TERRAFORM_OPEN_SOURCE")

    said = str(product.launch("mine")["RecordDetail"]["RecordErrors"][0]["Description"])

    assert "Output: nobody " in said
    assert f"cannot open directory '{data}'" in said
    assert f"{data}.terraform/" in said
    assert "supervised: Permission denied" in said
    assert product.describe("mine")["Status"] == "TAINTED"
