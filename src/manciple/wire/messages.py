"""Requests and responses as values, and how they cross ASGI."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from contextvars import copy_context
from typing import Any, TypeAlias
from uuid import uuid4

import msgspec

from manciple.errors import RequestTooLargeException

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# So much of a body over the limit is read and thrown away, so that its sender comes to reading the refusal.
DISCARDED = 64 * 1024**2


class Disconnected(Exception):
    """The caller went away before its whole request had come; there is nobody to answer."""


class Request(msgspec.Struct, gc=False):
    """One HTTP request.

    `path` is decoded, `raw_path` and `query` are as sent. Header names are lower case; a header that came
    more than once is joined by commas. `body` is empty until `receive_request` has read it. `id` is ours, for
    the answer's header and for the log. `account` is noted for the log once it is known who calls;
    `source_address` is the other end of the connection.
    """

    method: str
    path: str
    raw_path: str
    query: str
    headers: dict[str, str]
    id: str
    body: bytes = b""
    account: str | None = None
    source_address: str = ""


class Response(msgspec.Struct, frozen=True, gc=False):
    """One HTTP response: status, headers in the order in which they are sent, body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def open_request(scope: Scope) -> Request:
    """Read the head of a request, give it an id, and leave it in the scope's state for what lies behind."""
    path = scope["path"]
    request = Request(
        method=scope["method"],
        path=path,
        raw_path=(scope.get("raw_path") or path.encode()).decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=_headers(scope["headers"]),
        id=str(uuid4()),
        source_address=(scope.get("client") or ("",))[0],
    )
    state = scope.setdefault("state", {})
    state["request"] = request
    state["request_id"] = request.id
    return request


async def receive_request(scope: Scope, receive: Receive, limit: int) -> Request:
    """Return the request of `scope` with its body, at most `limit` bytes.

    Raises RequestTooLargeException and Disconnected.
    """
    request: Request = scope["state"]["request"]
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:20]) > limit + DISCARDED:
        raise _too_large(limit)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body") or message["type"] == "http.disconnect" or len(body) > limit:
        body = await _receive_rest(message, receive, limit)
    request.body = body
    return request


async def respond(send: Send, response: Response) -> None:
    """Send a whole response."""
    length = (b"content-length", str(len(response.body)).encode())
    headers = [*response.headers, length]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def in_threads(answer: Callable[[Request], Response], limit: int, pool: Executor) -> App:
    """Return the application that answers by a plain function, run in a thread of `pool`.

    `limit` is the largest body in bytes. The thread sees the caller's context variables (the log's).
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = await receive_request(scope, receive, limit)
        loop = asyncio.get_running_loop()
        await respond(send, await loop.run_in_executor(pool, copy_context().run, answer, request))

    return app


async def _receive_rest(message: Message, receive: Receive, limit: int) -> bytes:
    parts, size = [], 0
    while message["type"] != "http.disconnect":
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        if size > limit + DISCARDED or (size > limit and not message.get("more_body")):
            raise _too_large(limit)
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
    raise Disconnected


def _too_large(limit: int) -> RequestTooLargeException:
    return RequestTooLargeException(f"The request's body is larger than {limit} bytes; send a smaller one.")


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), _text(raw_value)
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _text(value: bytes) -> str:
    """Read a header's value: UTF-8 where it is, else Latin-1, which every byte string is."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
