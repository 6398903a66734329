"""What a browser sends on behalf of a foreign page is refused."""

import pytest

from manciple.errors import ForeignRequestException, MisdirectedRequestException
from manciple.wire.guard import Guard
from manciple.wire.messages import Request

GUARD = Guard("https://catalog.example.com:8443/base", ["10.1.2.3", "box.lan", ".internal.example"])


def check(**headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    GUARD.check(Request("POST", "/", "/", "", named, "id"))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:4566",
        "LOCALHOST:4566",
        "127.0.0.1:4566",
        "127.8.9.10",
        "[::1]:4566",
        "[::1]",
        "bucket.localhost:4566",
        "my.bucket.localhost",
        "catalog.example.com",
        "catalog.example.com:8443",
        "Catalog.Example.com",
        "10.1.2.3:80",
        "box.lan",
        "a.internal.example",
    ],
)
def test_a_host_of_ours_is_let_through(host: str) -> None:
    check(host=host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:4566",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil-localhost",
        "10.1.2.4",
        "0.0.0.0:4566",
        "[::]",
        "sub.catalog.example.com",
        "internal.example",
        "eviltinternal.example",
        "localhost@evil.example",
        "localhost/@evil.example",
        "[::1",
        "2130706433",
    ],
)
def test_any_other_host_is_misdirected(host: str) -> None:
    with pytest.raises(MisdirectedRequestException):
        check(host=host)


def test_a_request_without_host_is_misdirected() -> None:
    with pytest.raises(MisdirectedRequestException):
        check()


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:4566", "http://localhost:4566"),
        ("127.0.0.1:4566", "http://127.0.0.1:4566"),
        ("[::1]:4566", "http://[::1]:4566"),
        ("localhost:4566", "https://catalog.example.com:8443"),
        ("catalog.example.com:8443", "https://catalog.example.com:8443"),
    ],
)
def test_a_page_of_ours_may_ask(host: str, origin: str) -> None:
    check(host=host, origin=origin, sec_fetch_site="same-origin")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost:3000",
        "http://localhost",
        "http://bucket.localhost:4566",
        "https://catalog.example.com",
        "null",
        "",
        "http://localhost:4566.evil.example",
    ],
)
def test_a_page_of_another_origin_is_foreign(origin: str) -> None:
    with pytest.raises(ForeignRequestException):
        check(host="localhost:4566", origin=origin)


def test_a_browser_that_says_cross_site_is_foreign_without_an_origin_too() -> None:
    with pytest.raises(ForeignRequestException):
        check(host="localhost:4566", sec_fetch_site="cross-site")


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_a_person_who_types_the_address_is_let_through(site: str) -> None:
    check(host="localhost:4566", sec_fetch_site=site)
