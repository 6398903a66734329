"""Can packages be deployed here? Found out before anyone launches, and nothing is run but the program's version."""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from manciple.engine.finding import Finding
from manciple.engine.terraform.commands import runs_directory
from manciple.engine.terraform.program import NoProgram, find_program
from manciple.settings.sections import Terraform


def check(settings: Terraform, data: Path, *, is_wanted: bool) -> Iterator[Finding]:
    """The program, the mirror, the user, the place of the runs. Where nobody wants it, no program is no problem."""
    try:
        program = find_program(settings)
        yield Finding(where="the program", said=f"{program.version} at {program.path}")
    except NoProgram as error:
        if not is_wanted and settings == Terraform():
            yield Finding(where="the program", said=f"there is none, and no package can be deployed: {error}")
            return
        yield Finding(where="the program", said="", problem=str(error))
    yield _providers(settings)
    yield _user(settings, data)


def _providers(settings: Terraform) -> Finding:
    if settings.registry:
        return Finding(where="providers", said="come from the registry (targets.terraform.registry)")
    if settings.mirror is None:
        return Finding(where="providers", said="only those in the program itself; there is no targets.terraform.mirror")
    if not settings.mirror.is_dir():
        problem = f"targets.terraform.mirror {settings.mirror} is no directory"
        return Finding(where="providers", said="", problem=problem)
    return Finding(where="providers", said=f"come from {settings.mirror}")


def _user(settings: Terraform, data: Path) -> Finding:
    where = f"runs in {runs_directory(data, settings)}"
    if settings.user is None:
        return Finding(where=where, said="have the server's own user; a server that is root can give them another")
    if os.geteuid() != 0:
        return Finding(where=where, said=f"have the server's own user, not {settings.user}: it is not root")
    try:
        pwd.getpwnam(settings.user)
    except KeyError:
        return Finding(where=where, said="", problem=f"there is no user {settings.user} (targets.terraform.user)")
    return Finding(where=where, said=f"have the user {settings.user}")
