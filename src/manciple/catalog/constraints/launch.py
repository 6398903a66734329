"""LAUNCH: the role under which a product is launched, updated and terminated (AWS API reference, CreateConstraint)."""

import re

from msgspec.structs import replace

from manciple.catalog.constraints.constraint import ConstraintType, check_members, read_object, text_of
from manciple.catalog.constraints.effects import Effects
from manciple.errors import InvalidParametersException

_ARN, _NAME = "RoleArn", "LocalRoleName"
_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


def is_role_arn(text: str) -> bool:
    """Is it the ARN of an IAM role?"""
    return _ROLE_ARN.fullmatch(text) is not None


def is_role_name(text: str) -> bool:
    """Is it the name that an IAM role can have?"""
    return _ROLE_NAME.fullmatch(text) is not None


def _check(parameters: str) -> None:
    given = read_object("LAUNCH", parameters)
    check_members("LAUNCH", given, (_ARN, _NAME))
    if len(given) != 1:
        raise InvalidParametersException(
            f"The Parameters of a LAUNCH constraint must have exactly one of {_ARN} and {_NAME}."
        )
    if _ARN in given and not is_role_arn(text_of("LAUNCH", given, _ARN)):
        raise InvalidParametersException(f"{_ARN} {given[_ARN]} is not the ARN of an IAM role.")
    if _NAME in given and not is_role_name(text_of("LAUNCH", given, _NAME)):
        raise InvalidParametersException(f"{_NAME} {given[_NAME]} is not the name of an IAM role.")


def _role(parameters: str, account: str, partition: str) -> str:
    """The role's ARN; one given by its name is the launching account's own (CloudFormation reference)."""
    given = read_object("LAUNCH", parameters)
    return str(given[_ARN]) if _ARN in given else f"arn:{partition}:iam::{account}:role/{given[_NAME]}"


def _apply(effects: Effects, parameters: str, account: str, partition: str) -> Effects:
    return replace(effects, launch_role_arn=_role(parameters, account, partition))


LAUNCH = ConstraintType(
    name="LAUNCH",
    check=_check,
    apply=_apply,
    roles=lambda parameters, account, partition: (_role(parameters, account, partition),),
    is_single=True,
    excludes=("STACKSET",),
)
