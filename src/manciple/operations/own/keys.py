"""Access keys that this server issues (contracts, sections 2 and 11)."""

import re
import secrets
from typing import NamedTuple

from manciple.catalog.entities import AccessKey
from manciple.catalog.managed_policies import is_named, policies_of
from manciple.catalog.policy_statements import PolicyError
from manciple.errors import ValidationException
from manciple.store.database import Database
from manciple.store.objects import Objects
from manciple.store.rows import ACCESS_KEYS

_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ID_LENGTH = 16
_SECRET_BYTES = 30
_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::(?P<account>[0-9]{12}):(root|(user|role|assumed-role)/[\w+=,.@/-]+)")


class NewKey(NamedTuple):
    """A key as its owner gets it, once: the secret is shown nowhere again."""

    access_key_id: str
    secret_access_key: str
    arn: str
    account: str


def create_key(
    database: Database,
    objects: Objects,
    now: int,
    *,
    account: str,
    arn: str,
    policy: str = "admin",
    is_operator: bool = False,
) -> NewKey:
    """Issue a key to a principal of an account.

    `policy` is a policy's name (`admin`, `end-user`, `engine`, an AWS managed one's) or a policy document's JSON.
    Raises ValidationException for an account, ARN or policy that cannot be.
    """
    _check(account, arn, policy)
    identifier = "AKIA" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    key = AccessKey(
        id=identifier,
        account=account,
        arn=arn,
        sealed_secret=objects.seal.close(secret.encode()),
        policy=policy,
        is_operator=is_operator,
        created_time=now,
    )
    with database.write() as tx:
        ACCESS_KEYS.insert(tx, key)
    return NewKey(access_key_id=identifier, secret_access_key=secret, arn=arn, account=account)


def list_keys(database: Database) -> list[AccessKey]:
    """Every key, the oldest first; their secrets stay sealed."""
    with database.read() as tx:
        return sorted(ACCESS_KEYS.find(tx), key=lambda key: (key.created_time, key.id))


def delete_key(database: Database, identifier: str) -> None:
    """Have a key sign nothing more, some seconds later. Raises ValidationException for one that is not there."""
    with database.write() as tx:
        key = ACCESS_KEYS.get(tx, identifier)
        if key is None:
            raise ValidationException(
                f"There is no access key {identifier!r}; `manciple key list` lists what there is."
            )
        ACCESS_KEYS.delete(tx, key)


def _check(account: str, arn: str, policy: str) -> None:
    if not _ACCOUNT.fullmatch(account):
        raise ValidationException(f"The account {account!r} is not 12 digits.")
    found = _ARN.fullmatch(arn)
    if found is None or found["account"] != account:
        raise ValidationException(f"The ARN {arn!r} names no root, user, role or session of account {account}.")
    try:
        policies_of(policy)
    except PolicyError as error:
        raise ValidationException(str(error)) from error


def doubts_about(policy: str) -> list[str]:
    """What of a policy document cannot be judged here, in sentences; nothing of a named one, which is not theirs."""
    return [] if is_named(policy) else [doubt for one in policies_of(policy) for doubt in one.doubts]
