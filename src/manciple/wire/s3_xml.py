"""The artifact store's documents: listings and errors."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from re import compile as pattern
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from manciple.errors import ServiceError
from manciple.operations.own.object_errors import ObjectStoreError
from manciple.operations.own.objects import (
    LEGACY_REGION,
    ListBucketsOutput,
    ListObjectsInput,
    ListObjectsOutput,
)
from manciple.operations.own.uploads import ListPartsInput, ListUploadsInput, PartPage, UploadPage

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

_CONTROL = pattern(r"[\x00-\x1f\x7f\ufffe\uffff]")
_CODES = {
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "InvalidRequest",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "AccessDenied",
    "UnrecognizedClientException": "InvalidAccessKeyId",
}
"""What AWS's other front ends call it, and S3's code for it."""


def refusal(error: ServiceError) -> ServiceError:
    """The error under S3's own code and status."""
    if error.message.startswith(("Signature expired", "Signature not yet current")):
        return ObjectStoreError("RequestTimeTooSkewed", error.message)
    code = _CODES.get(error.code)
    return ObjectStoreError(code, error.message) if code else error


def error(found: ServiceError, resource: str, request_id: str) -> bytes:
    """An error's document."""
    details = found.details if isinstance(found, ObjectStoreError) else {}
    members = {"Code": found.code, "Message": found.message, **details, "Resource": resource, "RequestId": request_id}
    return _document("Error", _elements(members.items()), namespace=False)


def listing(asked: ListObjectsInput, found: ListObjectsOutput, *, encodes: bool, owner: str | None) -> bytes:
    """The document of ListObjectsV2; `encodes` for `encoding-type=url`, `owner` where owners were asked for."""
    key: Callable[[str], str] = _url if encodes else str
    head = {
        "Name": asked.bucket,
        "Prefix": key(asked.prefix),
        "Delimiter": key(asked.delimiter) if asked.delimiter else None,
        "StartAfter": key(asked.start_after) if asked.start_after else None,
        "ContinuationToken": asked.continuation_token,
        "NextContinuationToken": found.next_token,
        "KeyCount": len(found.contents) + len(found.common_prefixes),
        "MaxKeys": asked.max_keys,
        "EncodingType": "url" if encodes else None,
        "IsTruncated": "false" if found.next_token is None else "true",
    }
    body = [_elements((name, value) for name, value in head.items() if value is not None)]
    body += [_contents(key(entry.key), entry.last_modified, entry.etag, entry.size, owner) for entry in found.contents]
    body += [f"<CommonPrefixes>{_element('Prefix', key(prefix))}</CommonPrefixes>" for prefix in found.common_prefixes]
    return _document("ListBucketResult", "".join(body))


def buckets(found: ListBucketsOutput, owner: str, region: str) -> bytes:
    """The document of ListBuckets."""
    each = (
        _elements({"Name": one.name, "CreationDate": _moment(one.created_time), "BucketRegion": region}.items())
        for one in found.buckets
    )
    inside = "".join(f"<Bucket>{bucket}</Bucket>" for bucket in each)
    return _document("ListAllMyBucketsResult", f"{_owner('Owner', owner)}<Buckets>{inside}</Buckets>")


def location(region: str) -> bytes:
    """The document of GetBucketLocation: the oldest region is told as nothing."""
    return _document("LocationConstraint", "" if region == LEGACY_REGION else escape(region))


def opened_upload(upload: Any) -> bytes:
    """The document of CreateMultipartUpload."""
    members = {"Bucket": upload.bucket, "Key": upload.key, "UploadId": upload.id}
    return _document("InitiateMultipartUploadResult", _elements(members.items()))


def completed_upload(bucket: str, made: Any, checksum_type: str | None) -> bytes:
    """The document of CompleteMultipartUpload."""
    members = {"Location": f"/{bucket}/{_url(made.key)}", "Bucket": bucket, "Key": made.key, "ETag": f'"{made.etag}"'}
    typed = {"ChecksumType": checksum_type} if checksum_type else {}
    return _document("CompleteMultipartUploadResult", _elements((members | _sums(made.checksums) | typed).items()))


def parts(asked: ListPartsInput, found: PartPage, owner: str) -> bytes:
    """The document of ListParts."""
    last = found.parts[-1].number if found.parts else asked.after
    head = {
        "Bucket": asked.bucket,
        "Key": asked.key,
        "UploadId": asked.upload_id,
        "PartNumberMarker": asked.after,
        "NextPartNumberMarker": last,
        "MaxParts": asked.most,
        "IsTruncated": str(found.is_truncated).lower(),
        "StorageClass": "STANDARD",
    }
    each = (
        {
            "PartNumber": part.number,
            "LastModified": _moment(part.last_modified),
            "ETag": f'"{part.etag}"',
            "Size": part.size,
            **_sums(part.checksums),
        }
        for part in found.parts
    )
    inside = "".join(f"<Part>{_elements(part.items())}</Part>" for part in each)
    who = _owner("Initiator", owner) + _owner("Owner", owner)
    return _document("ListPartsResult", f"{_elements(head.items())}{who}{inside}")


def uploads(asked: ListUploadsInput, found: UploadPage, owner: str, *, encodes: bool) -> bytes:
    """The document of ListMultipartUploads."""
    key: Callable[[str], str] = _url if encodes else str
    last = found.uploads[-1] if found.is_truncated and found.uploads else None
    head = {
        "Bucket": asked.bucket,
        "KeyMarker": key(asked.key_marker),
        "UploadIdMarker": asked.id_marker,
        "Prefix": key(asked.prefix),
        "NextKeyMarker": key(last.key) if last else None,
        "NextUploadIdMarker": last.id if last else None,
        "MaxUploads": asked.most,
        "EncodingType": "url" if encodes else None,
        "IsTruncated": str(found.is_truncated).lower(),
    }
    who = _owner("Initiator", owner) + _owner("Owner", owner)
    each = (
        _elements({"Key": key(upload.key), "UploadId": upload.id}.items())
        + who
        + _elements({"StorageClass": "STANDARD", "Initiated": _moment(upload.created_time)}.items())
        for upload in found.uploads
    )
    inside = "".join(f"<Upload>{upload}</Upload>" for upload in each)
    known = ((name, value) for name, value in head.items() if value is not None)
    return _document("ListMultipartUploadsResult", f"{_elements(known)}{inside}")


def _sums(checksums: dict[str, str]) -> dict[str, str]:
    return {f"Checksum{name.upper()}": value for name, value in checksums.items()}


def _owner(element: str, account: str) -> str:
    return f"<{element}>{_element('ID', account)}{_element('DisplayName', account)}</{element}>"


def _moment(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _contents(key: str, modified: int, etag: str, size: int, owner: str | None) -> str:
    members = {
        "Key": key,
        "LastModified": _moment(modified),
        "ETag": f'"{etag}"',
        "Size": size,
        "StorageClass": "STANDARD",
    }
    whose = f"<Owner>{_element('ID', owner)}</Owner>" if owner else ""
    return f"<Contents>{_elements(members.items())}{whose}</Contents>"


def _document(name: str, inside: str, *, namespace: bool = True) -> bytes:
    attribute = f' xmlns="{NAMESPACE}"' if namespace else ""
    return f"{HEAD}<{name}{attribute}>{inside}</{name}>".encode()


def _elements(members: Iterable[tuple[str, object]]) -> str:
    return "".join(_element(name, value) for name, value in members)


def _element(name: str, value: object) -> str:
    """One element; control characters, which keys may hold and XML may not, as S3 sends them."""
    text = _CONTROL.sub(lambda found: f"&#x{ord(found[0]):X};", escape(str(value), {'"': "&quot;"}))
    return f"<{name}>{text}</{name}>"


def _url(text: str) -> str:
    return quote(text, safe="/-_.~*")
