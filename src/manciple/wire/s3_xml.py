"""The artifact store's documents: listings and errors."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from re import compile as pattern
from urllib.parse import quote
from xml.sax.saxutils import escape

from manciple.errors import ServiceError
from manciple.operations.own.object_errors import ObjectStoreError
from manciple.operations.own.objects import ListObjectsInput, ListObjectsOutput

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


def _contents(key: str, modified: int, etag: str, size: int, owner: str | None) -> str:
    moment = datetime.fromtimestamp(modified / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    members = {"Key": key, "LastModified": moment, "ETag": f'"{etag}"', "Size": size, "StorageClass": "STANDARD"}
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
