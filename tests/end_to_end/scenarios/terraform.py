"""Terraform or OpenTofu from PATH: a thing is a line in a file, which the package writes and removes."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.contract.packages import PROGRAM, packed
from tests.end_to_end.scenarios.served import Served
from tests.end_to_end.scenarios.target import CREDENTIAL, ROLLBACK, Thing, Versions
from tests.peers import PeerMissingError

SETTINGS = """
[targets.terraform]
provisioners = ["local-exec"]
grace_seconds = 5.0
environment = ["DEPLOY_TOKEN"]
"""
VARIABLES = """
variable "Size" { type = number }
variable "Zone" { type = string }
output "Place" { value = terraform_data.Changed.id }
"""
THING = """
resource "terraform_data" "%(name)s" {
  input            = { file = "%(file)s", value = %(value)s }
  triggers_replace = [%(trigger)s]
  provisioner "local-exec" { command = "sleep 0.3; echo ${self.id} >> ${self.input.file}" }
  provisioner "local-exec" {
    when    = destroy
    command = "rm -f ${self.input.file}"
  }
}
"""
FAILING = """
resource "terraform_data" "Failing" {
  depends_on = [terraform_data.Added]
  provisioner "local-exec" { command = "echo there is no room >&2; exit 3" }
}
"""
HANGING = """
resource "terraform_data" "Hanging" {
  provisioner "local-exec" { command = "sleep 600" }
}
"""
KEPT = """
variable "Secret" {
  type      = string
  sensitive = true
}
resource "terraform_data" "Kept" { input = { secret = var.Secret, note = "a word of ${var.Secret}" } }
output "Told" {
  value     = terraform_data.Kept.output.secret
  sensitive = true
}
"""
LOUD = """
resource "terraform_data" "Loud" {
  depends_on = [terraform_data.Kept]
  provisioner "local-exec" { command = "echo ${nonsensitive(var.Secret)} >&2; exit 3" }
}
"""


class Terraform:
    """The terraform target."""

    kind = "TERRAFORM_OPEN_SOURCE"
    settings = SETTINGS
    outputs = frozenset({"Place"})
    is_simulated = False
    cause = "^Terraform said of terraform_data.Failing: .*there is no room"

    def __init__(self, world: Path) -> None:
        self.environment: Mapping[str, str] = {"DEPLOY_TOKEN": CREDENTIAL}
        self.differs: Mapping[str, str] = {
            ROLLBACK: "Terraform has none: what it did before a failure stays, and the next plan goes on from there"
        }
        self._world = world

    def versions(self, account: str) -> Versions:
        home = self._world / account
        home.mkdir()
        home.chmod(0o777)  # a run has a user of its own
        first = VARIABLES + _thing(home, "Changed", "var.Size") + _thing(home, "Replaced", "1", "var.Zone")
        second = first + _thing(home, "Added", "1")
        texts = (first, second, second + FAILING, first + HANGING)
        return Versions(*(packed({"main.tf": text}) for text in texts))

    def prepare(self, _served: Served, _account: str, _product: Any) -> None:
        """Nothing runs beside the server."""

    def secretive(self, _account: str) -> Versions:
        texts = (KEPT, KEPT, KEPT + LOUD, KEPT)
        return Versions(*(packed({"main.tf": text}) for text in texts))

    def address(self, name: str) -> str:
        return f"terraform_data.{name}"

    def delayed(self, _served: Served, _account: str) -> None:
        """Each thing takes a moment anyway."""

    def things(self, _served: Served, account: str, _product: str) -> list[Thing]:
        files = sorted((self._world / account).iterdir())
        return [Thing(file.name, line) for file in files for line in file.read_text().splitlines()]


def _thing(home: Path, name: str, value: str, trigger: str = "") -> str:
    return THING % {"name": name, "file": home / name, "value": value, "trigger": trigger}


@contextmanager
def open_terraform(_directory: Path) -> Iterator[Terraform]:
    """The program, if it is on PATH, and a directory that its runs' user can write to."""
    if PROGRAM is None:
        raise PeerMissingError("neither tofu nor terraform is on PATH")
    with tempfile.TemporaryDirectory(prefix="manciple-terraform-") as world:
        Path(world).chmod(0o755)
        yield Terraform(Path(world))
