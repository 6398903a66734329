"""Sends requests to the router in memory, raw or by a real botocore client."""

import asyncio
import gzip
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import botocore
import botocore.session
import msgspec
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from manciple.errors import ServiceError
from manciple.wire import aws_json, rpc_cbor
from manciple.wire.guard import Guard
from manciple.wire.messages import App, Message, Request, Scope, in_threads
from manciple.wire.router import Router

PUBLIC_URL = "http://127.0.0.1:4566"
LIMIT = 10_000
POOL = ThreadPoolExecutor(1)

Answer = Callable[[str, msgspec.Struct], Any]


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Scripted:
    """A layer below that answers by a function of (operation, input); it keeps what was asked, and by which route."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[tuple[str, msgspec.Struct]] = []
        self.routes: list[tuple[str, int]] = []

    def identify(self, request: Request) -> str:
        return request.headers.get("authorization", "nobody")

    def call(self, operation: str, caller: str, input: msgspec.Struct, request_id: str) -> msgspec.Struct:
        self.seen.append((operation, input))
        output: msgspec.Struct = self.answer(operation, input)
        return output

    def refused(self, operation: str, caller: str, request_id: str, error: ServiceError) -> None:
        """What could not be read is none of these tests' business."""


def make_router(below: Scripted, **more: App) -> Router:
    apps = {
        "aws_json": in_threads(partial(aws_json.answer, below), LIMIT, POOL),
        "rpc_cbor": in_threads(partial(rpc_cbor.answer, below), LIMIT, POOL),
    }

    def observe(request: Request, route: str, status: int, seconds: float) -> None:
        below.routes.append((route, status))

    return Router({**apps, **more}, Guard(PUBLIC_URL), observe)


def scope_of(method: str, target: str, headers: dict[str, str]) -> Scope:
    path, _, query = target.partition("?")
    sent = {"host": "127.0.0.1:4566", **{name.lower(): value for name, value in headers.items()}}
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }


def send(
    app: App,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    method: str = "POST",
    target: str = "/",
    chunks: int = 1,
) -> Reply:
    """Send one request, its body in so many chunks, and return what came back."""
    return asyncio.run(_send(app, scope_of(method, target, headers or {}), _split(body, chunks)))


async def _send(app: App, scope: Scope, parts: list[bytes]) -> Reply:
    waiting = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, start=1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def collect(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, collect)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Reply(sent[0]["status"], headers, b"".join(message["body"] for message in sent[1:]))


def _split(body: bytes, chunks: int) -> list[bytes]:
    size = -(-len(body) // chunks) or 1
    return [body[start : start + size] for start in range(0, len(body), size)] or [b""]


def client(router: Router, data_path: Path | None = None) -> Any:
    """Return a real Service Catalog client whose requests go to `router`."""
    core = botocore.session.Session()
    if data_path is not None:
        core.get_component("data_loader").search_paths.insert(0, str(data_path))
    made = boto3.Session("AKIDEXAMPLE", "secret", region_name="eu-west-1", botocore_session=core).client(
        "servicecatalog", endpoint_url=PUBLIC_URL, config=Config(retries={"total_max_attempts": 1})
    )

    def deliver(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        url = urlsplit(request.url)
        headers = {name: _text(value) for name, value in request.headers.items()}
        reply = send(router, _bytes(request.body), headers, request.method, url.path)
        return AWSResponse(request.url, reply.status, _headers(reply.headers), _Raw(reply.body))

    made.meta.events.register("before-send.service-catalog", deliver)
    return made


def write_cbor_only_model(folder: Path) -> Path:
    """Copy botocore's service model, its protocol rpc-v2-cbor alone, and return the data path for a client."""
    name = Path("servicecatalog/2015-12-10")
    source = Path(botocore.__file__).parent / "data" / name
    copy = folder / name
    copy.mkdir(parents=True)
    for path in source.glob("*.json*"):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        document = json.loads(text)
        if path.name.startswith("service-2"):
            document["metadata"] |= {"protocol": "smithy-rpc-v2-cbor", "protocols": ["smithy-rpc-v2-cbor"]}
        (copy / path.name.removesuffix(".gz")).write_text(json.dumps(document))
    return folder


class _Raw(BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def _headers(named: dict[str, str]) -> HTTPHeaders:
    headers = HTTPHeaders()
    for name, value in named.items():
        headers[name] = value
    return headers


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
