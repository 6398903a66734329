"""Service actions: documents that an end user may run against a provisioned product.

A definition names the document, its version, the role that runs it, and its parameters as JSON text (AWS API reference,
CreateServiceAction). AWS records no text for a definition that is not sound; those here are ours.
"""

import re
from collections.abc import Mapping

import msgspec

from manciple.catalog.entities import Entity
from manciple.errors import InvalidParametersException

LAUNCH_ROLE = "LAUNCH_ROLE"
"""The role that stands for the provisioned product's launch role."""

DEFAULT_VERSION = "$DEFAULT"
"""The version of a document that Systems Manager runs unless it is told another."""

ROLE_PARAMETER = "AutomationAssumeRole"
"""The parameter by which documents are told the role (Systems Manager user guide, "Running automations")."""

TARGET, TEXT_VALUE = "TARGET", "TEXT_VALUE"

WITHOUT_ACTIONS = ("TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD")
"""Types of products that have no service actions (administrator guide, "Service Actions")."""

_DOCUMENT = re.compile(r"[a-zA-Z0-9_\-.:/]{3,512}")
_VERSION = re.compile(r"\$LATEST|\$DEFAULT|[1-9][0-9]*")
_ROLE = re.compile(r"arn:[a-z0-9-]+:iam::\d+:role/[\w+=,.@/-]+", re.ASCII)
_MOST_LETTERS = 50


class ServiceAction(Entity, frozen=True, kw_only=True):
    """A self-service action; names need not be unique."""

    id: str
    name: str
    description: str | None = None
    definition_type: str = "SSM_AUTOMATION"
    definition: dict[str, str]
    created_time: int


class ServiceActionAssociation(Entity, frozen=True, kw_only=True):
    """A version of a product has a service action."""

    product_id: str
    provisioning_artifact_id: str
    service_action_id: str
    created_time: int


class ActionParameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of a definition. One of type TARGET is filled with what the action works on unless it is given."""

    name: str = msgspec.field(name="Name")
    type: str = msgspec.field(name="Type")


def parameters_of(definition: Mapping[str, str]) -> list[ActionParameter]:
    """The parameters that a definition declares, in its order. Raises InvalidParametersException."""
    text = definition.get("Parameters")
    if text is None:
        return []
    try:
        found = msgspec.json.decode(text, type=list[ActionParameter])
    except msgspec.MsgspecError as error:
        raise InvalidParametersException(
            'Definition.Parameters must be a JSON list like [{"Name": "InstanceId", "Type": "TARGET"}].'
        ) from error
    for parameter in found:
        _check_parameter(parameter)
    names = [parameter.name for parameter in found]
    if len(set(names)) != len(names):
        raise InvalidParametersException(f"Definition.Parameters names a parameter twice: {', '.join(names)}.")
    return found


def check_definition(definition: Mapping[str, str]) -> None:
    """Raise InvalidParametersException unless a definition is sound."""
    if "Name" not in definition:
        raise InvalidParametersException("Definition has no Name; name the document.")
    if not _DOCUMENT.fullmatch(definition["Name"]):
        raise InvalidParametersException(f"Definition.Name {definition['Name']} is no name or ARN of a document.")
    if not _VERSION.fullmatch(definition.get("Version", DEFAULT_VERSION)):
        raise InvalidParametersException(
            f"Definition.Version {definition['Version']} must be a number from 1, $LATEST or $DEFAULT."
        )
    role = definition.get("AssumeRole", LAUNCH_ROLE)
    if role != LAUNCH_ROLE and not _ROLE.fullmatch(role):
        raise InvalidParametersException(f"Definition.AssumeRole {role} must be {LAUNCH_ROLE} or the ARN of a role.")
    parameters_of(definition)


def default_values(declared: list[ActionParameter], targets: list[str], role: str | None) -> dict[str, list[str]]:
    """The values of parameters that are not given: the targets for those of type TARGET, the role for the one of it."""
    roles = [] if role is None else [role]
    values = {one.name: roles if one.name == ROLE_PARAMETER else targets for one in declared if one.type == TARGET}
    return {name: found for name, found in values.items() if found}


def fill_parameters(
    declared: list[ActionParameter], given: Mapping[str, list[str]], defaults: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """The values that an execution passes: those given, and defaults.

    A TEXT_VALUE parameter that is not given is not passed (AWS API reference, ExecuteProvisionedProductServiceAction).
    Raises InvalidParametersException for a parameter that the action has not.
    """
    known = {parameter.name for parameter in declared}
    for name in given:
        if name not in known:
            raise InvalidParametersException(
                f"The service action has no parameter {name}; it has {', '.join(sorted(known)) or 'none'}."
            )
    return {**defaults, **given}


def _check_parameter(parameter: ActionParameter) -> None:
    if not 1 <= len(parameter.name) <= _MOST_LETTERS:
        raise InvalidParametersException(
            f"Definition.Parameters names a parameter of {len(parameter.name)} letters; it takes 1 to {_MOST_LETTERS}."
        )
    if parameter.type not in (TARGET, TEXT_VALUE):
        raise InvalidParametersException(
            f"Parameter {parameter.name} is of type {parameter.type}; it must be {TARGET} or {TEXT_VALUE}."
        )
