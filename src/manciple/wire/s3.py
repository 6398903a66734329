"""The artifact store in S3's form: path style and `<bucket>.localhost` style (contracts, section 4).

A request becomes one action by its method and whether it names an object. Every action names the query parameters that
it knows: what it does not know is refused by name, never ignored. Objects are served so that no browser runs them.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from email.utils import formatdate
from re import compile as pattern
from typing import Any, BinaryIO, NamedTuple

from manciple.errors import ServiceError
from manciple.operations.call import Caller
from manciple.operations.own.object_errors import ObjectStoreError
from manciple.operations.own.objects import (
    BucketInput,
    ListBucketsInput,
    ListObjectsInput,
    ObjectInput,
    PutObjectInput,
)
from manciple.wire import presigned, s3_uploads, s3_xml
from manciple.wire.aws_chunked import Signing
from manciple.wire.calls import Calls
from manciple.wire.messages import Receive, Request, Scope, Send
from manciple.wire.s3_address import Address, find_address
from manciple.wire.s3_asked import Answer, Asked, checksum_headers, read_number, read_query
from manciple.wire.s3_body import UNSIGNED, receive_upload
from manciple.wire.s3_refusals import check_headers, check_query, kept_headers
from manciple.wire.threads import in_thread

_PIECE = 1024 * 1024
_DOCUMENT = 4 * 1024 * 1024
"""The largest document that a request may bring: the names of ten thousand parts."""
_LOCATION = pattern(
    r"\s*(?:<\?xml[^>]*\?>\s*)?<CreateBucketConfiguration(?:\s+xmlns=\"[^\"<>]*\")?\s*"
    r"(?:/>|>\s*(?:<LocationConstraint(?:/>|>([a-z0-9-]*)</LocationConstraint>)\s*)?</CreateBucketConfiguration>)\s*"
)
_HEADER = pattern(r"[\t\x20-\x7e\xa0-\xff]*")
"""What a header may hold."""
_SAFE = {
    "Accept-Ranges": "bytes",
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
}


class Action(NamedTuple):
    """One row of the table: what answers, the query parameters it knows, what its body is.

    `uploads` says that the body is an object or part of one; where it is not, but `is_of_object`, the checksums in the
    headers are an object's and not the body's. `operation` is named for the audit where something may change.
    """

    answer: Callable[["S3", Asked], Answer]
    query: frozenset[str] = frozenset()
    uploads: bool = False
    is_of_object: bool = False
    operation: str = ""


class S3:
    """The ASGI application. `limit` is the largest object in bytes."""

    def __init__(self, calls: Calls, limit: int, pool: Executor) -> None:
        self._calls = calls
        self._limit = limit
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request: Request = scope["state"]["request"]
        try:
            answer = await self._answer(request, receive)
        except ServiceError as error:
            found = s3_xml.refusal(error)
            document = s3_xml.error(found, request.raw_path, request.id)
            closing = {"Connection": "close", "Content-Type": "application/xml"}
            answer = Answer(found.status, closing, document)
        await self._send(send, request, answer)

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        caller, signing = await in_thread(self._pool, self._identify, request)
        address, query = find_address(request), read_query(request)
        if presigned.read_presigned(request):
            request, query = presigned.unfold(request), presigned.without_signature(query)
        action = _find_action(request, address, query)
        try:
            check_headers(request.headers, caller.account)
            said = s3_uploads.without_checksums(request) if action.is_of_object else request
            upload = await receive_upload(said, receive, self._limit if action.uploads else _DOCUMENT, signing)
        except ServiceError as error:
            await in_thread(self._pool, self._calls.refused, action.operation, caller, request.id, error)
            raise
        with upload.file:
            asked = Asked(request, caller, address, query, upload)
            return await in_thread(self._pool, action.answer, self, asked)

    def _identify(self, request: Request) -> tuple[Caller, Signing | None]:
        payload = request.headers.get("x-amz-content-sha256")
        caller = self._calls.identify(request, "s3", payload or UNSIGNED)
        if (signing := self._calls.chunk_signing(request)) is None:
            return caller, None
        if payload is None:
            raise ObjectStoreError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        return caller, Signing(*signing)

    async def _send(self, send: Send, request: Request, answer: Answer) -> None:
        headers = {"x-amz-request-id": request.id, **answer.headers}
        if isinstance(answer.body, bytes):
            headers.setdefault("Content-Length", str(len(answer.body)))
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        if isinstance(answer.body, bytes):
            await send({"type": "http.response.body", "body": answer.body})
            return
        with answer.body as file:
            while piece := await in_thread(self._pool, file.read, _PIECE):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    def call(self, name: str, asked: Asked, input: Any) -> Any:
        """The output of an operation for whoever asked."""
        return self._calls.call(name, asked.caller, input, asked.request.id)

    def list_buckets(self, asked: Asked) -> Answer:
        """GET /."""
        found = self.call("s3:ListBuckets", asked, ListBucketsInput(prefix=asked.query.get("prefix", "")))
        document = s3_xml.buckets(found, asked.caller.account, asked.caller.region)
        return Answer(200, {"Content-Type": "application/xml"}, document)

    def get_bucket_location(self, asked: Asked) -> Answer:
        """GET /bucket?location."""
        bucket = self.call("s3:GetBucketLocation", asked, BucketInput(bucket=asked.address.bucket))
        return Answer(200, {"Content-Type": "application/xml"}, s3_xml.location(bucket.region))

    def create_bucket(self, asked: Asked) -> Answer:
        """PUT /bucket."""
        document = asked.upload.file.read().decode("utf-8", "replace")
        found = _LOCATION.fullmatch(document)
        if document.strip() and found is None:
            raise ObjectStoreError("MalformedXML")
        location = found[1] if found else None
        bucket = self.call("s3:CreateBucket", asked, BucketInput(bucket=asked.address.bucket, location=location))
        return Answer(200, {"Location": f"/{bucket.name}"})

    def head_bucket(self, asked: Asked) -> Answer:
        """HEAD /bucket."""
        bucket = self.call("s3:HeadBucket", asked, BucketInput(bucket=asked.address.bucket))
        return Answer(200, {"x-amz-bucket-region": bucket.region, "Content-Type": "application/xml"})

    def delete_bucket(self, asked: Asked) -> Answer:
        """DELETE /bucket."""
        self.call("s3:DeleteBucket", asked, BucketInput(bucket=asked.address.bucket))
        return Answer(204, {})

    def list_objects(self, asked: Asked) -> Answer:
        """GET /bucket?list-type=2."""
        query = asked.query
        if query.get("list-type") != "2":
            raise ObjectStoreError("NotImplemented", "Version 1 of ListObjects is not implemented; send list-type=2.")
        if query.get("encoding-type", "url") != "url":
            raise ObjectStoreError("InvalidArgument", "Invalid Encoding Method specified in Request")
        page = ListObjectsInput(
            bucket=asked.address.bucket,
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start_after=query.get("start-after", ""),
            continuation_token=query.get("continuation-token"),
            max_keys=read_number(query, "max-keys", "maxKeys", 1000),
        )
        found = self.call("s3:ListBucket", asked, page)
        owner = asked.caller.account if query.get("fetch-owner") == "true" else None
        document = s3_xml.listing(page, found, encodes="encoding-type" in query, owner=owner)
        return Answer(200, {"Content-Type": "application/xml"}, document)

    def put_object(self, asked: Asked) -> Answer:
        """PUT /bucket/key."""
        upload = asked.upload
        given = PutObjectInput(
            bucket=asked.address.bucket,
            key=asked.address.key,
            body=upload.file,
            size=upload.size,
            digest=upload.sha256,
            etag=upload.md5,
            headers=kept_headers(asked.request.headers),
            checksums=upload.checksums,
            conditions=asked.conditions,
        )
        found = self.call("s3:PutObject", asked, given)
        return Answer(200, {"ETag": f'"{found.etag}"', **checksum_headers(found.checksums)})

    def get_object(self, asked: Asked) -> Answer:
        """GET /bucket/key."""
        found = self.call("s3:GetObject", asked, _object(asked))
        return _served(asked, found, found.body or b"")

    def head_object(self, asked: Asked) -> Answer:
        """HEAD /bucket/key."""
        return _served(asked, self.call("s3:HeadObject", asked, _object(asked)), b"")

    def delete_object(self, asked: Asked) -> Answer:
        """DELETE /bucket/key."""
        self.call("s3:DeleteObject", asked, _object(asked))
        return Answer(204, {})


_LISTING = frozenset(
    (
        "list-type",
        "encoding-type",
        "prefix",
        "delimiter",
        "start-after",
        "continuation-token",
        "max-keys",
        "fetch-owner",
    )
)
_OVERRIDES = frozenset(
    f"response-{name}"
    for name in (
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "expires",
    )
)
"""Headers that whoever asks for an object may choose (API reference, GetObject)."""
_SUBRESOURCES = ("location", "uploads", "uploadId")
"""Parameters that make another action of a request."""

ACTIONS = {
    ("GET", "store", ""): Action(S3.list_buckets, frozenset({"prefix", "max-buckets", "bucket-region"})),
    ("PUT", "bucket", ""): Action(S3.create_bucket, operation="s3:CreateBucket"),
    ("HEAD", "bucket", ""): Action(S3.head_bucket),
    ("DELETE", "bucket", ""): Action(S3.delete_bucket, operation="s3:DeleteBucket"),
    ("GET", "bucket", ""): Action(S3.list_objects, _LISTING),
    ("GET", "bucket", "location"): Action(S3.get_bucket_location),
    ("GET", "bucket", "uploads"): Action(s3_uploads.list_uploads, s3_uploads.LISTING),
    ("PUT", "object", ""): Action(S3.put_object, uploads=True, operation="s3:PutObject"),
    ("GET", "object", ""): Action(S3.get_object, _OVERRIDES),
    ("HEAD", "object", ""): Action(S3.head_object, _OVERRIDES),
    ("DELETE", "object", ""): Action(S3.delete_object, operation="s3:DeleteObject"),
    ("POST", "object", "uploads"): Action(s3_uploads.create_upload, operation="s3:CreateMultipartUpload"),
    ("PUT", "object", "uploadId"): Action(
        s3_uploads.upload_part, frozenset({"partNumber"}), uploads=True, operation="s3:UploadPart"
    ),
    ("POST", "object", "uploadId"): Action(
        s3_uploads.complete_upload, is_of_object=True, operation="s3:CompleteMultipartUpload"
    ),
    ("DELETE", "object", "uploadId"): Action(s3_uploads.abort_upload, operation="s3:AbortMultipartUpload"),
    ("GET", "object", "uploadId"): Action(s3_uploads.list_parts, s3_uploads.PART_LISTING),
}
"""By method, what is named, and the parameter that makes it another action."""


def _find_action(request: Request, address: Address, query: dict[str, str]) -> Action:
    kind = ("object" if address.key else "bucket") if address.bucket else "store"
    part = next((name for name in _SUBRESOURCES if name in query), "")
    action = ACTIONS.get((request.method, kind, part))
    query = {name: value for name, value in query.items() if action is None or name != part}
    check_query(query, action.query if action else frozenset(_SUBRESOURCES))
    if action is None:
        raise ObjectStoreError("MethodNotAllowed", Method=request.method)
    return action


def _object(asked: Asked) -> ObjectInput:
    _check_overrides(asked.query)
    wanted = asked.request.headers.get("range")
    return ObjectInput(bucket=asked.address.bucket, key=asked.address.key, conditions=asked.conditions, range=wanted)


def _check_overrides(query: dict[str, str]) -> None:
    for name in sorted(_OVERRIDES & set(query)):
        if not _HEADER.fullmatch(query[name]):
            raise ObjectStoreError(
                "InvalidArgument",
                "Header value cannot be represented using ISO-8859-1.",
                ArgumentName=name,
                ArgumentValue=query[name][:100],
            )


def _served(asked: Asked, found: Any, body: bytes | BinaryIO) -> Answer:
    stored = found.object
    dated = {"ETag": f'"{stored.etag}"', "Last-Modified": formatdate(stored.last_modified // 1000, usegmt=True)}
    if not found.is_modified:
        return Answer(304, dated)
    headers = {**stored.headers, **dated, **_SAFE}
    headers |= {name.removeprefix("response-"): asked.query[name] for name in _OVERRIDES & set(asked.query)}
    attached = headers.get("content-disposition", "")
    headers["content-disposition"] = attached if attached.lower().startswith("attachment") else "attachment"
    start, end = found.range or (0, stored.size)
    headers["Content-Length"] = str(end - start)
    if found.range:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size}"
    elif asked.request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED":
        headers |= checksum_headers(stored.checksums)
    return Answer(206 if found.range else 200, headers, body)
