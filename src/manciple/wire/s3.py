"""The artifact store in S3's form: path style and `<bucket>.localhost` style (contracts, section 4).

A request becomes one action by its method and whether it names an object. Every action names the query parameters that
it knows: what it does not know is refused by name, never ignored. Objects are served so that no browser runs them.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from email.utils import formatdate
from re import compile as pattern
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import parse_qsl, unquote

from manciple.errors import ServiceError
from manciple.operations.call import Caller
from manciple.operations.own.object_conditions import Conditions
from manciple.operations.own.object_errors import ObjectStoreError
from manciple.operations.own.objects import BucketInput, ListObjectsInput, ObjectInput, PutObjectInput
from manciple.wire import s3_xml
from manciple.wire.aws_chunked import Signing
from manciple.wire.calls import Calls
from manciple.wire.guard import LOCAL_NAME, host_name
from manciple.wire.messages import Receive, Request, Scope, Send
from manciple.wire.s3_body import UNSIGNED, Upload, receive_upload
from manciple.wire.s3_refusals import check_headers, check_query, kept_headers
from manciple.wire.threads import in_thread

Headers = dict[str, str]

_PIECE = 1024 * 1024
_DOCUMENT = 64 * 1024
_LOCATION = pattern(
    r"\s*(?:<\?xml[^>]*\?>\s*)?<CreateBucketConfiguration(?:\s+xmlns=\"[^\"<>]*\")?\s*"
    r"(?:/>|>\s*(?:<LocationConstraint(?:/>|>([a-z0-9-]*)</LocationConstraint>)\s*)?</CreateBucketConfiguration>)\s*"
)
_SAFE = {
    "Accept-Ranges": "bytes",
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
}


class Address(NamedTuple):
    """What a request is for: a bucket, an object in it, or (with neither) the store itself."""

    bucket: str
    key: str


class Asked(NamedTuple):
    """A request whose caller is known and whose body has come."""

    request: Request
    caller: Caller
    address: Address
    query: dict[str, str]
    upload: Upload

    @property
    def conditions(self) -> Conditions:
        """The conditional headers."""
        get = self.request.headers.get
        return Conditions(
            if_match=get("if-match"),
            if_none_match=get("if-none-match"),
            if_modified_since=get("if-modified-since"),
            if_unmodified_since=get("if-unmodified-since"),
        )


class Answer(NamedTuple):
    """What is answered: a document, or an object's bytes from a file (which sending closes)."""

    status: int
    headers: Headers
    body: bytes | BinaryIO = b""


class Action(NamedTuple):
    """One row of the table: what answers, the query parameters it knows, whether its body is an object."""

    answer: Callable[["S3", Asked], Answer]
    query: frozenset[str] = frozenset()
    uploads: bool = False


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
        address, query = find_address(request), _query(request)
        action = _find_action(request, address, query)
        check_headers(request.headers, caller.account)
        upload = await receive_upload(request, receive, self._limit if action.uploads else _DOCUMENT, signing)
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

    def _call(self, name: str, asked: Asked, input: Any) -> Any:
        return self._calls.call(name, asked.caller, input, asked.request.id)

    def create_bucket(self, asked: Asked) -> Answer:
        """PUT /bucket."""
        document = asked.upload.file.read().decode("utf-8", "replace")
        found = _LOCATION.fullmatch(document)
        if document.strip() and found is None:
            raise ObjectStoreError("MalformedXML")
        location = found[1] if found else None
        bucket = self._call("s3:CreateBucket", asked, BucketInput(bucket=asked.address.bucket, location=location))
        return Answer(200, {"Location": f"/{bucket.name}"})

    def head_bucket(self, asked: Asked) -> Answer:
        """HEAD /bucket."""
        bucket = self._call("s3:HeadBucket", asked, BucketInput(bucket=asked.address.bucket))
        return Answer(200, {"x-amz-bucket-region": bucket.region, "Content-Type": "application/xml"})

    def delete_bucket(self, asked: Asked) -> Answer:
        """DELETE /bucket."""
        self._call("s3:DeleteBucket", asked, BucketInput(bucket=asked.address.bucket))
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
            max_keys=_number(query.get("max-keys", "1000")),
        )
        found = self._call("s3:ListBucket", asked, page)
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
        found = self._call("s3:PutObject", asked, given)
        return Answer(200, {"ETag": f'"{found.etag}"', **_checksums(found.checksums)})

    def get_object(self, asked: Asked) -> Answer:
        """GET /bucket/key."""
        found = self._call("s3:GetObject", asked, _object(asked))
        return _served(asked, found, found.body or b"")

    def head_object(self, asked: Asked) -> Answer:
        """HEAD /bucket/key."""
        return _served(asked, self._call("s3:HeadObject", asked, _object(asked)), b"")

    def delete_object(self, asked: Asked) -> Answer:
        """DELETE /bucket/key."""
        self._call("s3:DeleteObject", asked, _object(asked))
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
ACTIONS = {
    ("PUT", False): Action(S3.create_bucket),
    ("HEAD", False): Action(S3.head_bucket),
    ("DELETE", False): Action(S3.delete_bucket),
    ("GET", False): Action(S3.list_objects, _LISTING),
    ("PUT", True): Action(S3.put_object, uploads=True),
    ("GET", True): Action(S3.get_object),
    ("HEAD", True): Action(S3.head_object),
    ("DELETE", True): Action(S3.delete_object),
}
"""By method, and whether an object is named."""


def find_address(request: Request) -> Address:
    """The bucket and the key that a request is for. Raises InvalidURI."""
    path = request.raw_path.removeprefix("/")
    name = host_name(request.headers.get("host", ""))
    if name.endswith(f".{LOCAL_NAME}"):
        return Address(name.removesuffix(f".{LOCAL_NAME}"), _unquoted(path))
    bucket, _, key = path.partition("/")
    return Address(_unquoted(bucket), _unquoted(key))


def _find_action(request: Request, address: Address, query: dict[str, str]) -> Action:
    if not address.bucket:
        raise ObjectStoreError("NotImplemented", "Requests for the store itself (ListBuckets) are not implemented.")
    action = ACTIONS.get((request.method, bool(address.key)))
    check_query(query, action.query if action else frozenset())
    if action is None:
        raise ObjectStoreError("MethodNotAllowed", Method=request.method)
    return action


def _query(request: Request) -> dict[str, str]:
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise ObjectStoreError("InvalidURI") from error
    if any("\0" in value for _, value in pairs):
        raise ObjectStoreError("InvalidURI")
    return dict(pairs)


def _unquoted(text: str) -> str:
    try:
        name = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise ObjectStoreError("InvalidURI") from error
    if "\0" in name:
        raise ObjectStoreError("InvalidURI")
    return name


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text[:20]) > 2**31 - 1:
        raise ObjectStoreError(
            "InvalidArgument",
            "Argument maxKeys must be an integer between 0 and 2147483647",
            ArgumentName="maxKeys",
            ArgumentValue=text[:100],
        )
    return int(text)


def _object(asked: Asked) -> ObjectInput:
    wanted = asked.request.headers.get("range")
    return ObjectInput(bucket=asked.address.bucket, key=asked.address.key, conditions=asked.conditions, range=wanted)


def _served(asked: Asked, found: Any, body: bytes | BinaryIO) -> Answer:
    stored = found.object
    dated = {"ETag": f'"{stored.etag}"', "Last-Modified": formatdate(stored.last_modified // 1000, usegmt=True)}
    if not found.is_modified:
        return Answer(304, dated)
    attached = stored.headers.get("content-disposition", "")
    headers = {**stored.headers, **dated, **_SAFE}
    headers["content-disposition"] = attached if attached.lower().startswith("attachment") else "attachment"
    start, end = found.range or (0, stored.size)
    headers["Content-Length"] = str(end - start)
    if found.range:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size}"
    elif asked.request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED":
        headers |= _checksums(stored.checksums)
    return Answer(206 if found.range else 200, headers, body)


def _checksums(checksums: dict[str, str]) -> Headers:
    named = {f"x-amz-checksum-{name}": value for name, value in checksums.items()}
    return named | {"x-amz-checksum-type": "FULL_OBJECT"} if named else {}
