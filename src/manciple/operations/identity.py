"""Who calls: from an access key id and a credential scope to a Caller (contracts, section 2)."""

import re
import threading
from dataclasses import dataclass, replace
from typing import NamedTuple

from manciple.catalog.entities import AccessKey
from manciple.catalog.ids import partition_of
from manciple.catalog.managed_policies import permissions_of
from manciple.errors import UnrecognizedClientException, ValidationException
from manciple.operations.call import Caller, Runtime
from manciple.store.artifacts import bucket_region
from manciple.store.rows import ACCESS_KEYS

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"

_ACCOUNT = re.compile(r"[0-9]{12}\Z")
_REGION = re.compile(r"[a-z0-9-]{1,32}\Z")
_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/[^/]+\Z")
_OURS = re.compile(r"A[KS]IA[A-Z0-9]{16}\Z")
_REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key that this server issued, its secret open."""

    key: AccessKey
    secret: str
    read_at: int


class Origin(NamedTuple):
    """From where a request comes."""

    address: str
    user_agent: str


NOWHERE = Origin("", "")


class Identity:
    """Finds the caller of a request. Keys are remembered for five seconds, so a deleted key ends within that time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[str, IssuedKey] = {}
        self._guard = threading.Lock()

    def anyone(
        self, access_key_id: str | None, region: str | None, account: str | None = None, origin: Origin = NOWHERE
    ) -> Caller:
        """The caller in open mode: any credentials will do.

        A key of ours names its own account and principal; else `account` (our own API's header) or a 12-digit key id
        is the account. Region from the credential scope, else us-east-1.
        """
        where = _region(region)
        if access_key_id and (issued := self.issued(access_key_id)):
            return _caller_of(issued.key, where, origin)
        name = next((text for text in (account, access_key_id) if text and _ACCOUNT.match(text)), DEFAULT_ACCOUNT)
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

    def signer(self, access_key_id: str, region: str | None, origin: Origin = NOWHERE) -> Caller:
        """The caller of a request whose signature was verified under this key, bound by the key's policy."""
        issued = self.issued(access_key_id)
        if issued is None:
            raise UnrecognizedClientException("The security token included in the request is invalid.")
        return replace(_caller_of(issued.key, _region(region), origin), permissions=permissions_of(issued.key.policy))

    def at_bucket(self, caller: Caller, bucket: str) -> Caller:
        """The caller in the region of a bucket of theirs, where nothing else in a request names one."""
        with self._runtime.database.read() as tx:
            region = bucket_region(tx, caller.account, bucket)
        return replace(caller, region=region or caller.region)

    def secret(self, access_key_id: str) -> str | None:
        """The secret access key of a key of ours, or None."""
        issued = self.issued(access_key_id)
        return issued.secret if issued else None

    def issued(self, access_key_id: str) -> IssuedKey | None:
        """The key of ours with this id, or None."""
        if not _OURS.match(access_key_id):
            return None
        now = self._runtime.now()
        known = self._known.get(access_key_id)
        if known and now - known.read_at < _REMEMBERED:
            return known
        found = self._read(access_key_id, now)
        with self._guard:
            self._known.pop(access_key_id, None)
            if found:
                self._known[access_key_id] = found
        return found

    def _read(self, access_key_id: str, now: int) -> IssuedKey | None:
        with self._runtime.database.read() as tx:
            key = ACCESS_KEYS.get(tx, access_key_id)
        return None if key is None else IssuedKey(key, self._runtime.objects.seal.open(key.sealed_secret).decode(), now)


def role_of(arn: str) -> str:
    """The IAM role behind an assumed role's session ARN; any other ARN stays as it is."""
    session = _SESSION.match(arn)
    return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}" if session else arn


def _caller_of(key: AccessKey, region: str, origin: Origin) -> Caller:
    return Caller(
        key.account,
        region,
        role_of(key.arn),
        key.arn,
        is_operator=key.is_operator,
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
