"""NOTIFICATION: topics that are told of a stack's events (AWS API reference, CreateConstraint). Several may stand."""

import re

from msgspec.structs import replace

from manciple.catalog.constraints.constraint import ConstraintType, check_members, read_object, texts_of
from manciple.catalog.constraints.effects import Effects
from manciple.errors import InvalidParametersException

_ARNS = "NotificationArns"
_TOPIC_ARN = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[\w.-]{1,256}", re.ASCII)
_MOST = 5
"""So many topics a stack can have (CloudFormation API reference, CreateStack)."""


def _check(parameters: str) -> None:
    given = read_object("NOTIFICATION", parameters)
    check_members("NOTIFICATION", given, (_ARNS,))
    arns = texts_of("NOTIFICATION", given, _ARNS)
    if len(arns) > _MOST:
        raise InvalidParametersException(f"{len(arns)} {_ARNS} were given; a stack takes at most {_MOST}.")
    for arn in arns:
        if not _TOPIC_ARN.fullmatch(arn):
            raise InvalidParametersException(f"{arn} in {_ARNS} is not the ARN of an SNS topic.")


def _apply(effects: Effects, parameters: str, _account: str, _partition: str) -> Effects:
    arns = (*effects.notification_arns, *read_object("NOTIFICATION", parameters)[_ARNS])
    return replace(effects, notification_arns=tuple(dict.fromkeys(arns)))


NOTIFICATION = ConstraintType(name="NOTIFICATION", check=_check, apply=_apply)
