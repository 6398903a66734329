"""The artifact store: real S3 clients against it, and HTTP that they would not send (contracts, section 4)."""

import base64
import binascii
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from manciple.app import Server
from tests.contract.raw import Answer, send
from tests.contract.requests import Bucket, refusal

KEYS = [
    "plain.txt",
    "a b+c&d.txt",
    "deep/er/key",
    "../../etc/passwd",
    "a/../b",
    "%2F..%2f",
    "é/日本/😀",
    "//two",
    "trailing/",
]


def code_of(answer: Answer) -> str:
    return str(ElementTree.fromstring(answer.body).findtext("Code"))


def credential(account: str, region: str = "eu-west-1") -> str:
    scope = f"{account}/20260101/{region}/s3/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"


@pytest.fixture
def ask(server: Server, account: str) -> Callable[..., Answer]:
    def ask(method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return send(server, method, target, {"Authorization": credential(account), **named}, body)

    return ask


@pytest.mark.parametrize("key", KEYS)
def test_any_key_is_kept_and_listed_as_it_is(s3: Bucket, key: str) -> None:
    s3.put(key, b"content")

    assert s3.client.get_object(Bucket=s3.name, Key=key)["Body"].read() == b"content"
    assert [entry["Key"] for entry in s3.client.list_objects_v2(Bucket=s3.name)["Contents"]] == [key]


def test_what_is_put_comes_back_with_its_headers_and_metadata(s3: Bucket) -> None:
    put = s3.client.put_object(
        Bucket=s3.name,
        Key="k",
        Body=b"hello",
        ContentType="text/yaml",
        CacheControl="no-cache",
        ContentLanguage="en",
        Metadata={"Author": "me"},
    )

    got = s3.client.get_object(Bucket=s3.name, Key="k")

    assert put["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"' == got["ETag"]
    assert (got["ContentType"], got["CacheControl"], got["ContentLanguage"]) == ("text/yaml", "no-cache", "en")
    assert got["Metadata"] == {"author": "me"}
    assert got["Body"].read() == b"hello"


def test_head_tells_what_get_would_without_the_bytes(s3: Bucket) -> None:
    s3.put("k", b"hello")

    head = s3.client.head_object(Bucket=s3.name, Key="k")

    assert (head["ContentLength"], head["AcceptRanges"]) == (5, "bytes")


def test_a_large_body_is_streamed_in_and_out(s3: Bucket) -> None:
    content = os.urandom(9 * 1024 * 1024)
    s3.client.put_object(Bucket=s3.name, Key="large", Body=io.BytesIO(content))

    assert s3.client.get_object(Bucket=s3.name, Key="large")["Body"].read() == content


def test_a_second_put_replaces_the_first(s3: Bucket) -> None:
    s3.put("k", b"one")
    s3.put("k", b"two")

    assert s3.client.get_object(Bucket=s3.name, Key="k")["Body"].read() == b"two"


def test_delete_is_silent_whether_there_is_an_object_or_not(s3: Bucket) -> None:
    s3.put("k", b"one")

    statuses = [
        s3.client.delete_object(Bucket=s3.name, Key="k")["ResponseMetadata"]["HTTPStatusCode"] for _ in range(2)
    ]

    assert statuses == [204, 204]
    assert refusal(lambda: s3.client.get_object(Bucket=s3.name, Key="k"))[0] == "NoSuchKey"


@pytest.mark.parametrize(
    ("asked", "given", "content_range"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=3-5", b"345", "bytes 3-5/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-4", b"6789", "bytes 6-9/10"),
        ("bytes=-400", b"0123456789", "bytes 0-9/10"),
        ("bytes=5-400", b"56789", "bytes 5-9/10"),
    ],
)
def test_a_range_is_206_with_its_place(s3: Bucket, asked: str, given: bytes, content_range: str) -> None:
    s3.put("k", b"0123456789")

    answer = s3.client.get_object(Bucket=s3.name, Key="k", Range=asked)

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (answer["Body"].read(), answer["ContentRange"]) == (given, content_range)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=-0", "bytes=99-100"])
def test_a_range_outside_is_416(s3: Bucket, asked: str) -> None:
    s3.put("k", b"0123456789")

    assert refusal(lambda: s3.client.get_object(Bucket=s3.name, Key="k", Range=asked))[0] == "InvalidRange"


@pytest.mark.parametrize("asked", ["bytes=5-3", "items=0-1", "bytes=0-1,3-4", "bytes=-"])
def test_a_range_that_is_none_is_ignored(s3: Bucket, asked: str) -> None:
    s3.put("k", b"0123456789")

    assert s3.client.get_object(Bucket=s3.name, Key="k", Range=asked)["Body"].read() == b"0123456789"


def test_pages_joined_are_the_whole_list(s3: Bucket) -> None:
    names = [f"{number:02}" for number in range(7)]
    for name in names:
        s3.put(name, b"")

    pages = list(s3.client.get_paginator("list_objects_v2").paginate(Bucket=s3.name, PaginationConfig={"PageSize": 3}))

    assert [entry["Key"] for page in pages for entry in page["Contents"]] == names
    assert [(page["KeyCount"], page["IsTruncated"]) for page in pages] == [(3, True), (3, True), (1, False)]


def test_a_delimiter_folds_what_lies_deeper_across_pages(s3: Bucket) -> None:
    for name in ("a", "b/1", "b/2", "c/x/1", "d"):
        s3.put(name, b"")

    paginator = s3.client.get_paginator("list_objects_v2")
    pages = list(paginator.paginate(Bucket=s3.name, Delimiter="/", PaginationConfig={"PageSize": 1}))

    assert [entry["Key"] for page in pages for entry in page.get("Contents", [])] == ["a", "d"]
    assert [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])] == ["b/", "c/"]


def test_a_list_keeps_to_its_prefix_and_starts_after_a_key(s3: Bucket) -> None:
    for name in ("a", "b1", "b2", "b3", "c"):
        s3.put(name, b"")

    answer = s3.client.list_objects_v2(Bucket=s3.name, Prefix="b", StartAfter="b1")

    assert [entry["Key"] for entry in answer["Contents"]] == ["b2", "b3"]


def test_no_keys_are_asked_for_and_none_come(s3: Bucket) -> None:
    s3.put("a", b"")

    answer = s3.client.list_objects_v2(Bucket=s3.name, MaxKeys=0)

    assert (answer["KeyCount"], answer["IsTruncated"]) == (0, False)


def test_a_continuation_token_is_worthless_in_another_query(s3: Bucket) -> None:
    for name in ("a", "b"):
        s3.put(name, b"")
    token = s3.client.list_objects_v2(Bucket=s3.name, MaxKeys=1)["NextContinuationToken"]

    code, _ = refusal(lambda: s3.client.list_objects_v2(Bucket=s3.name, Prefix="x", ContinuationToken=token))

    assert code == "InvalidArgument"


@pytest.mark.parametrize(
    "name",
    [
        "123456789012",
        "health",
        "metrics",
        "service",
        "livez",
        "readyz",
        "ab",
        "Upper",
        "under_score",
        "-dash",
        "dot..dot",
        "192.168.0.1",
        "xn--bucket",
        "x" * 64,
    ],
)
def test_a_name_that_is_a_route_or_breaks_s3_s_rules_is_refused(ask: Callable[..., Answer], name: str) -> None:
    answer = ask("PUT", f"/{name}")

    assert (answer.status, code_of(answer)) == (400, "InvalidBucketName")


def test_a_bucket_made_twice_is_refused_but_in_us_east_1(make_client: Callable[..., Any]) -> None:
    client, legacy = make_client("s3"), make_client("s3", region="us-east-1")
    where = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket="mine", CreateBucketConfiguration=where)
    legacy.create_bucket(Bucket="old")

    again = refusal(lambda: client.create_bucket(Bucket="mine", CreateBucketConfiguration=where))

    assert again[0] == "BucketAlreadyOwnedByYou"
    assert legacy.create_bucket(Bucket="old")["Location"] == "/old"


def test_a_bucket_of_another_region_is_refused(make_client: Callable[..., Any]) -> None:
    client = make_client("s3")

    code, _ = refusal(
        lambda: client.create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    )

    assert code == "IllegalLocationConstraintException"


def test_only_an_empty_bucket_is_deleted(s3: Bucket) -> None:
    s3.put("k", b"")
    full = refusal(lambda: s3.client.delete_bucket(Bucket=s3.name))
    s3.client.delete_object(Bucket=s3.name, Key="k")
    s3.client.delete_bucket(Bucket=s3.name)

    assert full[0] == "BucketNotEmpty"
    assert refusal(lambda: s3.client.head_bucket(Bucket=s3.name))[0] == "404"


def test_conditions_are_kept(s3: Bucket) -> None:
    s3.put("k", b"one")
    client, name = s3.client, s3.name
    etag = client.head_object(Bucket=name, Key="k")["ETag"]

    codes = [
        refusal(lambda: client.put_object(Bucket=name, Key="k", Body=b"two", IfNoneMatch="*"))[0],
        refusal(lambda: client.put_object(Bucket=name, Key="k", Body=b"two", IfMatch='"other"'))[0],
        refusal(lambda: client.get_object(Bucket=name, Key="k", IfMatch='"other"'))[0],
        refusal(lambda: client.get_object(Bucket=name, Key="k", IfNoneMatch=etag))[0],
    ]

    assert codes == ["PreconditionFailed", "PreconditionFailed", "PreconditionFailed", "304"]
    assert client.get_object(Bucket=name, Key="k", IfMatch=etag)["Body"].read() == b"one"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256", "SHA512"])
def test_a_checksum_is_verified_kept_and_given_back(s3: Bucket, algorithm: str) -> None:
    put = s3.client.put_object(Bucket=s3.name, Key="k", Body=b"hello", ChecksumAlgorithm=algorithm)

    got = s3.client.get_object(Bucket=s3.name, Key="k", ChecksumMode="ENABLED")

    assert put[f"Checksum{algorithm}"] == got[f"Checksum{algorithm}"]
    assert got["ChecksumType"] == "FULL_OBJECT"


CRC32 = base64.b64encode(binascii.crc32(b"hello").to_bytes(4, "big")).decode()


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-amz-checksum-crc32": CRC32}, None),
        ({"x-amz-checksum-crc32c": "mnG7TA=="}, None),
        ({"x-amz-checksum-crc64nvme": "M3eFcAZSQlc="}, None),
        ({"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest"),
        ({"x-amz-checksum-crc32c": "AAAAAA=="}, "BadDigest"),
        ({"x-amz-checksum-crc64nvme": "AAAAAAAAAAA="}, "BadDigest"),
        ({"x-amz-checksum-crc32": "not base64"}, "InvalidRequest"),
        ({"x-amz-checksum-xxhash64": "AAAAAAAAAAA="}, "InvalidRequest"),
        ({"Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="}, None),
        ({"Content-MD5": "AUFAKrxLKna5cZ2REBfFkg=="}, "BadDigest"),
        ({"Content-MD5": "AAAA"}, "InvalidDigest"),
        ({"x-amz-content-sha256": hashlib.sha256(b"hello").hexdigest()}, None),
        ({"x-amz-content-sha256": "0" * 64}, "XAmzContentSHA256Mismatch"),
        ({"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, None),
        ({"x-amz-content-sha256": "SOMETHING"}, "InvalidArgument"),
    ],
)
def test_what_is_said_of_a_body_must_hold(
    s3: Bucket, ask: Callable[..., Answer], headers: dict[str, str], code: str | None
) -> None:
    answer = ask("PUT", f"/{s3.name}/k", b"hello", **headers)

    assert (answer.status, code and code_of(answer)) == (400 if code else 200, code)
    assert bool(s3.client.list_objects_v2(Bucket=s3.name)["KeyCount"]) == (code is None)


CHUNKED = {
    "Content-Encoding": "aws-chunked",
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "5",
    "x-amz-trailer": "x-amz-checksum-crc32",
}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (f"2\r\nhe\r\n3\r\nllo\r\n0\r\nx-amz-checksum-crc32:{CRC32}\r\n\r\n", None),
        ("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "BadDigest"),
        ("5\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (f"4\r\nhell\r\n0\r\nx-amz-checksum-crc32:{CRC32}\r\n\r\n", "IncompleteBody"),
        ("5\r\nhello\r\n", "IncompleteBody"),
        ("hello", "IncompleteBody"),
    ],
)
def test_a_chunked_body_is_decoded_and_its_trailer_verified(
    s3: Bucket, ask: Callable[..., Answer], body: str, code: str | None
) -> None:
    answer = ask("PUT", f"/{s3.name}/k", body.encode(), **CHUNKED)

    assert (answer.status, code and code_of(answer)) == (400 if code else 200, code)
    if code is None:
        got = s3.client.get_object(Bucket=s3.name, Key="k")
        assert (got["Body"].read(), got.get("ContentEncoding")) == (b"hello", None)


def test_aws_chunked_is_taken_off_a_content_encoding_and_the_rest_is_kept(
    s3: Bucket, ask: Callable[..., Answer]
) -> None:
    body = f"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{CRC32}\r\n\r\n".encode()
    ask("PUT", f"/{s3.name}/k", body, **CHUNKED | {"Content-Encoding": "gzip,aws-chunked"})

    assert s3.client.head_object(Bucket=s3.name, Key="k")["ContentEncoding"] == "gzip"


def test_an_object_over_the_limit_is_refused_before_its_body_comes(s3: Bucket, ask: Callable[..., Answer]) -> None:
    answer = ask("PUT", f"/{s3.name}/k", b"", Content_Length=str(512 * 1024**2 + 1))

    assert (answer.status, code_of(answer)) == (400, "EntityTooLarge")


def test_a_bucket_is_found_in_the_host_name_too(s3: Bucket, ask: Callable[..., Answer]) -> None:
    s3.put("a/b", b"hello")

    answer = ask("GET", "/a/b", Host=f"{s3.name}.localhost")

    assert (answer.status, answer.body) == (200, b"hello")


@pytest.mark.parametrize("target", ["/templates/%FF", "/templates/a%00b", "/templates?list-type=2&prefix=%00"])
def test_a_name_that_is_no_text_is_refused(s3: Bucket, ask: Callable[..., Answer], target: str) -> None:
    answer = ask("GET", target)

    assert s3.name == "templates"
    assert (answer.status, code_of(answer)) == (400, "InvalidURI")


def test_a_key_of_more_than_1024_bytes_is_refused(s3: Bucket) -> None:
    assert refusal(lambda: s3.client.put_object(Bucket=s3.name, Key="é" * 513, Body=b""))[0] == "KeyTooLongError"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-copy-source": "/templates/k"},
        {"x-amz-server-side-encryption": "aws:kms"},
        {"x-amz-tagging": "a=b"},
        {"x-amz-acl": "public-read"},
        {"x-amz-storage-class": "GLACIER"},
        {"x-amz-object-lock-mode": "GOVERNANCE"},
    ],
)
def test_what_the_store_does_not_do_is_refused_by_name(
    s3: Bucket, ask: Callable[..., Answer], headers: dict[str, str]
) -> None:
    answer = ask("PUT", f"/{s3.name}/k", b"hello", **headers)

    assert (answer.status, code_of(answer)) == (400, "NotImplemented")
    assert s3.client.list_objects_v2(Bucket=s3.name)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/templates?acl"),
        ("GET", "/templates?policy"),
        ("GET", "/templates"),
        ("PUT", "/templates?versioning"),
        ("POST", "/templates?delete"),
        ("PUT", "/templates/k?partNumber=1"),
        ("GET", "/templates/k?partNumber=1"),
        ("GET", "/templates/k?X-Amz-Algorithm=AWS4-HMAC-SHA256"),
    ],
)
def test_a_request_of_s3_that_is_not_there_is_refused_by_name(
    ask: Callable[..., Answer], method: str, target: str
) -> None:
    answer = ask(method, target)

    assert (answer.status, code_of(answer)) == (400, "NotImplemented")


def test_an_error_is_xml_with_the_request_s_id(s3: Bucket, ask: Callable[..., Answer]) -> None:
    answer = ask("GET", f"/{s3.name}/<none>")

    document = ElementTree.fromstring(answer.body)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/xml")
    assert document.findtext("Code") == "NoSuchKey"
    assert document.findtext("Key") == "<none>"
    assert document.findtext("RequestId") == answer.headers["x-amz-request-id"]


def test_a_bucket_s_owner_is_checked_where_expected(s3: Bucket) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.client.list_objects_v2(Bucket=s3.name, ExpectedBucketOwner="999999999999")


def test_the_aws_cli_copies_lists_and_removes(server: Server, account: str, tmp_path: Path) -> None:
    sent, received = tmp_path / "sent", tmp_path / "received"
    sent.write_bytes(os.urandom(100_000))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_S3": server.url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def aws(*arguments: str) -> str:
        command = [sys.executable, "-m", "awscli", "s3", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    aws("mb", "s3://cli-bucket")
    aws("cp", str(sent), "s3://cli-bucket/a/object")
    aws("cp", "s3://cli-bucket/a/object", str(received))
    listed = aws("ls", "s3://cli-bucket/a/")
    aws("rm", "s3://cli-bucket/a/object")
    aws("rb", "s3://cli-bucket")

    assert received.read_bytes() == sent.read_bytes()
    assert listed.split()[2:] == ["100000", "object"]
