"""The properties that UpdateProvisionedProductProperties sets: who owns a provisioned product, and its launch role."""

import re
from typing import NamedTuple

from manciple.errors import InvalidParametersException

_PATH = r"[\w+=,.@/-]*[\w+=,.@-]"
_USER = re.compile(rf"arn:[\w-]+:iam::([0-9]{{12}}):(?:user/{_PATH}|root)", re.ASCII)
_ROLE = re.compile(rf"arn:[\w-]+:iam::([0-9]{{12}}):role/{_PATH}", re.ASCII)
_SESSION = re.compile(r"arn:([\w-]+):sts::([0-9]{12}):assumed-role/([\w+=,.@-]+)/[\w+=,.@-]+", re.ASCII)


class Owner(NamedTuple):
    """Who owns a provisioned product: the user or role, and the session's ARN (the same where there is none)."""

    arn: str
    session_arn: str


def read_owner(arn: str, account: str) -> Owner:
    """The owner that OWNER names: a user, a role, or a session of a role, of the same account (API reference).

    Root, which the reference does not name, is taken as a user. Raises InvalidParametersException.
    """
    session = _SESSION.fullmatch(arn)
    plain = _USER.fullmatch(arn) or _ROLE.fullmatch(arn)
    if session is None and plain is None:
        raise InvalidParametersException(f"OWNER takes the ARN of a user, role or assumed role, not {arn}.")
    found = session[2] if session else plain[1] if plain else ""
    if found != account:
        raise InvalidParametersException(f"OWNER must be in account {account}; {arn} is not.")
    if session is None:
        return Owner(arn, arn)
    return Owner(f"arn:{session[1]}:iam::{account}:role/{session[3]}", arn)


def read_launch_role(arn: str) -> str:
    """The role that LAUNCH_ROLE names; a user is not valid (API reference). Raises InvalidParametersException."""
    if not _ROLE.fullmatch(arn):
        raise InvalidParametersException(f"LAUNCH_ROLE takes the ARN of a role, not {arn}.")
    return arn
