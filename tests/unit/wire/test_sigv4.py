"""Signature Version 4, against botocore's own signer."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manciple.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    ServiceError,
)
from manciple.wire import sigv4
from manciple.wire.messages import Request

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = "127.0.0.1:4566"
TARGET = {"X-Amz-Target": "AWS242ServiceCatalogService.DescribeRecord"}
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method. Consult the service documentation for details."
)


def signed(
    body: bytes = b"{}",
    target: str = "/",
    method: str = "POST",
    headers: dict[str, str] | None = None,
    service: str = "servicecatalog",
) -> Request:
    """Return a request as botocore signs it now."""
    sent = AWSRequest(method, f"http://{HOST}{target}", dict(headers or {}), body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(KEY, SECRET), service, "eu-west-1").add_auth(sent)
    url = urlsplit(str(sent.url))
    received = {"host": HOST, **{name.lower(): _text(value) for name, value in sent.headers.items()}}
    return Request(method, url.path, url.path, url.query, received, "id", body)


def moment_of(request: Request) -> int:
    """Return when a request was signed, in milliseconds since the epoch."""
    signed_at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return int(signed_at.timestamp() * 1000)


def verify(request: Request, secret: str = SECRET, later: int = 0, **more: Any) -> None:
    """Verify a request `later` seconds after it was signed."""
    now = moment_of(request) + later * 1000
    sigv4.verify(request, sigv4.read_authorization(request), secret, now, **more)


def refusal(request: Request, **more: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        verify(request, **more)
    return caught.value


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/service/AWS242ServiceCatalogService/operation/DescribeRecord",
        "/_manciple/plans/plan-1",
        "/a%20b/c%2Fd/%C3%A9",
        "/a//b/./c/../d",
        "/a/b/",
        "/a/.",
        "/a/b/..",
        "/..",
        "/~x/y-z_.(1)*!'",
        "/a+b",
        "/?b=2&a=1&a=0",
        "/x?values=false&empty=&key",
        "/x?q=a%20b%2Bc%2F%3D%26&%C3%A9=%E4%B8%AD",
        "/x?a-b=1&a_b=2&a.b=3&a~b=4&A=5",
    ],
)
def test_what_botocore_signs_is_verified(target: str) -> None:
    verify(signed(target=target, headers=TARGET))


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Amz-Meta-A": "  many   spaces  "},
        {"X-Amz-Meta-B": ""},
        {"X-Amz-Meta-C": "a,b;c=d:e"},
        {"X-Amz-Meta-D": "é中"},
        {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Security-Token": "a/+=b"},
        {"X-Amz-Content-Sha256": sha256(b"{}").hexdigest()},
    ],
)
def test_headers_are_read_as_botocore_signs_them(headers: dict[str, str]) -> None:
    verify(signed(headers=TARGET | headers))


segments = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8), max_size=4)
names = st.text("abcXYZ019-._~ é/+&=%", min_size=1, max_size=8)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=segments,
    query=st.lists(st.tuples(names, names | st.just("")), max_size=4),
    body=st.binary(max_size=40),
    service=st.sampled_from(["servicecatalog", "s3"]),
)
def test_any_request_that_botocore_signs_is_verified(
    path: list[str], query: list[tuple[str, str]], body: bytes, service: str
) -> None:
    asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    target = "/" + "/".join(quote(segment, safe="") for segment in path)

    verify(signed(body, f"{target}?{asked}" if asked else target, service=service), service=service)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"raw_path": "/other"},
        {"query": "a=2"},
        {"body": b'{"Id":"rec-2"}'},
        {"headers": {"x-amz-target": "AWS242ServiceCatalogService.TerminateProvisionedProduct"}},
        {"headers": {"host": "elsewhere"}},
        {"headers": {"x-amz-meta-a": "other"}},
        {"headers": {"x-amz-content-sha256": sha256(b"other").hexdigest()}},
        {"headers": {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}},
    ],
)
def test_a_request_that_was_changed_after_signing_is_refused(change: dict[str, Any]) -> None:
    request = signed(target="/?a=1", headers=TARGET | {"X-Amz-Meta-A": "this"})
    for name, value in change.items():
        setattr(request, name, request.headers | value if name == "headers" else value)

    error = refusal(request)

    assert (error.code, error.message) == ("InvalidSignatureException", MISMATCH)


def test_another_secret_is_refused() -> None:
    assert refusal(signed(), secret="other").message == MISMATCH


def test_a_body_signed_as_unsigned_is_refused_unless_the_caller_of_verify_allows_it() -> None:
    request = signed(headers={"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"})

    assert refusal(request).message == MISMATCH
    verify(request, payload="UNSIGNED-PAYLOAD")


@pytest.mark.parametrize("later", [-300, 0, 299, 300])
def test_within_five_minutes_a_signature_holds(later: int) -> None:
    verify(signed(), later=later)


def test_a_signature_that_is_too_old_has_expired() -> None:
    request = signed()
    request.headers["authorization"] = _rescoped(request, "20200911")
    request.headers["x-amz-date"] = "20200911T071552Z"
    now = int(datetime(2020, 9, 11, 7, 31, 22, tzinfo=UTC).timestamp() * 1000)

    with pytest.raises(InvalidSignatureException) as caught:
        sigv4.verify(request, sigv4.read_authorization(request), SECRET, now)

    assert caught.value.message == (
        "Signature expired: 20200911T071552Z is now earlier than 20200911T072622Z (20200911T073122Z - 5 min.)"
    )


def test_a_signature_of_the_future_is_not_yet_current() -> None:
    error = refusal(signed(), later=-301)

    assert error.code == "InvalidSignatureException"
    assert error.message.startswith("Signature not yet current: ")
    assert error.message.endswith(" + 5 min.)")


def test_a_request_without_signature_is_missing_its_token() -> None:
    with pytest.raises(MissingAuthenticationTokenException, match="Missing Authentication Token"):
        sigv4.read_authorization(Request("POST", "/", "/", "", {}, "id"))


SCOPE = f"Credential={KEY}/20200911/eu-west-1/servicecatalog/aws4_request"


@pytest.mark.parametrize(
    ("header", "date", "message"),
    [
        (
            "Bearer abc",
            "",
            (
                "Authorization header requires 'Credential' parameter. "
                "Authorization header requires 'Signature' parameter. "
                "Authorization header requires 'SignedHeaders' parameter. "
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                "(Hashed with SHA-256 and encoded with Base64) Authorization="
            ),
        ),
        (
            f"AWS4-HMAC-SHA256 {SCOPE}, SignedHeaders=host",
            "20200911T071552Z",
            "Authorization header requires 'Signature' parameter. (Hashed",
        ),
        (
            f"AWS4-HMAC-SHA256 {SCOPE}, SignedHeaders=host, Signature=0",
            "Fri, 11 Sep 2020 07:15:52 GMT",
            "Date must be in ISO-8601 'basic format'. Got 'Fri, 11 Sep 2020 07:15:52 GMT'. See ",
        ),
        (
            f"AWS4-HMAC-SHA512 {SCOPE}, SignedHeaders=host, Signature=0",
            "20200911T071552Z",
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512' (only AWS4-HMAC-SHA256 for now).",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=0",
            "20200911T071552Z",
            (
                "Credential must have exactly 5 slash-delimited elements, "
                "e.g. keyid/date/region/service/term, got 'a/b/c/d'"
            ),
        ),
    ],
)
def test_a_header_that_lacks_a_part_is_incomplete(header: str, date: str, message: str) -> None:
    headers = {"authorization": header, "x-amz-date": date}

    with pytest.raises(IncompleteSignatureException) as caught:
        sigv4.read_authorization(Request("POST", "/", "/", "", headers, "id"))

    assert caught.value.message.startswith(message)
    assert "abc" not in caught.value.message


@pytest.mark.parametrize(
    ("replaced", "by", "message"),
    [
        (
            "aws4_request",
            "aws5_request",
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
        ),
        ("/servicecatalog/", "/s3/", "Credential should be scoped to correct service: 'servicecatalog'. "),
        ("host;", "", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
        (";x-amz-target", "", "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."),
    ],
)
def test_a_scope_or_a_cover_that_is_not_ours_is_invalid(replaced: str, by: str, message: str) -> None:
    request = signed(headers=TARGET)
    request.headers["authorization"] = request.headers["authorization"].replace(replaced, by)

    error = refusal(request)

    assert (error.code, error.message) == ("InvalidSignatureException", message)


def test_the_day_of_the_scope_is_the_day_of_the_request() -> None:
    request = signed()
    request.headers["authorization"] = _rescoped(request, "20000101")

    error = refusal(request)

    day, moment = request.headers["x-amz-date"][:8], request.headers["x-amz-date"]
    assert error.message == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'20000101' != '{day}', from '{moment}'."
    )


def test_another_region_of_the_scope_changes_the_signature() -> None:
    request = signed()
    request.headers["authorization"] = request.headers["authorization"].replace("eu-west-1", "eu-west-2")

    assert refusal(request).message == MISMATCH


def test_the_claim_alone_is_read_from_header_or_query() -> None:
    claimed = sigv4.Credential("AK", "20200911", "eu-west-1", "servicecatalog")
    in_header = {"authorization": "AWS4-HMAC-SHA256 Credential=AK/20200911/eu-west-1/servicecatalog/aws4_request, x"}
    in_query = "a=b&X-Amz-Credential=AK%2F20200911%2Feu-west-1%2Fservicecatalog%2Faws4_request&c=d"

    assert sigv4.read_credential(Request("POST", "/", "/", "", in_header, "id")) == claimed
    assert sigv4.read_credential(Request("GET", "/", "/", in_query, {}, "id")) == claimed


@pytest.mark.parametrize("header", ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=AK/20200911", "Credential="])
def test_no_claim_is_no_credential(header: str) -> None:
    assert sigv4.read_credential(Request("POST", "/", "/", "", {"authorization": header}, "id")) is None


def _rescoped(request: Request, day: str) -> str:
    return request.headers["authorization"].replace(f"/{request.headers['x-amz-date'][:8]}/", f"/{day}/")
