"""An HTTP endpoint that takes requests of custom resources, and callbacks without a server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from manciple.engine.drivers.in_process import InProcessDriver
from manciple.operations.own.callbacks import accept
from tests.engine.worlds import World


class Runtime:
    """What taking in a callback needs of a server."""

    def __init__(self, world: World) -> None:
        self.database, self.objects = world.database, world.objects
        self.driver = InProcessDriver(world.engine)

    def now(self) -> int:
        with self.database.read() as tx:
            return tx.now()


def call_back(world: World, token: str, **document: Any) -> str:
    """Send a callback; what became of it."""
    runtime: Any = Runtime(world)
    return accept(runtime, token, json.dumps(document).encode()).status


class Endpoint:
    """The requests that came. The first `failures` are answered 503, the others by a status and a place to go on to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        self.status = 200
        self.failures = 0
        self.location: str | None = None

    @property
    def last(self) -> dict[str, Any]:
        """The newest request."""
        return self.requests[-1]

    def answer(self, world: World, request: dict[str, Any] | None = None, **response: Any) -> str:
        """Answer a request, the newest unless one is named, at its ResponseURL."""
        asked = request or self.last
        token = asked["ResponseURL"].rpartition("/")[2]
        identity = {name: asked[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        return call_back(world, token, **({"Status": "SUCCESS", "PhysicalResourceId": "thing-1"} | identity | response))


@contextmanager
def open_endpoint() -> Iterator[Endpoint]:
    """An endpoint on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            endpoint.requests.append(json.loads(self.rfile.read(size)))
            endpoint.headers.append(self.headers)
            self.send_response(503 if endpoint.failures else endpoint.status)
            endpoint.failures = max(endpoint.failures - 1, 0)
            if endpoint.location is not None:
                self.send_header("Location", endpoint.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}/resource")
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
