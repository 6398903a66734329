"""Safety from web pages: what a browser sends on behalf of a page that is not ours is refused.

A page can make its reader's browser send requests here. Two things give it away: the `Host` that it had to
use (a name of its own that it lets point to this machine) and the headers by which browsers tell where a
request comes from. No CORS header is ever sent, so that no page can read an answer.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from manciple.errors import ForeignRequestException, MisdirectedRequestException
from manciple.wire.messages import Request

LOCAL_NAME = "localhost"

_HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]*)?")


class Guard:
    """Lets through only what is addressed to this server and comes from no foreign page.

    Addressed to it: a loopback address, `localhost` and `<bucket>.localhost`, the host of `public_url`, and
    `allowed_hosts` (names without port; `.example.com` also allows every name below).
    """

    def __init__(self, public_url: str, allowed_hosts: Iterable[str] = ()) -> None:
        public = urlsplit(public_url)
        self._public = public.netloc.lower()
        names = [public.hostname or "", *allowed_hosts]
        self._names = frozenset(name.lower().strip("[]") for name in names if not name.startswith("."))
        self._suffixes = tuple(name.lower() for name in allowed_hosts if name.startswith("."))
        self._is_ours = lru_cache(maxsize=256)(self.is_ours)

    def check(self, request: Request) -> None:
        """Raise MisdirectedRequestException or ForeignRequestException where a request is not for us."""
        headers = request.headers
        host = headers.get("host", "")
        if not self._is_ours(host):
            raise MisdirectedRequestException(
                f"The Host {host[:200]!r} is none of this server's; name it in allowed_hosts if it should be."
            )
        if headers.get("sec-fetch-site") == "cross-site":
            raise ForeignRequestException("A page of another site sent this (Sec-Fetch-Site: cross-site).")
        origin = headers.get("origin")
        if origin is not None and not self._is_same(origin, host):
            raise ForeignRequestException(f"A page of {origin[:200]!r} sent this, not one of this server.")

    def is_ours(self, host: str) -> bool:
        """Say whether a Host header, with or without port, names this server."""
        name = host_name(host)
        return (
            name in self._names
            or name == LOCAL_NAME
            or name.endswith((f".{LOCAL_NAME}", *self._suffixes))
            or _is_loopback(name)
        )

    def _is_same(self, origin: str, host: str) -> bool:
        """Say whether a page of `origin` was served under the host it now asks, or our public address."""
        page = urlsplit(origin).netloc.lower()
        return page != "" and page in (host.lower(), self._public)


def host_name(host: str) -> str:
    """Return the name in a Host header: lower case, no port, no brackets; nothing if it is malformed."""
    found = _HOST.fullmatch(host.lower())
    return (found["address"] or found["name"]) if found else ""


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
