"""Who calls, and becoming a role: what the SDKs ask of STS.

A role may be assumed in `sigv4` mode if the directory declares it and it trusts the caller; a caller whom it trusts by
account alone, or who is of another account, also needs a policy that allows `sts:AssumeRole`. In open mode every role
of the caller's account can be assumed (contracts, section 2). Source: STS API reference, AssumeRole, GetCallerIdentity.
"""

import secrets
from typing import Annotated, NoReturn

import msgspec

from manciple.api.model import Shape, text
from manciple.catalog.directory import Role
from manciple.catalog.managed_policies import policies_of
from manciple.catalog.policy_statements import PolicyError
from manciple.catalog.sessions import Session, account_of, session_arn, trust_in, unique_id, user_id
from manciple.errors import AccessDeniedException, MalformedPolicyDocumentException, ValidationException
from manciple.operations.call import Context, operation
from manciple.operations.session_tokens import write_session
from manciple.store.directories import find_directory

LONGEST_CHAINED = 3600
"""Seconds that a role lasts which another role's session assumes ("Role chaining")."""

_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ACTION = "sts:AssumeRole"

RoleArn = Annotated[str, text(20, 2048, r"arn:[a-z0-9-]+:iam::\d{12}:role/[!-~]+")]
SessionName = Annotated[str, text(2, 64, r"[\w+=,.@-]*")]
Duration = Annotated[int, msgspec.Meta(ge=900, le=43200)]
PolicyText = Annotated[str, text(1, 2048)]


class GetCallerIdentityInput(Shape, frozen=True, kw_only=True):
    """Nothing: the signature says who calls."""


class CallerIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls."""

    user_id: str
    account: str
    arn: str


class AssumeRoleInput(Shape, frozen=True, kw_only=True):
    """A role, a name for the session, how long it may last, and what bounds it."""

    role_arn: RoleArn = msgspec.field(name="RoleArn")
    role_session_name: SessionName = msgspec.field(name="RoleSessionName")
    duration_seconds: Duration | None = msgspec.field(default=None, name="DurationSeconds")
    policy: PolicyText | None = msgspec.field(default=None, name="Policy")
    policy_arns: list[str] | None = msgspec.field(default=None, name="PolicyArns")


class AssumedRole(msgspec.Struct, frozen=True, kw_only=True):
    """A session's credentials."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: int
    role_id: str
    arn: str


@operation("sts:GetCallerIdentity")
def get_caller_identity(context: Context, _input: GetCallerIdentityInput) -> CallerIdentity:
    """Who calls; nobody needs a permission for that."""
    caller = context.caller
    identity = user_id(caller.arn, caller.session_arn, caller.account)
    return CallerIdentity(user_id=identity, account=caller.account, arn=caller.session_arn)


@operation(_ACTION, writes=True)
def assume_role(context: Context, input: AssumeRoleInput) -> AssumedRole:
    """Temporary credentials of a role.

    Raises AccessDeniedException, MalformedPolicyDocumentException, ValidationException.
    """
    _demand_role(context, input.role_arn)
    seconds = input.duration_seconds or 3600
    if context.caller.is_session and seconds > LONGEST_CHAINED:
        raise ValidationException(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    session = Session(
        access_key_id="ASIA" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(16)),
        secret=secrets.token_urlsafe(30),
        account=account_of(input.role_arn),
        role_arn=input.role_arn,
        session_arn=session_arn(input.role_arn, input.role_session_name),
        expires_at=context.now + seconds * 1000,
        policies=_bounds(input),
    )
    return AssumedRole(
        access_key_id=session.access_key_id,
        secret_access_key=session.secret,
        session_token=write_session(context.runtime.objects.seal, session),
        expires_at=session.expires_at,
        role_id=f"{unique_id('AROA', input.role_arn)}:{input.role_session_name}",
        arn=session.session_arn,
    )


def _demand_role(context: Context, arn: str) -> None:
    caller = context.caller
    is_open = context.runtime.settings.auth == "open"
    if is_open and arn.startswith(f"arn:{caller.partition}:iam::{caller.account}:role/"):
        return
    role = next((role for role in find_directory(context.tx).directory.roles if role.arn == arn), None)
    if role is None or not _may_assume(context, role):
        _refuse(context, arn)


def _may_assume(context: Context, role: Role) -> bool:
    caller = context.caller
    trust = trust_in(role, {caller.arn, caller.session_arn}, caller.account, caller.partition)
    permissions = caller.permissions
    if trust == "no":
        return False
    if permissions is None:
        return True
    verdict = permissions.decide(_ACTION, (role.arn,), {})
    suffices = trust == "by name" and account_of(role.arn) == caller.account
    return verdict == "allowed" or (suffices and verdict == "not allowed")


def _refuse(context: Context, arn: str) -> NoReturn:
    raise AccessDeniedException(
        f"User: {context.caller.session_arn} is not authorized to perform: {_ACTION} on resource: {arn}"
    )


def _bounds(input: AssumeRoleInput) -> tuple[str, ...] | None:
    """The session's own policies; each must be one that can be read."""
    given = (*(input.policy_arns or ()), *([input.policy] if input.policy else ()))
    for policy in given:
        try:
            policies_of(policy)
        except PolicyError as error:
            raise MalformedPolicyDocumentException(str(error)) from error
    return given or None
