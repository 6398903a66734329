"""STACKSET: a launch is one stack in each account and region (AWS API reference, CreateConstraint)."""

import re
from typing import Any

from msgspec.structs import replace

from manciple.catalog.constraints.constraint import ConstraintType, check_members, read_object, text_of, texts_of
from manciple.catalog.constraints.effects import Effects, StackSet
from manciple.catalog.constraints.launch import is_role_arn, is_role_name
from manciple.errors import InvalidParametersException

_ACCOUNTS, _REGIONS = "AccountList", "RegionList"
_ADMIN, _EXECUTION, _CONTROL = "AdminRole", "ExecutionRole", "StackInstanceControl"
_MEMBERS = (_ACCOUNTS, _REGIONS, _ADMIN, _EXECUTION, _CONTROL)
_CONTROLS = ("ALLOWED", "NOT_ALLOWED")
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d", re.ASCII)


def _properties(parameters: str) -> dict[str, Any]:
    given = read_object("STACKSET", parameters)
    check_members("STACKSET", given, ("Version", "Properties"))
    found = given.get("Properties")
    if not isinstance(found, dict):
        raise InvalidParametersException("The Parameters of a STACKSET constraint need Properties, an object.")
    return found


def _check(parameters: str) -> None:
    found = _properties(parameters)
    check_members("STACKSET", found, _MEMBERS, "Properties.")
    _check_list(found, _ACCOUNTS, _ACCOUNT, "an account of 12 digits")
    _check_list(found, _REGIONS, _REGION, "a region")
    if not is_role_arn(text_of("STACKSET", found, _ADMIN)):
        raise InvalidParametersException(f"{_ADMIN} {found[_ADMIN]} is not the ARN of an IAM role.")
    if not is_role_name(text_of("STACKSET", found, _EXECUTION)):
        raise InvalidParametersException(f"{_EXECUTION} {found[_EXECUTION]} is not the name of an IAM role.")
    if found.get(_CONTROL, "NOT_ALLOWED") not in _CONTROLS:
        raise InvalidParametersException(f"{_CONTROL} is {found[_CONTROL]} but must be {' or '.join(_CONTROLS)}.")


def _check_list(found: dict[str, Any], member: str, pattern: re.Pattern[str], what: str) -> None:
    items = texts_of("STACKSET", found, member)
    for item in items:
        if not pattern.fullmatch(item):
            raise InvalidParametersException(f"{item} in {member} is not {what}.")
    if len(set(items)) != len(items):
        raise InvalidParametersException(f"{member} names something more than once.")


def _apply(effects: Effects, parameters: str, _account: str, _partition: str) -> Effects:
    found = _properties(parameters)
    stack_set = StackSet(
        accounts=tuple(found[_ACCOUNTS]),
        regions=tuple(found[_REGIONS]),
        admin_role=found[_ADMIN],
        execution_role=found[_EXECUTION],
        allows_control=found.get(_CONTROL) == "ALLOWED",
    )
    return replace(effects, stack_set=stack_set)


STACKSET = ConstraintType(
    name="STACKSET",
    check=_check,
    apply=_apply,
    roles=lambda parameters, account, partition: (str(_properties(parameters)[_ADMIN]),),
    is_single=True,
    excludes=("LAUNCH",),
)
