"""Presigned addresses of the artifact store: the signature, and how long it holds, stand in the query.

Signature Version 4 as S3 takes it (API reference, "Authenticating Requests: Using Query Parameters"), and version 2,
which boto3 still presigns with unless it is told otherwise ("Signing and authenticating REST requests", query string
alternative). Headers that a client has put into the query count as headers.
"""

import hmac
from base64 import b64encode
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec

from manciple.operations.own.object_errors import ObjectStoreError
from manciple.wire import sigv4
from manciple.wire.guard import LOCAL_NAME, host_name
from manciple.wire.messages import Request

LONGEST = 7 * 24 * 60 * 60
"""Seconds that a version 4 address may hold."""
_EARLY = 15 * 60 * 1000

_V4 = "X-Amz-Signature"
_V4_PARTS = ("X-Amz-Algorithm", "X-Amz-Credential", _V4, "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires")
_V2_PARTS = ("AWSAccessKeyId", "Signature", "Expires")
_TOKEN = "x-amz-security-token"  # noqa: S105 - a name
_OF_SIGNATURE = {name.lower() for name in (*_V4_PARTS, *_V2_PARTS)} | {_TOKEN}
_FOLDED = ("x-amz-", "content-")
"""What the names of headers begin with that clients put into a presigned query."""
_V2_SIGNED = frozenset(
    {
        "acl",
        "delete",
        "location",
        "partNumber",
        "uploadId",
        "uploads",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
    }
)
"""Parameters that are part of the resource that version 2 signs."""


class Presigned(NamedTuple):
    """What a presigned address claims. Version 2 names no region, so `credential` is None there."""

    access_key_id: str
    credential: sigv4.Credential | None
    signature: str
    parts: dict[str, str]


def read_presigned(request: Request) -> Presigned | None:
    """What the query claims, unverified; None where the address is not presigned.

    Raises AuthorizationQueryParametersError or InvalidArgument where a part is missing or malformed.
    """
    if "Signature=" not in request.query:
        return None
    parts = dict(parse_qsl(request.query, keep_blank_values=True))
    if _V4 in parts:
        return _read_v4(parts)
    if "Signature" not in parts or "AWSAccessKeyId" not in parts:
        return None
    if not (parts.get("Expires", "").isascii() and parts.get("Expires", "").isdecimal()):
        raise ObjectStoreError("AccessDenied", "Query-string authentication requires the Expires parameter.")
    return Presigned(parts["AWSAccessKeyId"], None, parts["Signature"], parts)


def demand_time(claim: Presigned, now: int) -> None:
    """Raise AccessDenied for an address that holds no more or not yet, at `now` in milliseconds since the epoch."""
    if claim.credential is None:
        _demand_within(0, int(claim.parts["Expires"][:15]) * 1000, now)
    else:
        began = round(datetime.fromisoformat(claim.parts["X-Amz-Date"]).timestamp() * 1000)
        _demand_within(began, began + int(claim.parts["X-Amz-Expires"]) * 1000, now)


def verify(request: Request, claim: Presigned, secret: str) -> None:
    """Check a claim against the secret key that it names. Raises SignatureDoesNotMatch."""
    if claim.credential is None:
        expected = b64encode(hmac.digest(secret.encode(), _v2_text(request, claim).encode(), "sha1")).decode()
    else:
        expected = sigv4.sign(_v4_text(request, claim), claim.credential, claim.parts["X-Amz-Date"], secret)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise ObjectStoreError("SignatureDoesNotMatch")


def unfold(request: Request) -> Request:
    """The request with the headers that its presigned query holds; those that were sent as headers stay."""
    pairs = ((name.lower(), value) for name, value in parse_qsl(request.query, keep_blank_values=True))
    folded = {name: value for name, value in pairs if name.startswith(_FOLDED) and name not in _OF_SIGNATURE}
    return msgspec.structs.replace(request, headers=folded | request.headers)


def without_signature(query: dict[str, str]) -> dict[str, str]:
    """The parameters of a presigned query that are neither its signature nor headers."""
    return {
        name: value
        for name, value in query.items()
        if name.lower() not in _OF_SIGNATURE and not name.lower().startswith(_FOLDED)
    }


def token_in(query: str) -> str | None:
    """The session token in a query."""
    return next((value for name, value in parse_qsl(query) if name.lower() == _TOKEN), None)


def _read_v4(parts: dict[str, str]) -> Presigned:
    if any(not parts.get(name) for name in _V4_PARTS) or parts["X-Amz-Algorithm"] != sigv4.ALGORITHM:
        raise ObjectStoreError("AuthorizationQueryParametersError")
    scope = parts["X-Amz-Credential"].split("/")
    expires = parts["X-Amz-Expires"]
    if len(scope) != 5 or scope[3:] != ["s3", sigv4.TERMINATOR] or not sigv4.is_moment(parts["X-Amz-Date"]):
        raise ObjectStoreError(
            "AuthorizationQueryParametersError",
            "X-Amz-Credential must be keyid/date/region/s3/aws4_request, and X-Amz-Date in ISO 8601's basic format.",
        )
    if not (expires.isascii() and expires.isdecimal() and 1 <= int(expires[:9]) <= LONGEST):
        raise ObjectStoreError(
            "AuthorizationQueryParametersError",
            f"X-Amz-Expires must be a number of seconds from 1 to {LONGEST} (seven days).",
        )
    if scope[1] != parts["X-Amz-Date"][:8]:
        raise ObjectStoreError("AuthorizationQueryParametersError", "Invalid credential date in X-Amz-Credential.")
    return Presigned(scope[0], sigv4.Credential(*scope[:4]), parts[_V4], parts)


def _demand_within(began: int, ends: int, now: int) -> None:
    if now < began - _EARLY:
        raise ObjectStoreError("AccessDenied", "Request is not valid yet")
    if now >= ends:
        raise ObjectStoreError("AccessDenied", "Request has expired", Expires=_written(ends), ServerTime=_written(now))


def _v4_text(request: Request, claim: Presigned) -> str:
    signed = tuple(claim.parts["X-Amz-SignedHeaders"].lower().split(";"))
    unsigned = [name for name in request.headers if name.startswith("x-amz-") and name not in signed]
    if "host" not in signed or unsigned:
        raise ObjectStoreError(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(unsigned),
        )
    query = "&".join(part for part in request.query.split("&") if not part.startswith(f"{_V4}="))
    payload = request.headers.get("x-amz-content-sha256", sigv4.UNSIGNED)
    return sigv4.canonical_request(request, signed, payload, is_s3=True, query=query)


def _v2_text(request: Request, claim: Presigned) -> str:
    said = {name.lower(): value for name, value in claim.parts.items()} | request.headers
    head = [request.method, said.get("content-md5", ""), said.get("content-type", ""), claim.parts["Expires"]]
    amazon = [f"{name}:{said[name].strip()}" for name in sorted(said) if name.startswith("x-amz-")]
    return "\n".join([*head, *amazon, _v2_resource(request)])


def _v2_resource(request: Request) -> str:
    host = host_name(request.headers.get("host", ""))
    bucket = f"/{host.removesuffix(f'.{LOCAL_NAME}')}" if host.endswith(f".{LOCAL_NAME}") else ""
    parts = (part.partition("=") for part in request.query.split("&"))
    signed = sorted((name, equals + unquote(value)) for name, equals, value in parts if name in _V2_SIGNED)
    query = "&".join(name + value for name, value in signed)
    return f"{bucket}{request.raw_path}{'?' if query else ''}{query}"


def _written(moment: int) -> str:
    return datetime.fromtimestamp(moment // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
