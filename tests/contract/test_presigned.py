"""Presigned addresses: whoever has one may do what it says as long as it holds, and nothing else."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from manciple.app import Server
from manciple.operations.own.keys import NewKey
from tests.contract.conftest import REGION
from tests.contract.raw import Answer, issue_key, send
from tests.contract.requests import Bucket

Client = Callable[..., Any]


def client(server: Server, key: NewKey, signature: str | None = "s3v4", style: str = "path") -> Any:
    make: Any = boto3.client
    return make(
        "s3",
        endpoint_url=server.url if style == "path" else server.url.replace("127.0.0.1", "localhost"),
        region_name=REGION,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        config=Config(signature_version=signature, s3={"addressing_style": style}),  # type: ignore[arg-type]
    )


@pytest.fixture
def key(sigv4_server: Server, account: str) -> NewKey:
    """A key of an account with a bucket `bucket` that holds `a b/ü` and `other`."""
    made = issue_key(sigv4_server, account)
    s3 = client(sigv4_server, made)
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in ("a b/ü", "other"):
        s3.put_object(Bucket="bucket", Key=name, Body=name.encode())
    return made


def presign(s3: Any, method: str, seconds: int = 60, **members: Any) -> str:
    url: str = s3.generate_presigned_url(method, Params={"Bucket": "bucket", **members}, ExpiresIn=seconds)
    return url


def fetch(server: Server, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
    parts = urlsplit(url)
    return send(server, method, f"{parts.path}?{parts.query}", {"Host": parts.netloc, **(headers or {})}, body)


@pytest.mark.parametrize("signature", ["s3v4", None])
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_an_object_is_read_by_its_presigned_address(
    sigv4_server: Server, key: NewKey, signature: str | None, style: str
) -> None:
    url = presign(client(sigv4_server, key, signature, style), "get_object", Key="a b/ü")

    answer = fetch(sigv4_server, "GET", url)

    assert (answer.status, answer.body.decode()) == (200, "a b/ü")


@pytest.mark.parametrize("signature", ["s3v4", None])
def test_an_object_is_written_by_its_presigned_address(
    sigv4_server: Server, key: NewKey, signature: str | None
) -> None:
    s3 = client(sigv4_server, key, signature)
    url = presign(s3, "put_object", Key="new", ContentType="text/plain", Metadata={"team": "red"})
    headers = {"Content-Type": "text/plain", "x-amz-meta-team": "red"}

    answer = fetch(sigv4_server, "PUT", url, headers, b"body")

    found = s3.get_object(Bucket="bucket", Key="new")
    assert answer.status == 200, answer.body
    assert found["Body"].read() == b"body"
    assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"team": "red"})


@pytest.mark.parametrize("signature", ["s3v4", None])
def test_a_part_is_written_by_its_presigned_address(sigv4_server: Server, key: NewKey, signature: str | None) -> None:
    s3 = client(sigv4_server, key, signature)
    upload = {"Key": "big", "UploadId": s3.create_multipart_upload(Bucket="bucket", Key="big")["UploadId"]}

    answer = fetch(sigv4_server, "PUT", presign(s3, "upload_part", **upload, PartNumber=1), body=b"part")

    parts = [{"PartNumber": 1, "ETag": answer.headers["etag"]}]
    s3.complete_multipart_upload(Bucket="bucket", **upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket="bucket", Key="big")["Body"].read() == b"part"


def test_the_answers_headers_may_be_chosen_but_not_how_it_is_shown(sigv4_server: Server, key: NewKey) -> None:
    s3 = client(sigv4_server, key)
    url = presign(
        s3,
        "get_object",
        Key="other",
        ResponseContentType="text/html",
        ResponseContentDisposition="inline",
        ResponseCacheControl="no-store",
    )

    headers = fetch(sigv4_server, "GET", url).headers

    assert (headers["content-type"], headers["cache-control"]) == ("text/html", "no-store")
    assert (headers["content-disposition"], headers["content-security-policy"]) == ("attachment", "sandbox")


TAMPERED: dict[str, Callable[[str], tuple[str, str]]] = {
    "other key": lambda url: ("GET", url.replace("/a%20b/%C3%BC", "/other")),
    "other method": lambda url: ("DELETE", url),
    "longer": lambda url: ("GET", url.replace("Expires=60", "Expires=600").replace("Expires=1", "Expires=2")),
    "other headers": lambda url: ("GET", f"{url}&response-content-type=text/html"),
    "other signature": lambda url: ("GET", url.replace("Signature=", "Signature=0")),
}


@pytest.mark.parametrize("signature", ["s3v4", None])
@pytest.mark.parametrize("how", TAMPERED)
def test_an_address_that_was_changed_is_refused(
    sigv4_server: Server, key: NewKey, signature: str | None, how: str
) -> None:
    url = presign(client(sigv4_server, key, signature), "get_object", Key="a b/ü")

    answer = fetch(sigv4_server, *TAMPERED[how](url))

    assert (answer.status, b"<Code>SignatureDoesNotMatch</Code>" in answer.body) == (403, True)


@pytest.mark.parametrize("value", ["text/html\r\nX-Injected: 1", "a\x7fb", "\u20ac"])
def test_an_answers_header_that_no_header_can_hold_is_refused(sigv4_server: Server, key: NewKey, value: str) -> None:
    url = presign(client(sigv4_server, key), "get_object", Key="other", ResponseContentDisposition=value)

    answer = fetch(sigv4_server, "GET", url)

    assert (answer.status, b"<Code>InvalidArgument</Code>" in answer.body) == (400, True)


@pytest.mark.parametrize("signature", ["s3v4", None])
def test_an_address_that_has_expired_is_refused(sigv4_server: Server, key: NewKey, signature: str | None) -> None:
    s3 = client(sigv4_server, key, signature)
    url = presign(s3, "get_object", Key="other", seconds=1 if signature else -5)
    if signature:
        moment = url.partition("X-Amz-Date=")[2][:16]
        url = url.replace(moment, f"2020{moment[4:]}").replace(moment[:8], f"2020{moment[4:8]}")

    answer = fetch(sigv4_server, "GET", url)

    assert (answer.status, b"Request has expired" in answer.body) == (403, True)


def test_a_header_that_was_not_signed_is_refused(sigv4_server: Server, key: NewKey) -> None:
    url = presign(client(sigv4_server, key), "put_object", Key="new")

    answer = fetch(sigv4_server, "PUT", url, {"x-amz-meta-team": "red"}, b"body")

    assert (answer.status, b"<HeadersNotSigned>x-amz-meta-team</HeadersNotSigned>" in answer.body) == (403, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("X-Amz-Expires=60", "X-Amz-Expires=604801"),
        ("X-Amz-Expires=60", "X-Amz-Expires=0"),
        ("X-Amz-Expires=60&", ""),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256"),
        ("%2Fs3%2F", "%2Fsts%2F"),
        ("X-Amz-Date=2", "X-Amz-Date=x"),
    ],
)
def test_an_address_that_lacks_a_part_is_refused(sigv4_server: Server, key: NewKey, old: str, new: str) -> None:
    url = presign(client(sigv4_server, key), "get_object", Key="other")
    assert old in url

    answer = fetch(sigv4_server, "GET", url.replace(old, new))

    assert answer.status == 400
    assert b"<Code>AuthorizationQueryParametersError</Code>" in answer.body


def test_an_address_of_an_unknown_key_is_refused(sigv4_server: Server, key: NewKey) -> None:
    stranger = key._replace(access_key_id="AKIAAAAAAAAAAAAAAAAA")

    answer = fetch(sigv4_server, "GET", presign(client(sigv4_server, stranger), "get_object", Key="other"))

    assert (answer.status, b"<Code>InvalidAccessKeyId</Code>" in answer.body) == (403, True)


def test_what_an_address_may_do_is_what_its_key_may(sigv4_server: Server, key: NewKey, account: str) -> None:
    barred = issue_key(sigv4_server, account, policy="end-user")

    answer = fetch(sigv4_server, "GET", presign(client(sigv4_server, barred), "get_object", Key="other"))

    assert (answer.status, b"not authorized to perform: s3:GetObject" in answer.body) == (403, True)


@pytest.mark.parametrize("signature", ["s3v4", None])
def test_in_open_mode_presigned_addresses_name_whose_they_are(
    s3: Bucket, server: Server, account: str, signature: str | None
) -> None:
    s3.put("key", b"mine")
    anyone = NewKey(account, "any", "", account)

    url = client(server, anyone, signature).generate_presigned_url(
        "get_object", Params={"Bucket": s3.name, "Key": "key"}
    )

    assert fetch(server, "GET", url).body == b"mine"


@pytest.mark.parametrize("signature", ["s3v4", None])
def test_in_open_mode_too_an_address_holds_as_long_as_it_says(
    s3: Bucket, server: Server, account: str, signature: str | None
) -> None:
    s3.put("key", b"mine")
    anyone = client(server, NewKey(account, "any", "", account), signature)
    members = {"Bucket": s3.name, "Key": "key"}
    url = anyone.generate_presigned_url("get_object", Params=members, ExpiresIn=1 if signature else -5)
    if signature:
        moment = url.partition("X-Amz-Date=")[2][:16]
        url = url.replace(moment, f"2020{moment[4:]}").replace(moment[:8], f"2020{moment[4:8]}")

    answer = fetch(server, "GET", url)

    assert (answer.status, b"Request has expired" in answer.body) == (403, True)
