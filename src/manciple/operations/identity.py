"""Who calls: from an access key id and a credential scope to a Caller (contracts, section 2)."""

import re
import threading
from dataclasses import dataclass, replace
from typing import NamedTuple

from manciple.catalog.entities import AccessKey
from manciple.catalog.ids import partition_of
from manciple.catalog.managed_policies import permissions_of, permissions_of_role
from manciple.catalog.policy_decisions import Permissions
from manciple.catalog.sessions import Session
from manciple.errors import ExpiredTokenException, UnrecognizedClientException, ValidationException
from manciple.operations.call import Caller, Runtime
from manciple.operations.session_tokens import read_session
from manciple.store.artifacts import bucket_region
from manciple.store.directories import find_directory
from manciple.store.rows import ACCESS_KEYS

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"

_ACCOUNT = re.compile(r"[0-9]{12}\Z")
_REGION = re.compile(r"[a-z0-9-]{1,32}\Z")
_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/[^/]+\Z")
_OURS = re.compile(r"A[KS]IA[A-Z0-9]{16}\Z")
_REMEMBERED = 5_000
_MOST_REMEMBERED = 10_000


class Claim(NamedTuple):
    """What a request says of who signed it: a key's id, the region it signed for, the session's token."""

    access_key_id: str
    region: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Credentials that this server issued, as they were read: whose they are, and the secret."""

    account: str
    arn: str
    session_arn: str
    secret: str
    is_operator: bool
    is_session: bool
    permissions: Permissions
    expires_at: int | None
    read_at: int


class Origin(NamedTuple):
    """From where a request comes."""

    address: str
    user_agent: str


NOWHERE = Origin("", "")


class Identity:
    """Finds the caller of a request. Keys and sessions are remembered for five seconds.

    So a deleted key, or a role's changed policy, ends or holds within that time.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[tuple[str, str | None], Known] = {}
        self._guard = threading.Lock()

    def anyone(self, claim: Claim | None, account: str | None = None, origin: Origin = NOWHERE) -> Caller:
        """The caller in open mode: any credentials will do.

        A key or session of ours names its own account and principal; else `account` (our own API's header) or a
        12-digit key id is the account. Region from the credential scope, else us-east-1. Raises ExpiredTokenException.
        """
        where = _region(claim.region if claim else None)
        if claim and (known := self.find(claim)):
            caller = _caller_of(known, where, origin)
            return replace(caller, is_operator=True) if known.is_session else caller
        key = claim.access_key_id if claim else None
        name = next((text for text in (account, key) if text and _ACCOUNT.match(text)), DEFAULT_ACCOUNT)
        root = f"arn:{partition_of(where)}:iam::{name}:root"
        return Caller(
            name,
            where,
            root,
            root,
            is_operator=True,
            matches_any_principal=True,
            source_address=origin.address,
            user_agent=origin.user_agent,
        )

    def signer(self, claim: Claim, origin: Origin = NOWHERE) -> Caller:
        """The caller of a request whose signature was verified, bound by the policies of the key or role."""
        known = self.find(claim)
        if known is None:
            raise UnrecognizedClientException("The security token included in the request is invalid.")
        return _caller_of(known, _region(claim.region), origin, known.permissions)

    def at_bucket(self, caller: Caller, bucket: str) -> Caller:
        """The caller in the region of a bucket of theirs, where nothing else in a request names one."""
        with self._runtime.database.read() as tx:
            region = bucket_region(tx, caller.account, bucket)
        return replace(caller, region=region or caller.region)

    def secret(self, claim: Claim) -> str | None:
        """The secret access key of credentials of ours, or None. Raises ExpiredTokenException."""
        known = self.find(claim)
        return known.secret if known else None

    def find(self, claim: Claim) -> Known | None:
        """The credentials of ours that a claim names, or None. Raises ExpiredTokenException."""
        if not _OURS.match(claim.access_key_id):
            return None
        now = self._runtime.now()
        place = (claim.access_key_id, claim.token)
        known = self._known.get(place)
        if known is None or now - known.read_at >= _REMEMBERED:
            known = self._read(claim, now)
            self._remember(place, known)
        if known and known.expires_at is not None and now >= known.expires_at:
            raise ExpiredTokenException("The security token included in the request is expired")
        return known

    def _remember(self, place: tuple[str, str | None], known: Known | None) -> None:
        with self._guard:
            self._known.pop(place, None)
            if len(self._known) > _MOST_REMEMBERED:
                self._known.clear()
            if known:
                self._known[place] = known

    def _read(self, claim: Claim, now: int) -> Known | None:
        if claim.access_key_id.startswith("ASIA"):
            session = read_session(self._runtime.objects.seal, claim.token or "")
            return self._of_session(session, now) if session and session.access_key_id == claim.access_key_id else None
        with self._runtime.database.read() as tx:
            key = ACCESS_KEYS.get(tx, claim.access_key_id)
        return None if key is None else self._of_key(key, now)

    def _of_key(self, key: AccessKey, now: int) -> Known:
        return Known(
            account=key.account,
            arn=role_of(key.arn),
            session_arn=key.arn,
            secret=self._runtime.objects.seal.open(key.sealed_secret).decode(),
            is_operator=key.is_operator,
            is_session=False,
            permissions=permissions_of(key.policy),
            expires_at=None,
            read_at=now,
        )

    def _of_session(self, session: Session, now: int) -> Known:
        with self._runtime.database.read() as tx:
            roles = find_directory(tx).directory.roles
        role = next((role for role in roles if role.arn == session.role_arn), None)
        return Known(
            account=session.account,
            arn=session.role_arn,
            session_arn=session.session_arn,
            secret=session.secret,
            is_operator=False,
            is_session=True,
            permissions=permissions_of_role(role.policies if role else (), session.policies),
            expires_at=session.expires_at,
            read_at=now,
        )


def role_of(arn: str) -> str:
    """The IAM role behind an assumed role's session ARN; any other ARN stays as it is."""
    session = _SESSION.match(arn)
    return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}" if session else arn


def _caller_of(known: Known, region: str, origin: Origin, permissions: Permissions | None = None) -> Caller:
    return Caller(
        known.account,
        region,
        known.arn,
        known.session_arn,
        permissions=permissions,
        is_operator=known.is_operator,
        is_session=known.is_session,
        source_address=origin.address,
        user_agent=origin.user_agent,
    )


def _region(text: str | None) -> str:
    """The region that a credential scope names; any name of the right form is a region of its own."""
    if not text:
        return DEFAULT_REGION
    if not _REGION.match(text):
        raise ValidationException(f"{text[:64]!r} is no region's name; sign for a region such as {DEFAULT_REGION}.")
    return text
