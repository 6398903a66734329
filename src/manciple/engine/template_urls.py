"""Which object of the artifact store a template's address names.

Every form in which S3 addresses are written means the caller's own buckets here (contracts, section 4): this server's
address with the bucket in the path or as `<bucket>.localhost`, `s3://`, and Amazon's host names with the bucket in
front or in the path; any name of a region's form is a region (contracts, section 2). Keys are names, never paths: `..`
in one is two full stops.
"""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_S3_HOST = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.)?"
    r"s3(?:-accelerate)?(?:\.dualstack)?(?:[.-](?!website|control)(?P<region>[a-z0-9]+(?:-[a-z0-9]+)+))?"
    r"\.amazonaws\.com(?:\.cn)?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class ObjectAddress(NamedTuple):
    """A bucket and a key in it."""

    bucket: str
    key: str


def object_address(url: str, public_url: str) -> ObjectAddress | None:
    """The object of the artifact store that `url` names, or None if it is an address elsewhere or no address.

    `public_url` is this server's address. A version of an object cannot be named: there are none.
    """
    parts = split_url(url)
    if parts is None or parse_qs(parts.query).get("versionId", ["null"]) != ["null"]:
        return None
    host, path = parts.hostname or "", unquote(parts.path.removeprefix("/"))
    if parts.scheme == "s3":
        return _address(parts.netloc, path)
    if amazon := _S3_HOST.fullmatch(host):
        return _address(amazon["bucket"], path) if amazon["bucket"] else _address_in(path)
    if not _is_ours(parts, public_url):
        return None
    return _address(host.removesuffix(".localhost"), path) if host.endswith(".localhost") else _address_in(path)


def split_url(url: str) -> SplitResult | None:
    """The parts of a web or S3 address; None if it is none, or one with a user name in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https", "s3"} or not parts.hostname or "@" in parts.netloc:
        return None
    return parts


def port_of(parts: SplitResult) -> int | None:
    """The port of an address, its scheme's own if none is written."""
    return parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _is_ours(parts: SplitResult, public_url: str) -> bool:
    ours, host = urlsplit(public_url), parts.hostname or ""
    same_host = host == ours.hostname or host.endswith(".localhost") or host in _LOOPBACK
    return same_host and port_of(parts) == port_of(ours)


def _address_in(path: str) -> ObjectAddress | None:
    bucket, _, key = path.partition("/")
    return _address(bucket, key)


def _address(bucket: str, key: str) -> ObjectAddress | None:
    return ObjectAddress(bucket, key) if bucket and key else None
