"""`PUT /_manciple/callback/<token>`: answers from outside (contracts, section 5).

The token is the credential, so it stands in no log: the request's path is masked before anything can fail.
"""

from concurrent.futures import Executor
from re import compile as pattern

import msgspec

from manciple.errors import ResourceNotFoundException, UnknownOperationException
from manciple.operations.call import Runtime
from manciple.operations.own.callbacks import accept
from manciple.wire.faults import REQUEST_ID
from manciple.wire.messages import Receive, Request, Response, Scope, Send, receive_request, respond
from manciple.wire.threads import in_thread

MASKED = "/_manciple/callback/****"

_TOKEN = pattern(r"[A-Za-z0-9_-]{22,64}")


class Callbacks:
    """The ASGI application; Starlette's router has put the token into the path parameters."""

    def __init__(self, runtime: Runtime, pool: Executor) -> None:
        self._runtime = runtime
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        token: str = scope["path_params"]["token"]
        request: Request = scope["state"]["request"]
        request.path = request.raw_path = MASKED
        if request.method != "PUT":
            raise UnknownOperationException("A callback is sent by PUT.")
        await receive_request(scope, receive, self._runtime.settings.limits.callback_bytes)
        if not _TOKEN.fullmatch(token):
            raise ResourceNotFoundException("No operation waits for this callback.")
        received = await in_thread(self._pool, accept, self._runtime, token, request.body)
        headers = ((REQUEST_ID, request.id.encode()), (b"Content-Type", b"application/json"))
        await respond(send, Response(200, headers, msgspec.json.encode(received)))
