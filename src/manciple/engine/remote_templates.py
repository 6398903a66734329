"""Fetching a template from another host, if the operator allows that host.

The address comes from a caller, so the fetch must not become a way into the operator's network: https only, every
address that the name resolves to must be public, the connection goes to the address that was checked (a second answer
of the name's server changes nothing), redirects are not followed, time and size are bounded (contracts, section 4).
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult

from manciple.engine.template_urls import port_of, split_url
from manciple.errors import InvalidParametersException

SECONDS = 10.0
LONGEST = 1_000_000

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def connect(address: str, port: int) -> socket.socket:
    """A TCP connection to an address."""
    return socket.create_connection((address, port), timeout=SECONDS)


@dataclass(frozen=True, slots=True)
class RemoteTemplates:
    """Fetches templates; `resolve`, `connect` and `tls` are the doors to the network."""

    resolve: Callable[[str, int], list[str]] = resolve
    connect: Callable[[str, int], socket.socket] = connect
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context
    seconds: float = SECONDS

    def fetch(self, url: str, allowed_hosts: Iterable[str]) -> bytes | None:
        """The template at `url`; None if the host is not among those allowed (`host` or `host:port`).

        Raises InvalidParametersException if it cannot be had safely.
        """
        parts = split_url(url)
        if parts is None or not _is_allowed(parts, allowed_hosts):
            return None
        if parts.scheme != "https":
            raise InvalidParametersException(f"The template at {url} is not read: only https addresses are.")
        try:
            return self._get(parts, url)
        except (OSError, http.client.HTTPException) as error:
            raise InvalidParametersException(f"The template at {url} could not be read.") from error

    def _get(self, parts: SplitResult, url: str) -> bytes:
        host, port = str(parts.hostname), port_of(parts) or 443
        with (
            self.connect(self._checked_address(host, port, url), port) as plain,
            _bounded(plain, self.seconds),
            self.tls().wrap_socket(plain, server_hostname=host) as secured,
        ):
            return _read(_ask(secured, parts), url)

    def _checked_address(self, host: str, port: int, url: str) -> str:
        addresses = self.resolve(host, port)
        if not addresses or not all(_is_public(ipaddress.ip_address(address)) for address in addresses):
            raise InvalidParametersException(f"The template at {url} is not read: its host is not a public one.")
        return addresses[0]


def _is_allowed(parts: SplitResult, allowed_hosts: Iterable[str]) -> bool:
    port = port_of(parts)
    name = str(parts.hostname) if port == 443 or parts.scheme == "http" else f"{parts.hostname}:{port}"
    return name in {allowed.lower() for allowed in allowed_hosts}


def _is_public(address: IpAddress) -> bool:
    """Is this address, and any IPv4 address written inside it, one of the public internet?"""
    inner = _embedded(address) if isinstance(address, ipaddress.IPv6Address) else None
    return address.is_global and not address.is_multicast and (inner is None or _is_public(inner))


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


@contextmanager
def _bounded(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Shut a connection after some time, however slowly it trickles; raise TimeoutError if that came before the end."""
    descriptor = connection.dup()  # wrapping in TLS takes the socket's own
    end = time.monotonic() + seconds
    watch = threading.Timer(seconds, _shut, [descriptor])
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        watch.join()
        descriptor.close()
    if time.monotonic() >= end:
        raise TimeoutError(f"not read within {seconds} s")


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _ask(secured: ssl.SSLSocket, parts: SplitResult) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(parts.netloc)
    connection.sock = secured
    target = parts.path or "/"
    headers = {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "manciple"}
    connection.request("GET", f"{target}?{parts.query}" if parts.query else target, headers=headers)
    return connection.getresponse()


def _read(response: http.client.HTTPResponse, url: str) -> bytes:
    if response.status != http.client.OK:
        raise InvalidParametersException(
            f"The template at {url} could not be read: the host answered {response.status}; redirects are not followed."
        )
    content = response.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise InvalidParametersException(f"The template at {url} is longer than {LONGEST} bytes.")
    if response.length:
        raise http.client.IncompleteRead(content, response.length)
    return content
