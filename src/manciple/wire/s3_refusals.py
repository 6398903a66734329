"""What a request to the artifact store may say, as tables: what is kept, and what is refused as not done here."""

from manciple.operations.own.object_errors import ObjectStoreError

METADATA = "x-amz-meta-"
_METADATA_BYTES = 2048

_KEPT = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
_DEFAULT_TYPE = "binary/octet-stream"

_ALLOWED = {
    "x-amz-acl": {"private", "bucket-owner-full-control"},
    "x-amz-storage-class": {"STANDARD"},
    "x-amz-bucket-object-lock-enabled": {"false"},
    "x-amz-object-ownership": {"BucketOwnerEnforced"},
}
"""Headers whose only accepted values are what the store does anyway."""

_REFUSED = (
    "x-amz-copy-source",
    "x-amz-grant-",
    "x-amz-object-lock-",
    "x-amz-server-side-encryption",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
)
"""Beginnings of headers that ask for what the store does not do."""

_IGNORED_QUERY = {"x-id"}
"""The JavaScript SDK names its operation there."""


def check_headers(headers: dict[str, str], account: str) -> None:
    """Raise NotImplemented for a header that asks for what the store does not do, AccessDenied for another owner."""
    for name, value in headers.items():
        if name.startswith(_REFUSED) or value not in _ALLOWED.get(name, {value}):
            raise ObjectStoreError("NotImplemented", Header=name)
    if headers.get("x-amz-expected-bucket-owner", account) != account:
        raise ObjectStoreError("AccessDenied")


def check_query(query: dict[str, str], known: frozenset[str]) -> None:
    """Raise NotImplemented for a query parameter that the action does not know."""
    for name in query:
        if name not in known and name not in _IGNORED_QUERY:
            raise ObjectStoreError("NotImplemented", f"The query parameter {name[:100]} is not implemented here.")


def kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers that an object is served with, from those it came with. Raises MetadataTooLarge."""
    metadata = {name: value for name, value in headers.items() if name.startswith(METADATA)}
    size = sum(len(name.removeprefix(METADATA)) + len(value.encode()) for name, value in metadata.items())
    if size > _METADATA_BYTES:
        raise ObjectStoreError("MetadataTooLarge", Size=size, MaxSizeAllowed=_METADATA_BYTES)
    kept = {name: headers[name] for name in _KEPT if headers.get(name)}
    encodings = [part.strip() for part in kept.pop("content-encoding", "").split(",")]
    if encoding := ",".join(part for part in encodings if part and part != "aws-chunked"):
        kept["content-encoding"] = encoding
    return {"content-type": _DEFAULT_TYPE} | kept | metadata
