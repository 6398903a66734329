"""Sessions of roles: who may assume one, and what a session's credentials stand for.

Source: STS API reference, AssumeRole; IAM user guide, "IAM JSON policy elements: Principal" and "IAM identifiers".
"""

from collections.abc import Collection
from hashlib import sha256
from typing import Literal, TypeAlias

import msgspec

from manciple.catalog.directory import Role

Trust: TypeAlias = Literal["by name", "by account", "no"]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A role's session: its temporary credentials, and until when they hold (milliseconds since the epoch).

    `policies` bound what the role may do; None where the session was asked for without.
    """

    access_key_id: str
    secret: str
    account: str
    role_arn: str
    session_arn: str
    expires_at: int
    policies: tuple[str, ...] | None = None


def session_arn(role_arn: str, name: str) -> str:
    """The ARN of a session: the role's name without its path, and the session's."""
    partition, account = role_arn.split(":")[1], account_of(role_arn)
    return f"arn:{partition}:sts::{account}:assumed-role/{role_arn.rpartition('/')[2]}/{name}"


def account_of(arn: str) -> str:
    """The account that an ARN names."""
    return arn.split(":")[4]


def trust_in(role: Role, arns: Collection[str], account: str, partition: str) -> Trust:
    """How a role trusts a caller: by one of their own ARNs (or as anyone), by their account, or not."""
    if "*" in role.trusts or any(arn in role.trusts for arn in arns):
        return "by name"
    accounts = (account, f"arn:{partition}:iam::{account}:root")
    return "by account" if any(name in role.trusts for name in accounts) else "no"


def unique_id(kind: str, arn: str) -> str:
    """The id that IAM would give a user (AIDA) or role (AROA), made from its ARN so that it is always the same."""
    digest = int.from_bytes(sha256(arn.encode()).digest())
    return kind + "".join(_ALPHABET[digest >> 5 * place & 31] for place in range(17))


def user_id(arn: str, session: str, account: str) -> str:
    """The UserId of GetCallerIdentity: a user's, a role's with the session's name, or root's account."""
    kind, _, name = session.rpartition(":")[2].partition("/")
    if kind == "user":
        return unique_id("AIDA", arn)
    if kind == "assumed-role":
        return f"{unique_id('AROA', arn)}:{name.partition('/')[2]}"
    return unique_id("AROA", arn) if kind == "role" else account
