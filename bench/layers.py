"""Where a request's microseconds go: each layer of the server called alone, in this process, over the same database.

The layers are what `wire/application.py` strings together. A layer alone runs in warm caches, so that their sum is less
than the whole; `threads_and_rest` is what the whole application costs beyond them (the way into a thread and back,
ASGI, cold caches), `http` what the server process costs beyond the application (HTTP, sockets).
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import structlog
import uvloop

from bench.servers import Manciple
from manciple import logs
from manciple.app import make_driver, make_runtime, open_store
from manciple.operations.call import Operations, Runtime
from manciple.operations.identity import Identity
from manciple.settings import load
from manciple.store.rows import PORTFOLIOS, RECORDS, Rows
from manciple.wire import aws_json
from manciple.wire.access_log import log_access
from manciple.wire.application import Application
from manciple.wire.calls import Calls
from manciple.wire.guard import Guard
from manciple.wire.health import Metrics
from manciple.wire.messages import Message, Scope, open_request
from manciple.wire.router import find_route

ROWS: dict[str, Rows[Any]] = {"DescribePortfolio": PORTFOLIOS, "DescribeRecord": RECORDS}
BATCHES = 20
AT_ONCE = 8


class Measured(NamedTuple):
    """A request, and the microseconds that the server process was seen to spend on it (None: not known)."""

    operation: str
    headers: dict[str, str]
    body: bytes
    total: float | None


def measure(server: Manciple, requests: Sequence[Measured], calls: int) -> Iterator[dict[str, Any]]:
    """The microseconds of each layer, for each of the requests."""
    settings = load({"data": server.data, "auth": "sigv4"}, {}).settings
    with Path(os.devnull).open("w") as nowhere, open_store(settings) as store:
        logs.configure("json", "info", nowhere)
        runtime = make_runtime(settings, store, make_driver(settings, store, server.process.url), server.process.url)
        for request in requests:
            spent = _measure_one(runtime, request, calls)
            microseconds = {layer: round(figure, 1) for layer, figure in spent.items()}
            yield {"layers_of": request.operation, "microseconds": microseconds}


def _measure_one(runtime: Runtime, request: Measured, calls: int) -> dict[str, float]:
    scope = _scope(request.headers)
    layers = _layers(runtime, request.operation, scope, request.body)
    spent = {name: _microseconds(run, calls) for name, run in layers.items()}
    spent["operation"] -= spent["store"]
    whole = _measure_application(runtime, scope, request.body, calls)
    spent["threads_and_rest"] = whole - sum(spent.values())
    if request.total is not None:
        spent["http"] = request.total - whole
    return spent


def _scope(headers: dict[str, str]) -> Scope:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "headers": pairs}


def _layers(runtime: Runtime, operation: str, scope: Scope, body: bytes) -> dict[str, Callable[[], object]]:
    calls = Calls(runtime, Operations(runtime), Identity(runtime))
    guard, metrics = Guard(runtime.public_url), Metrics(runtime)
    request = open_request(dict(scope))
    request.body = body
    caller = calls.identify(request)
    found = aws_json.find_operation(request)
    received: Any = aws_json.decode(found, body)
    output = calls.call(operation, caller, received, request.id)

    def route() -> None:
        opened = open_request(dict(scope))
        find_route(opened)
        guard.check(opened)

    def read() -> None:
        with runtime.database.read() as tx:
            ROWS[operation].get(tx, caller.account, caller.region, received.id)

    def log() -> None:
        with structlog.contextvars.bound_contextvars(request_id=request.id):
            log_access(request, "aws_json", 200, 0.001)
        metrics.observe(request, "aws_json", 200, 0.001)

    return {
        "router": route,
        "signature": lambda: calls.identify(request),
        "decode": lambda: aws_json.decode(aws_json.find_operation(request), body),
        "operation": lambda: calls.call(operation, caller, received, request.id),
        "store": read,
        "encode": lambda: aws_json.encode(output),
        "log_and_metrics": log,
    }


def _microseconds(run: Callable[[], object], calls: int) -> float:
    size = max(1, calls // BATCHES)
    return median(_time_batch(run, size) for _ in range(BATCHES)) / size


def _time_batch(run: Callable[[], object], size: int) -> float:
    begun = time.process_time_ns()
    for _ in range(size):
        run()
    return (time.process_time_ns() - begun) / 1000


def _measure_application(runtime: Runtime, scope: Scope, body: bytes, calls: int) -> float:
    application = Application(runtime, Operations(runtime), Identity(runtime))
    size = max(1, calls // BATCHES // AT_ONCE)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 200) == 200, message

    async def client() -> None:
        for _ in range(size):
            await application(dict(scope), receive, send)

    async def batch() -> float:
        begun = time.process_time_ns()
        await asyncio.gather(*(client() for _ in range(AT_ONCE)))
        return (time.process_time_ns() - begun) / 1000

    async def batches() -> list[float]:
        return [await batch() for _ in range(BATCHES)]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return median(runner.run(batches())) / size / AT_ONCE
