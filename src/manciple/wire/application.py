"""The whole server as one ASGI application: the router, and behind it one application a protocol."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from manciple.operations.call import Operations, Runtime
from manciple.operations.identity import Identity
from manciple.wire import aws_json, cloud_control, rpc_cbor
from manciple.wire.access_log import log_access
from manciple.wire.callbacks import Callbacks
from manciple.wire.calls import Calls
from manciple.wire.guard import Guard
from manciple.wire.health import Health, Metrics
from manciple.wire.messages import App, Receive, Scope, Send, in_threads
from manciple.wire.own_json import own_json
from manciple.wire.query import query
from manciple.wire.router import Router
from manciple.wire.s3 import S3
from manciple.wire.sqs import Queues
from manciple.wire.terraform_states import TerraformStates

THREADS = 32


class Application:
    """Answers every request of the one port. `on_started` is called once the first request may come."""

    def __init__(
        self,
        runtime: Runtime,
        operations: Operations,
        identity: Identity,
        on_started: Callable[[], None] | None = None,
    ) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "operation")
        self._on_started = on_started
        settings = runtime.settings
        calls = Calls(runtime, operations, identity)
        limit = settings.limits.request_bytes
        metrics = Metrics(runtime)
        queues = Queues(calls, limit, self._pool)
        health = Health(runtime, metrics, self._pool)
        apps: dict[str, App] = {
            "aws_json": in_threads(partial(aws_json.answer, calls), limit, self._pool),
            "cloud_control": in_threads(partial(cloud_control.answer, calls), limit, self._pool),
            "rpc_cbor": in_threads(partial(rpc_cbor.answer, calls), limit, self._pool),
            "query": query(calls, queues, limit, self._pool),
            "sqs_json": queues.json,
            "own_json": own_json(
                calls, Callbacks(runtime, self._pool), TerraformStates(runtime, self._pool), limit, self._pool
            ),
            "health": health,
            "metrics": health,
            "s3": S3(calls, settings.limits.object_bytes, self._pool),
        }
        guard = Guard(runtime.public_url, settings.allowed_hosts)
        self._router = Router(apps, guard, metrics.observe, log_access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's own life (ASGI's lifespan)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._router(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        if self._on_started is not None:
            self._on_started()
        await receive()
        self._pool.shutdown(wait=True)
        await send({"type": "lifespan.shutdown.complete"})
