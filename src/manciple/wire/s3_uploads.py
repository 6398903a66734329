"""Uploads in parts, in S3's form: what each request says, and the documents that are answered."""

from html import unescape
from re import compile as pattern
from typing import Any

import msgspec

from manciple.operations.own.object_errors import ObjectStoreError
from manciple.operations.own.uploads import (
    MOST,
    MOST_PARTS,
    CompleteUploadInput,
    CreateUploadInput,
    ListPartsInput,
    ListUploadsInput,
    NamedPart,
    UploadInput,
    UploadPartInput,
)
from manciple.wire import s3_xml
from manciple.wire.messages import Request
from manciple.wire.s3_asked import Answer, Asked, Call, checksum_headers, read_number
from manciple.wire.s3_body import CHECKSUM, NO_CHECKSUMS
from manciple.wire.s3_refusals import kept_headers

LISTING = frozenset({"prefix", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"})
PART_LISTING = frozenset({"part-number-marker", "max-parts"})

_XML = {"Content-Type": "application/xml"}
_PARTS = pattern(
    r"\s*(?:<\?xml[^>]*\?>\s*)?<CompleteMultipartUpload(?:\s+xmlns=\"[^\"<>]*\")?\s*>"
    r"((?:\s*<Part>(?:\s*<\w+>[^<]*</\w+>)*\s*</Part>)*)\s*</CompleteMultipartUpload>\s*"
)
_PART = pattern(r"<Part>(.*?)</Part>")
_MEMBER = pattern(r"<(\w+)>([^<]*)</\1>")


def create_upload(store: Call, asked: Asked) -> Answer:
    """POST /bucket/key?uploads."""
    headers = asked.request.headers
    algorithm = headers.get(f"{CHECKSUM}algorithm")
    given = CreateUploadInput(
        bucket=asked.address.bucket,
        key=asked.address.key,
        headers=kept_headers(headers),
        algorithm=algorithm.lower() if algorithm else None,
        checksum_type=headers.get(f"{CHECKSUM}type"),
    )
    upload = store.call("s3:CreateMultipartUpload", asked, given)
    named = {}
    if upload.algorithm:
        kind = "FULL_OBJECT" if upload.is_whole else "COMPOSITE"
        named = {f"{CHECKSUM}algorithm": upload.algorithm.upper(), f"{CHECKSUM}type": kind}
    return Answer(200, {**_XML, **named}, s3_xml.opened_upload(upload))


def upload_part(store: Call, asked: Asked) -> Answer:
    """PUT /bucket/key?partNumber=1&uploadId=…."""
    upload = asked.upload
    given = UploadPartInput(
        **_upload(asked),
        number=read_number(asked.query, "partNumber", "partNumber", 0),
        body=upload.file,
        size=upload.size,
        digest=upload.sha256,
        etag=upload.md5,
        checksums=upload.checksums,
    )
    part = store.call("s3:UploadPart", asked, given)
    named = {f"{CHECKSUM}{name}": value for name, value in part.checksums.items()}
    return Answer(200, {"ETag": f'"{part.etag}"', **named})


def complete_upload(store: Call, asked: Asked) -> Answer:
    """POST /bucket/key?uploadId=…."""
    headers = asked.request.headers
    said = {name.removeprefix(CHECKSUM): value for name, value in headers.items() if _is_checksum(name)}
    given = CompleteUploadInput(
        **_upload(asked),
        parts=_read_parts(asked.upload.file.read().decode("utf-8", "replace")),
        checksums=said,
        conditions=asked.conditions,
    )
    found = store.call("s3:CompleteMultipartUpload", asked, given)
    document = s3_xml.completed_upload(asked.address.bucket, found.object, found.checksum_type)
    return Answer(200, {**_XML, **checksum_headers(found.object.checksums)}, document)


def abort_upload(store: Call, asked: Asked) -> Answer:
    """DELETE /bucket/key?uploadId=…."""
    store.call("s3:AbortMultipartUpload", asked, UploadInput(**_upload(asked)))
    return Answer(204, {})


def list_parts(store: Call, asked: Asked) -> Answer:
    """GET /bucket/key?uploadId=…."""
    page = ListPartsInput(
        **_upload(asked),
        after=read_number(asked.query, "part-number-marker", "part-number-marker", 0),
        most=read_number(asked.query, "max-parts", "max-parts", MOST),
    )
    found = store.call("s3:ListParts", asked, page)
    return Answer(200, _XML, s3_xml.parts(page, found, asked.caller.account))


def list_uploads(store: Call, asked: Asked) -> Answer:
    """GET /bucket?uploads."""
    query = asked.query
    page = ListUploadsInput(
        bucket=asked.address.bucket,
        prefix=query.get("prefix", ""),
        key_marker=query.get("key-marker", ""),
        id_marker=query.get("upload-id-marker", ""),
        most=read_number(query, "max-uploads", "max-uploads", MOST),
    )
    found = store.call("s3:ListMultipartUploads", asked, page)
    return Answer(200, _XML, s3_xml.uploads(page, found, asked.caller.account, encodes="encoding-type" in query))


def without_checksums(request: Request) -> Request:
    """The request less the checksums in its headers, which are not of its own body."""
    headers = {name: value for name, value in request.headers.items() if not _is_checksum(name)}
    return msgspec.structs.replace(request, headers=headers)


def _is_checksum(header: str) -> bool:
    return header.startswith(CHECKSUM) and header not in NO_CHECKSUMS


def _upload(asked: Asked) -> dict[str, Any]:
    return {"bucket": asked.address.bucket, "key": asked.address.key, "upload_id": asked.query["uploadId"]}


def _read_parts(document: str) -> tuple[NamedPart, ...]:
    found = _PARTS.fullmatch(document)
    parts = _PART.findall(found[1].replace("\n", "").replace("\r", "")) if found else []
    if not parts or len(parts) > MOST_PARTS:
        raise ObjectStoreError("MalformedXML")
    return tuple(_read_part(dict(_MEMBER.findall(part))) for part in parts)


def _read_part(members: dict[str, str]) -> NamedPart:
    number = members.get("PartNumber", "")
    if not (number.isascii() and number.isdecimal()) or len(number) > 5 or "ETag" not in members:
        raise ObjectStoreError("MalformedXML")
    checksums = {
        name.removeprefix("Checksum").lower(): value for name, value in members.items() if name.startswith("Checksum")
    }
    return NamedPart(int(number), unescape(members["ETag"]), checksums)
