"""AWS Signature Version 4: read it, and verify it.

`read_credential` takes the claim at its word (open mode); `read_authorization` and `verify` do what AWS does,
in AWS's order and words: the header's parts, the date, the scope, the clock, the signature.

Source: AWS General Reference, "Signing AWS API requests"; the messages as AWS's endpoints answer them.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, unquote

from manciple.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
)
from manciple.wire.messages import Request

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
UNSIGNED = "UNSIGNED-PAYLOAD"
SKEW_MINUTES = 5
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)

# What a signature must cover where it is sent: without these it would be good for another server or operation.
_MUST_BE_SIGNED = {"host": "'Host' or ':authority'", "x-amz-target": "'X-Amz-Target'"}

_BASIC_FORMAT = re.compile(r"\d{8}T\d{6}Z")
_CLAIMED = re.compile(r"Credential=([^,\s]+)")
_PRESIGNED = re.compile(r"(?:^|&)X-Amz-Credential=([^&]+)")
_PARTS = ("Credential", "Signature", "SignedHeaders")


class Credential(NamedTuple):
    """Whose key signed, and the scope that it signed for: `date` is YYYYMMDD."""

    access_key_id: str
    date: str
    region: str
    service: str

    @property
    def scope(self) -> str:
        """The scope as the signature holds it."""
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


class Authorization(NamedTuple):
    """A whole claim: credential, names of the signed headers, signature in hex, time of signing as sent."""

    credential: Credential
    signed_headers: tuple[str, ...]
    signature: str
    signed_at: str


def read_credential(request: Request) -> Credential | None:
    """Return the credential that a request claims in header or query, unverified, or None."""
    found = _CLAIMED.search(request.headers.get("authorization", "")) or _PRESIGNED.search(request.query)
    if found is None:
        return None
    parts = unquote(found[1]).split("/")
    return Credential(*parts[:4]) if len(parts) == 5 else None


def read_authorization(request: Request) -> Authorization:
    """Return what the Authorization header claims.

    Raises MissingAuthenticationTokenException without one, IncompleteSignatureException where a part is
    missing or malformed, InvalidSignatureException where the scope is not ours.
    """
    header = request.headers.get("authorization")
    if header is None:
        raise MissingAuthenticationTokenException("Missing Authentication Token")
    algorithm, _, rest = header.strip().partition(" ")
    parts = dict(_pairs(rest.split(",")))
    signed_at = request.headers.get("x-amz-date") or request.headers.get("date") or ""
    _demand_parts(header, parts, signed_at)
    if _BASIC_FORMAT.fullmatch(signed_at) is None:
        raise IncompleteSignatureException(
            f"Date must be in ISO-8601 'basic format'. Got '{signed_at}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )
    if algorithm != ALGORITHM:
        raise IncompleteSignatureException(f"Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now).")
    credential = _read_scope(parts["Credential"], signed_at)
    names = tuple(parts["SignedHeaders"].lower().split(";"))
    return Authorization(credential, names, parts["Signature"], signed_at)


def verify(
    request: Request,
    authorization: Authorization,
    secret: str,
    now: int,
    *,
    service: str = "servicecatalog",
    payload: str | None = None,
) -> None:
    """Check a signature against the secret key of its credential, at `now` in milliseconds since the epoch.

    The body is hashed and must be what `x-amz-content-sha256`, if sent, announces; `payload` replaces that
    hash where the caller knows better (the artifact store: unsigned and chunked bodies). Raises
    InvalidSignatureException.
    """
    _demand_service(authorization.credential, service)
    _demand_time(authorization.signed_at, now)
    _demand_signed(request, authorization)
    digest = sha256(request.body).hexdigest() if payload is None else payload
    announced = request.headers.get("x-amz-content-sha256", digest)
    canonical = canonical_request(request, authorization.signed_headers, digest, is_s3=service == "s3")
    expected = sign(canonical, authorization.credential, authorization.signed_at, secret)
    is_signed = hmac.compare_digest(expected.encode(), authorization.signature.encode())
    if not is_signed or announced != digest:
        raise InvalidSignatureException(MISMATCH)


def canonical_request(
    request: Request,
    signed_headers: Iterable[str],
    payload: str,
    *,
    is_s3: bool = False,
    query: str | None = None,
) -> str:
    """Return the canonical request; the path is normalised and encoded again except for s3.

    `query`, if given, stands for the request's own (a presigned one, less its signature).
    """
    path = _s3_path(request.raw_path) if is_s3 else _normal_path(request.raw_path)
    names = sorted(signed_headers)
    lines = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    asked = canonical_query(request.query if query is None else query)
    return f"{request.method}\n{path}\n{asked}\n{lines}\n{';'.join(names)}\n{payload}"


def canonical_query(query: str) -> str:
    """Return the query's parameters encoded anew and sorted."""
    if not query:
        return ""
    pairs = (part.partition("=") for part in query.split("&"))
    encoded = sorted((_encode(unquote(name)), _encode(unquote(value))) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def sign(canonical: str, credential: Credential, signed_at: str, secret: str) -> str:
    """Return the signature, in hex, of a canonical request."""
    digest = sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{signed_at}\n{credential.scope}\n{digest}"
    return hmac.digest(signing_key(secret, *credential[1:]), text.encode(), "sha256").hex()


@lru_cache(maxsize=1024)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Derive the day's key for one region and service from a secret access key."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def is_moment(text: str) -> bool:
    """Is this a time in the basic format that signatures use?"""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _BASIC_FORMAT.fullmatch(text) is not None


def _pairs(parts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for part in parts:
        name, _, value = part.strip().partition("=")
        yield name, value


def _demand_parts(header: str, parts: dict[str, str], signed_at: str) -> None:
    missing = [f"Authorization header requires '{name}' parameter." for name in _PARTS if not parts.get(name)]
    if not signed_at:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if missing:
        # AWS shows a hash of the header; it may be another scheme's credential.
        hashed = b64encode(sha256(header.encode()).digest()).decode()
        raise IncompleteSignatureException(
            f"{' '.join(missing)} (Hashed with SHA-256 and encoded with Base64) Authorization={hashed}"
        )


def _read_scope(text: str, signed_at: str) -> Credential:
    parts = text.split("/")
    if len(parts) != 5:
        raise IncompleteSignatureException(
            "Credential must have exactly 5 slash-delimited elements, "
            f"e.g. keyid/date/region/service/term, got '{text}'"
        )
    *claimed, terminator = parts
    credential = Credential(*claimed)
    if terminator != TERMINATOR:
        raise InvalidSignatureException(
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
        )
    if credential.date != signed_at[:8]:
        raise InvalidSignatureException(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{credential.date}' != '{signed_at[:8]}', from '{signed_at}'."
        )
    return credential


def _demand_service(credential: Credential, service: str) -> None:
    if credential.service != service:
        raise InvalidSignatureException(f"Credential should be scoped to correct service: '{service}'. ")


def _demand_signed(request: Request, authorization: Authorization) -> None:
    for name, spelled in _MUST_BE_SIGNED.items():
        if name in request.headers and name not in authorization.signed_headers:
            raise InvalidSignatureException(f"{spelled} must be a 'SignedHeader' in the AWS Authorization.")


def _demand_time(signed_at: str, now: int) -> None:
    """Compare in the basic format itself, whose order as text is its order in time."""
    earliest, present, latest = _window(now // 1000)
    if signed_at < earliest:
        raise InvalidSignatureException(
            f"Signature expired: {signed_at} is now earlier than {earliest} ({present} - {SKEW_MINUTES} min.)"
        )
    if signed_at > latest:
        raise InvalidSignatureException(
            f"Signature not yet current: {signed_at} is still later than {latest} ({present} + {SKEW_MINUTES} min.)"
        )


@lru_cache(maxsize=2)
def _window(second: int) -> tuple[str, str, str]:
    """The earliest time of signing that is accepted in this second, the second itself, and the latest."""
    moments = (second - SKEW_MINUTES * 60, second, second + SKEW_MINUTES * 60)
    earliest, present, latest = (f"{datetime.fromtimestamp(moment, UTC):%Y%m%dT%H%M%SZ}" for moment in moments)
    return earliest, present, latest


def _normal_path(raw: str) -> str:
    """Resolve `.`, `..` and empty segments as the SDKs do (no slash after a last dot), then encode once more."""
    kept: list[str] = []
    for segment in raw.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    closing = "/" if kept and raw.endswith("/") else ""
    return f"/{quote('/'.join(kept), safe='/-_.~')}{closing}"


def _s3_path(raw: str) -> str:
    """Encode each segment anew, so that a slash inside one stays apart from those between."""
    return "/".join(_encode(unquote(segment)) for segment in raw.split("/"))


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
