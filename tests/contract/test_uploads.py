"""Uploads in parts, and what lists and finds buckets, through boto3 and the aws command line."""

import base64
import hashlib
import io
import os
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from boto3.s3.transfer import TransferConfig

from manciple.app import Server
from tests.contract.conftest import REGION, client_of
from tests.contract.raw import send
from tests.contract.requests import Bucket, refusal

MIB = 1024 * 1024


def content(size: int, seed: int = 1) -> bytes:
    """Bytes that differ from place to place."""
    block = hashlib.sha256(bytes([seed])).digest()
    return (block * (size // len(block) + 1))[:size]


class Upload:
    """An upload of `key` under way."""

    def __init__(self, bucket: Bucket, key: str = "big", **members: Any) -> None:
        self.client = bucket.client
        self.place = {"Bucket": bucket.name, "Key": key}
        self.opened = self.client.create_multipart_upload(**self.place, **members)
        self.named = {**self.place, "UploadId": self.opened["UploadId"]}

    def put(self, number: int, body: bytes, **members: Any) -> dict[str, Any]:
        answer = self.client.upload_part(**self.named, PartNumber=number, Body=body, **members)
        sums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
        return {"PartNumber": number, "ETag": answer["ETag"], **sums}

    def complete(self, *parts: dict[str, Any], **members: Any) -> Any:
        return self.client.complete_multipart_upload(**self.named, MultipartUpload={"Parts": list(parts)}, **members)


def read(bucket: Bucket, key: str = "big") -> bytes:
    body: bytes = bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
    return body


def test_parts_in_any_order_become_one_object(s3: Bucket) -> None:
    upload = Upload(s3, ContentType="text/plain", Metadata={"team": "red"})
    first, last = content(5 * MIB), content(MIB + 7, 2)
    second = upload.put(2, last)

    made = upload.complete(upload.put(1, first), second)

    found = s3.client.get_object(Bucket=s3.name, Key="big")
    sums = hashlib.md5(first).digest() + hashlib.md5(last).digest()
    assert made["ETag"] == found["ETag"] == f'"{hashlib.md5(sums).hexdigest()}-2"'
    assert found["Body"].read() == first + last
    assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"team": "red"})
    assert s3.client.list_multipart_uploads(Bucket=s3.name).get("Uploads", []) == []


def test_a_range_reads_over_the_borders_of_parts(s3: Bucket) -> None:
    upload = Upload(s3)
    first, last = content(5 * MIB + 1), content(100, 2)
    upload.complete(upload.put(1, first), upload.put(3, last))

    found = s3.client.get_object(Bucket=s3.name, Key="big", Range=f"bytes={5 * MIB - 1}-{5 * MIB + 9}")

    assert found["Body"].read() == (first + last)[5 * MIB - 1 : 5 * MIB + 10]


def test_a_part_is_replaced_by_one_of_its_number(s3: Bucket) -> None:
    upload = Upload(s3)
    upload.put(1, b"old")

    upload.complete(upload.put(1, b"new"))

    assert read(s3) == b"new"


def test_boto3s_upload_of_a_large_file_comes_in_parts(s3: Bucket, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(content(17 * MIB + 3))

    s3.client.upload_file(str(file), s3.name, "large", Config=TransferConfig(multipart_threshold=8 * MIB))

    got = io.BytesIO()
    s3.client.download_fileobj(s3.name, "large", got)
    assert got.getvalue() == file.read_bytes()
    assert s3.client.head_object(Bucket=s3.name, Key="large")["ETag"].endswith('-3"')


def test_the_aws_command_line_copies_large_files_both_ways(s3: Bucket, account: str, tmp_path: Path) -> None:
    file, copy = tmp_path / "large", tmp_path / "copy"
    file.write_bytes(content(9 * MIB))
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": s3.url,
    }

    def aws(*arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("aws")), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    aws("s3", "cp", str(file), f"s3://{s3.name}/large")
    aws("s3", "cp", f"s3://{s3.name}/large", str(copy))

    assert copy.read_bytes() == file.read_bytes()
    assert s3.name in aws("s3", "ls")
    assert "large" in aws("s3", "ls", f"s3://{s3.name}/")


@pytest.mark.parametrize("kind", [None, "FULL_OBJECT"])
def test_checksums_are_made_of_the_parts_or_of_the_whole(s3: Bucket, kind: str | None) -> None:
    upload = Upload(s3, ChecksumAlgorithm="CRC32", **({"ChecksumType": kind} if kind else {}))
    bodies = [content(5 * MIB), content(MIB, 2)]
    parts = [upload.put(number, body, ChecksumAlgorithm="CRC32") for number, body in enumerate(bodies, 1)]

    made = upload.complete(*parts)

    def crc(data: bytes) -> bytes:
        return zlib.crc32(data).to_bytes(4, "big")

    of_parts = base64.b64encode(crc(b"".join(crc(body) for body in bodies))).decode() + "-2"
    of_whole = base64.b64encode(crc(b"".join(bodies))).decode()
    assert made["ChecksumCRC32"] == (of_whole if kind else of_parts)
    head = s3.client.head_object(Bucket=s3.name, Key="big", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (made["ChecksumCRC32"], kind or "COMPOSITE")


def test_a_checksum_of_the_whole_that_is_wrong_makes_no_object(s3: Bucket) -> None:
    upload = Upload(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    part = upload.put(1, b"one", ChecksumAlgorithm="CRC32")

    refused = refusal(lambda: upload.complete(part, ChecksumCRC32="AAAAAA==", ChecksumType="FULL_OBJECT"))

    assert refused[0] == "BadDigest"
    assert refusal(lambda: read(s3))[0] == "NoSuchKey"


def test_parts_and_uploads_are_listed_in_pages(s3: Bucket) -> None:
    upload, other = Upload(s3, "a"), Upload(s3, "b")
    for number in (3, 1, 2):
        upload.put(number, content(number))

    first = s3.client.list_parts(**upload.named, MaxParts=2)
    rest = s3.client.list_parts(**upload.named, PartNumberMarker=first["NextPartNumberMarker"])
    uploads = s3.client.list_multipart_uploads(Bucket=s3.name, MaxUploads=1)
    more = s3.client.list_multipart_uploads(
        Bucket=s3.name, KeyMarker=uploads["NextKeyMarker"], UploadIdMarker=uploads["NextUploadIdMarker"]
    )

    assert [(part["PartNumber"], part["Size"]) for part in first["Parts"] + rest["Parts"]] == [(1, 1), (2, 2), (3, 3)]
    assert (first["IsTruncated"], rest["IsTruncated"]) == (True, False)
    ids = [found["UploadId"] for page in (uploads, more) for found in page["Uploads"]]
    assert ids == [upload.named["UploadId"], other.named["UploadId"]]


def test_an_aborted_upload_is_gone_with_its_parts(s3: Bucket) -> None:
    upload = Upload(s3)
    part = upload.put(1, b"one")

    s3.client.abort_multipart_upload(**upload.named)

    calls: list[Callable[[], Any]] = [
        lambda: upload.put(2, b"two"),
        lambda: upload.complete(part),
        lambda: s3.client.list_parts(**upload.named),
        lambda: s3.client.abort_multipart_upload(**upload.named),
    ]
    assert {refusal(call)[0] for call in calls} == {"NoSuchUpload"}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([(2, "b"), (1, "a")], "InvalidPartOrder"),
        ([(1, "a"), (1, "a")], "InvalidPartOrder"),
        ([(1, "a"), (2, "b")], "EntityTooSmall"),
        ([(3, "a")], "InvalidPart"),
        ([(1, "b")], "InvalidPart"),
        ([(1, "no etag")], "InvalidPart"),
        ([], "MalformedXML"),
    ],
)
def test_what_names_no_object_is_refused_and_the_upload_stays(
    s3: Bucket, parts: list[tuple[int, str]], code: str
) -> None:
    upload = Upload(s3)
    etags = {"a": upload.put(1, b"a")["ETag"], "b": upload.put(2, b"b")["ETag"]}

    named = [{"PartNumber": number, "ETag": etags.get(name, name)} for number, name in parts]

    assert refusal(lambda: upload.complete(*named))[0] == code
    assert len(s3.client.list_parts(**upload.named)["Parts"]) == 2


@pytest.mark.parametrize("number", ["0", "10001", "x", "-1"])
def test_a_part_has_a_number_from_one_to_ten_thousand(s3: Bucket, server: Server, account: str, number: str) -> None:
    upload = Upload(s3)
    path = f"/{s3.name}/big?partNumber={number}&uploadId={upload.named['UploadId']}"
    claim = f"AWS4-HMAC-SHA256 Credential={account}/20260101/{REGION}/s3/aws4_request"

    answer = send(server, "PUT", path, {"Authorization": claim}, b"x")

    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body


def test_another_account_does_not_see_an_upload(s3: Bucket, server: Server) -> None:
    upload = Upload(s3)
    stranger = client_of(server, "s3", "999999999998")

    assert refusal(lambda: stranger.list_parts(**upload.named))[0] == "NoSuchUpload"


def test_a_bucket_is_where_it_was_made(s3: Bucket, make_client: Callable[..., Any]) -> None:
    oldest = make_client("s3", region="us-east-1")
    oldest.create_bucket(Bucket="oldest-region")

    assert s3.client.get_bucket_location(Bucket=s3.name)["LocationConstraint"] == REGION
    assert oldest.get_bucket_location(Bucket="oldest-region")["LocationConstraint"] is None
    assert refusal(lambda: s3.client.get_bucket_location(Bucket="unknown"))[0] == "NoSuchBucket"


def test_the_buckets_of_account_and_region_are_listed(s3: Bucket, server: Server, account: str) -> None:
    location = {"LocationConstraint": REGION}
    s3.client.create_bucket(Bucket="another", CreateBucketConfiguration=location)

    answer = s3.client.list_buckets()

    assert [bucket["Name"] for bucket in answer["Buckets"]] == ["another", s3.name]
    assert answer["Owner"]["ID"] == account
    assert client_of(server, "s3", "999999999998").list_buckets()["Buckets"] == []


def test_an_empty_bucket_is_deleted_with_its_uploads(s3: Bucket) -> None:
    Upload(s3).put(1, b"one")

    s3.client.delete_bucket(Bucket=s3.name)

    assert s3.client.list_buckets()["Buckets"] == []
    s3.client.create_bucket(Bucket=s3.name, CreateBucketConfiguration={"LocationConstraint": REGION})
    assert s3.client.list_multipart_uploads(Bucket=s3.name).get("Uploads", []) == []


def test_a_body_is_sent_for_when_its_sender_waits(s3: Bucket, account: str) -> None:
    address = urlsplit(s3.url)
    claim = f"AWS4-HMAC-SHA256 Credential={account}/20260101/{REGION}/s3/aws4_request"
    head = (
        f"PUT /{s3.name}/expected HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: {claim}\r\n"
        "Expect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=30) as connection:
        connection.sendall(head.encode())
        waited = connection.recv(1000)
        connection.sendall(b"body")
        answer = b"".join(iter(lambda: connection.recv(1000), b""))

    assert waited.startswith(b"HTTP/1.1 100 Continue")
    assert answer.startswith(b"HTTP/1.1 200")
    assert read(s3, "expected") == b"body"


def test_a_body_that_would_be_refused_is_not_sent_for(s3: Bucket, account: str) -> None:
    address = urlsplit(s3.url)
    claim = f"AWS4-HMAC-SHA256 Credential={account}/20260101/{REGION}/s3/aws4_request"
    head = (
        f"PUT /{s3.name}/expected HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: {claim}\r\n"
        "x-amz-tagging: a=b\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=30) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(1000)

    assert answer.startswith(b"HTTP/1.1 400")
