"""One port, one routing table: which protocol a request speaks, from its head alone.

The table is read from the top, the first match answers (contracts, section 1). Everything behind it is an
ASGI application; whatever one raises becomes an answer here, in the caller's own protocol.
"""

import re
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import NamedTuple, TypeAlias

import structlog

from manciple.errors import InternalFailure, ServiceError, UnknownOperationException
from manciple.wire import aws_json, faults
from manciple.wire.guard import LOCAL_NAME, Guard, host_name
from manciple.wire.messages import (
    App,
    Disconnected,
    Message,
    Receive,
    Request,
    Scope,
    Send,
    open_request,
    respond,
)

Observer: TypeAlias = Callable[[Request, str, int, float], None]


class Route(NamedTuple):
    """One row of the table: the application's name, what it answers, and how its protocol spells an error."""

    app: str
    matches: Callable[[Request], bool]
    fault: faults.Fault


def under(prefix: str) -> Callable[[Request], bool]:
    """Match a path and all below it."""
    return lambda request: request.path == prefix or request.path.startswith(f"{prefix}/")


def at(*paths: str) -> Callable[[Request], bool]:
    """Match exactly these paths."""
    return lambda request: request.path in paths


def target(prefix: str) -> Callable[[Request], bool]:
    """Match an X-Amz-Target that starts so."""
    return lambda request: request.headers.get("x-amz-target", "").startswith(prefix)


def speaks_json_1_0(request: Request) -> bool:
    """Match a target in AWS JSON 1.0 that no row above knows."""
    return has_target(request) and "x-amz-json-1.0" in request.headers.get("content-type", "")


def has_target(request: Request) -> bool:
    """Match any X-Amz-Target."""
    return "x-amz-target" in request.headers


def is_query(request: Request) -> bool:
    """Match a form posted to `/` or to a queue (`/<account>/<name>`): the query protocol of STS and SQS."""
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return form and request.method == "POST" and _QUERY_PATH.match(request.path) is not None


def is_bucket_named_like_a_route(request: Request) -> bool:
    """Match an S3 client that takes a route of ours for a bucket, so that it is refused in its own protocol."""
    bucket = request.path.removeprefix("/").partition("/")[0]
    return bucket in _ROUTE_NAMES and is_signed_for_s3(request)


def is_signed_for_s3(request: Request) -> bool:
    """Match a credential scope, in header or query, that names s3."""
    signed = "/s3/aws4_request" in request.headers.get("authorization", "")
    return signed or _PRESIGNED_FOR_S3.search(request.query) is not None


def is_s3(request: Request) -> bool:
    """Match what is signed for s3, in header or query, and every method on `/bucket…` or a bucket's host."""
    return (
        request.path != "/"
        or is_signed_for_s3(request)
        or host_name(request.headers.get("host", "")).endswith(f".{LOCAL_NAME}")
    )


def is_browser(request: Request) -> bool:
    """Match a browser that asks for the first page."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")


def is_anything(request: Request) -> bool:
    """Match what is left."""
    return True


_ROUTE_NAMES = {"health", "livez", "readyz", "metrics", "service"}
_QUERY_PATH = re.compile(r"/(\d{12}/.+)?\Z")
_PRESIGNED_FOR_S3 = re.compile(r"X-Amz-Credential=[^&]*(/|%2F)s3(/|%2F)", re.IGNORECASE)

JSON_1_0, JSON_1_1 = faults.aws_json("1.0"), faults.aws_json("1.1")

ROUTES = (
    Route("s3", is_bucket_named_like_a_route, faults.s3),
    Route("own_json", under("/_manciple"), faults.own_json),
    Route("health", at("/health", "/livez", "/readyz"), faults.own_json),
    Route("metrics", at("/metrics"), faults.own_json),
    Route("rpc_cbor", under("/service"), faults.rpc_cbor),
    Route("aws_json", target(aws_json.TARGET_PREFIX), JSON_1_1),
    Route("cloud_control", target("CloudApiService."), JSON_1_0),
    Route("sqs_json", target("AmazonSQS."), JSON_1_0),
    Route("no_target", speaks_json_1_0, JSON_1_0),
    Route("no_target", has_target, JSON_1_1),
    Route("query", is_query, faults.query),
    Route("s3", is_s3, faults.s3),
    Route("console", is_browser, faults.own_json),
    Route("nothing", is_anything, faults.own_json),
)


def find_route(request: Request) -> Route:
    """Return the first row of the table that matches."""
    return next(route for route in ROUTES if route.matches(request))


class Router:
    """The outermost application: guards, routes, and turns whatever is raised behind it into an answer.

    `apps` holds the applications by the names in the table; a name that is not there answers
    UnknownOperationException in its protocol. Each observer is told of each answer: request, name of the
    route, status, seconds taken.
    """

    def __init__(self, apps: Mapping[str, App], guard: Guard, *observers: Observer) -> None:
        self._apps = apps
        self._guard = guard
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; a WebSocket is refused."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        started = perf_counter()
        request = open_request(scope)
        route = find_route(request)
        sending = _Sending(send)
        with structlog.contextvars.bound_contextvars(request_id=request.id):
            try:
                await self._answer(route, request, scope, receive, sending)
            except Disconnected:
                return
            seconds = perf_counter() - started
            for observe in self._observers:
                observe(request, route.app, sending.status, seconds)

    async def _answer(self, route: Route, request: Request, scope: Scope, receive: Receive, send: "_Sending") -> None:
        try:
            self._guard.check(request)
            await self._find_app(route, request)(scope, receive, send)
        except ServiceError as error:
            await self._refuse(route, request, error, send)
        except Disconnected:
            raise
        except Exception:  # noqa: BLE001 logged, and answered without detail
            # Not the path: a callback's is its credential.
            structlog.get_logger().exception("request failed", route=route.app, method=request.method)
            await self._refuse(route, request, InternalFailure(f"The server failed on request {request.id}."), send)

    @staticmethod
    async def _refuse(route: Route, request: Request, error: ServiceError, send: "_Sending") -> None:
        if send.status:  # half an answer is out; only the server can end it now
            raise error
        await respond(send, route.fault(error, request.id))

    def _find_app(self, route: Route, request: Request) -> App:
        app = self._apps.get(route.app)
        if app is None:
            named = request.headers.get("x-amz-target") or f"{request.method} {request.path}"
            raise UnknownOperationException(f"This server does not answer {named[:200]!r}.")
        return app


class _Sending:
    """An ASGI `send` that remembers the status of the answer, 0 until it begins."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)
