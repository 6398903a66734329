"""The program that is run, `tofu` or `terraform`: found, never shipped. Its version is asked once for each file."""

import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

import msgspec

from manciple.settings.sections import Terraform

_NAMES = ("tofu", "terraform")
_SECONDS = 20.0
_ABSENT = (
    "Neither tofu nor terraform is on this server's PATH. Install OpenTofu or Terraform, or name the program in "
    "targets.terraform.binary."
)


class NoProgram(Exception):
    """There is no program to run; one sentence says what to do."""


class Program(msgspec.Struct, frozen=True):
    """A program and its version, as `Terraform 1.11.4`."""

    path: str
    version: str


class _Told(msgspec.Struct):
    terraform_version: str


def find_program(settings: Terraform) -> Program:
    """The program that is set, else the first on PATH. Raises NoProgram."""
    if settings.binary is not None:
        if not os.access(settings.binary, os.X_OK) or not settings.binary.is_file():
            raise NoProgram(f"targets.terraform.binary {settings.binary} is no program that this server may run.")
        return _asked(str(settings.binary.resolve()), settings.binary.stat().st_mtime_ns)
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise NoProgram(_ABSENT)
    return _asked(str(Path(found).absolute()), Path(found).stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _asked(path: str, _changed: int) -> Program:
    environment = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": os.devnull, "HOME": "/"}
    try:
        done = subprocess.run(
            [path, "version", "-json"], capture_output=True, timeout=_SECONDS, check=True, env=environment, cwd="/"
        )
        told = msgspec.json.decode(done.stdout, type=_Told)
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError):
        raise NoProgram(
            f"{path} does not tell its version; name another program in targets.terraform.binary."
        ) from None
    name = "OpenTofu" if Path(path).name.startswith("tofu") else "Terraform"
    return Program(path, f"{name} {told.terraform_version}")
