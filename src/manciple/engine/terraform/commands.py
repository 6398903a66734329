"""What the program is told: commands, environment, the backend, where providers come from.

Nothing of the server's environment reaches a run but the variables that the operator names, and no value stands in a
command line.
"""

import json
import os
import pwd
import re
from pathlib import Path
from typing import NamedTuple

from manciple.engine.terraform.run import Command, Request, Run
from manciple.engine.terraform.values import SHORTEST
from manciple.settings.sections import Terraform

PLAN_FILE = "plan.bin"
PARAMETERS_FILE = "parameters.tfvars.json"
CLI_FILE = "cli.tfrc"
LOCKS_FILE = ".terraform.lock.hcl"

_BASE = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_INPUT": "0", "PATH": os.defpath, "LANG": "C.UTF-8"}
_RETRIES = {"TF_HTTP_RETRY_WAIT_MIN": "1", "TF_HTTP_RETRY_WAIT_MAX": "10"}
_TRIES_TO_PLAN, _TRIES_TO_APPLY = "5", "20"
"""How long a server that starts anew is waited for: half a minute, three minutes. Not in the backend's block, which a
saved plan keeps."""
_NOTHING = 'provider_installation {\n  direct {\n    exclude = ["*/*/*"]\n  }\n}\n'
_LONGEST_SOCKET_DIRECTORY = 80
_IS_SECRET = re.compile("SECRET|TOKEN|PASSW|KEY|CREDENTIAL", re.IGNORECASE)
_LOCKING = "-lock-timeout=30s"


class Identity(NamedTuple):
    """The user that a run has; None for the server's own."""

    uid: int | None
    gid: int | None


def has_own_user(settings: Terraform) -> bool:
    """Do runs have a user of their own? Only root can give them one."""
    return settings.user is not None and os.geteuid() == 0


def identity_of(settings: Terraform) -> Identity:
    """The user that is set. Raises KeyError for one that there is not."""
    if settings.user is None or not has_own_user(settings):
        return Identity(None, None)
    found = pwd.getpwnam(settings.user)
    return Identity(found.pw_uid, found.pw_gid)


def backend(address: str) -> bytes:
    """The override file that makes our server the state's place."""
    http = {"address": address, "lock_address": address, "unlock_address": address, "username": "manciple"}
    return json.dumps({"terraform": {"backend": {"http": http}}}).encode()


def command_line_configuration(settings: Terraform) -> bytes:
    """Where providers come from: the operator's mirror, or nowhere, or the registry where that is allowed."""
    if settings.registry:
        return b""
    if settings.mirror is None:
        return _NOTHING.encode()
    path = json.dumps(str(settings.mirror.absolute()))
    return f"provider_installation {{\n  filesystem_mirror {{\n    path = {path}\n  }}\n}}\n".encode()


def to_plan(program: str, run: Run, settings: Terraform) -> list[Command]:
    """Initialize, plan, show the plan."""
    plan = str(run.private / PLAN_FILE)
    made = [program, "plan", *_ways(settings), "-detailed-exitcode", f"-out={plan}", _variables(run)]
    return [_init(program), Command("plan", made, (0, 2)), Command("show", [program, "show", "-json", plan])]


def to_apply(program: str, run: Run, settings: Terraform, *, gives_variables: bool) -> list[Command]:
    """Initialize and carry out a saved plan; it is shown first, for the secrets that no word may tell of."""
    plan = str(run.private / PLAN_FILE)
    variables = [_variables(run)] if gives_variables else []
    applied = [program, "apply", *_ways(settings), *variables, plan]
    return [_init(program), Command("show", [program, "show", "-json", plan]), Command("apply", applied)]


def to_destroy(program: str, run: Run, settings: Terraform) -> list[Command]:
    """Initialize and destroy everything."""
    return [
        _init(program),
        Command("apply", [program, "apply", "-destroy", "-auto-approve", *_ways(settings), _variables(run)]),
    ]


def request_of(run: Run, settings: Terraform, commands: list[Command], token: str) -> Request:
    """The whole request to a run's supervisor."""
    identity = identity_of(settings)
    named = {name: os.environ[name] for name in settings.environment if name in os.environ}
    is_applied = any(one.name == "apply" for one in commands)
    own = {
        **_RETRIES,
        "TF_HTTP_RETRY_MAX": _TRIES_TO_APPLY if is_applied else _TRIES_TO_PLAN,
        "HOME": str(run.private / "home"),
        "TMPDIR": temporary_directory(run),
        "TF_CLI_CONFIG_FILE": str(run.private / CLI_FILE),
        "TF_HTTP_PASSWORD": token,
    }
    return Request(
        commands=commands,
        cwd=str(run.package),
        environment={**_BASE, **named, **own},
        seconds=settings.seconds,
        grace=settings.grace_seconds,
        limits={
            "memory_bytes": settings.memory_bytes,
            "file_bytes": settings.file_bytes,
            "cpu_seconds": int(settings.seconds) + 1,
        },
        uid=identity.uid,
        gid=identity.gid,
    )


def temporary_directory(run: Run) -> str:
    """Where a run keeps what is for a moment, sockets of providers too, whose paths have to be short (unix(7))."""
    whole = str(run.private / "tmp")
    return whole if len(whole) <= _LONGEST_SOCKET_DIRECTORY else "../tmp"


def secrets_of_environment(settings: Terraform) -> list[str]:
    """The values of those variables that a run sees and that are secrets by their names."""
    names = (name for name in settings.environment if _IS_SECRET.search(name) and not name.endswith("_ID"))
    return [value for name in names if len(value := os.environ.get(name, "")) >= SHORTEST]


def runs_directory(data: Path, settings: Terraform) -> Path:
    """Where runs have their directories.

    It is in the data directory, which nobody else may enter; a run with a user of its own must reach its directory, so
    then it is beside it.
    """
    whole = data.resolve()
    return whole.with_name(f"{whole.name}.terraform") if has_own_user(settings) else whole / "terraform"


def _init(program: str) -> Command:
    return Command("init", [program, "init", "-input=false", "-no-color"])


def _ways(settings: Terraform) -> list[str]:
    return ["-input=false", "-json", _LOCKING, f"-parallelism={settings.parallelism}"]


def _variables(run: Run) -> str:
    return f"-var-file={run.private / PARAMETERS_FILE}"
