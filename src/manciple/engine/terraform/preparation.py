"""What a run is prepared from: the package, read and judged before anything of it is run, and its variables' values."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from manciple.engine.slice import Parts
from manciple.engine.terraform.commands import has_own_user, identity_of
from manciple.engine.terraform.configuration import Configuration, read_configuration
from manciple.engine.terraform.package import Package, PackageError, limits_of, read_package
from manciple.engine.terraform.policy import policy_of, refusals
from manciple.engine.terraform.program import NoProgram, Program, find_program
from manciple.engine.terraform.values import SHORTEST, texts_of
from manciple.engine.terraform.variables import Variable
from manciple.settings.sections import Terraform
from manciple.template.evaluation import Parameter
from manciple.template.values import Secret

_MOST = 10
"""Refusals that are told at once."""
_SCALARS = ("number", "bool")


class Refused(Exception):
    """A package or its parameters are refused before anything was run; the text says why."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A package that may be run, by which program, and the values that its variables are given."""

    package: Package
    configuration: Configuration
    program: Program
    values: dict[str, Any]

    @property
    def variables(self) -> dict[str, Variable]:
        """The root module's variables by name."""
        return {one.name: one for one in self.configuration.root.variables}

    @property
    def sensitive(self) -> frozenset[str]:
        """The names of the sensitive ones."""
        return frozenset(one.name for one in self.configuration.root.variables if one.sensitive)

    @property
    def secrets(self) -> Iterator[str]:
        """What the sensitive ones are given, part by part."""
        for name in self.sensitive & self.values.keys():
            yield from (text for text in texts_of(self.values[name]) if len(text) >= SHORTEST)

    @property
    def is_ephemeral(self) -> bool:
        """Has it variables that no plan keeps, so that they are given again when it is applied?"""
        return any(one.ephemeral for one in self.configuration.root.variables)


def prepare(parts: Parts, settings: Terraform, package_digest: str, given: Mapping[str, str]) -> Prepared:
    """Read and judge a package. Raises Refused."""
    with parts.database.read() as tx:
        archive = parts.objects.get(tx, package_digest)
    limits = limits_of(settings)
    try:
        package = read_package(archive, limits)
        configuration = read_configuration(package, limits)
    except PackageError as error:
        raise Refused(str(error)) from None
    if found := refusals(configuration, policy_of(settings, has_own_user=has_own_user(settings))):
        more = f" ({len(found) - _MOST} more)" if len(found) > _MOST else ""
        raise Refused(" ".join(found[:_MOST]) + more)
    try:
        program = find_program(settings)
        identity_of(settings)
    except NoProgram as error:
        raise Refused(str(error)) from None
    except KeyError:
        raise Refused(f"This server has no user {settings.user} (targets.terraform.user); make it.") from None
    variables = {one.name: one for one in configuration.root.variables}
    values = {name: _value(name, text, variables) for name, text in given.items()}
    if missing := [name for name, one in variables.items() if one.required and name not in given]:
        raise Refused(f"Parameters: [{', '.join(missing)}] must have values; the package gives them no default.")
    return Prepared(package=package, configuration=configuration, program=program, values=values)


def parameters_of(prepared: Prepared, given: Mapping[str, str]) -> dict[str, Parameter]:
    """The parameters as a plan keeps them, defaults too."""
    return {one.name: one for one in _parameters(prepared, given)}


def _parameters(prepared: Prepared, given: Mapping[str, str]) -> Iterator[Parameter]:
    for name, variable in prepared.variables.items():
        text = given.get(name, None if variable.default is None else _plain(variable.default))
        if text is not None:
            value = Secret(text) if variable.sensitive and len(text) >= SHORTEST else text
            yield Parameter(
                name=name,
                type=variable.type or "any",
                given=value,
                resolved=value,
                no_echo=variable.sensitive,
                is_default=name not in given,
            )


def _plain(default: str) -> str:
    """A default's JSON as a parameter's value is given: text without its quotation marks."""
    value = json.loads(default)
    return value if isinstance(value, str) else default


def _value(name: str, text: str, variables: Mapping[str, Variable]) -> Any:
    """What a variable is given: text as it is, all else as JSON, as AWS's reference engine reads it. Raises Refused."""
    variable = variables.get(name)
    if variable is None:
        known = ", ".join(variables) or "none"
        raise Refused(f"Parameter {name} is no variable of the package; its variables are: {known}.")
    if variable.type == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        if variable.type in ("", "any", *_SCALARS):
            return text
        raise Refused(f"Parameter {name} is of type {variable.type}; its value has to be JSON of that type.") from None
