"""`/_manciple/terraform/state/<id>`: Terraform's `http` backend (terraform reference, 2.7).

The credential is a run's token, sent as the password of Basic authentication. Who has none is refused before the body
is read.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from urllib.parse import parse_qs

from manciple.errors import AccessDeniedException, UnknownOperationException
from manciple.operations.call import Runtime
from manciple.operations.own import terraform_states as states
from manciple.operations.own.terraform_states import Answer, Asked
from manciple.wire.faults import REQUEST_ID
from manciple.wire.messages import Receive, Request, Response, Scope, Send, receive_request, respond
from manciple.wire.threads import in_thread

PATH = "/_manciple/terraform/state/{id}"

_METHODS: Mapping[str, Callable[[Runtime, Asked], Answer]] = {
    "GET": states.read_state,
    "POST": states.write_state,
    "LOCK": states.lock_state,
    "UNLOCK": states.unlock_state,
    "DELETE": states.delete_state,
}


class TerraformStates:
    """The ASGI application; Starlette's router has put the state's id into the path parameters."""

    def __init__(self, runtime: Runtime, pool: Executor) -> None:
        self._runtime = runtime
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request: Request = scope["state"]["request"]
        answer_to = _METHODS.get(request.method)
        if answer_to is None:
            raise UnknownOperationException(f"A state is asked by {', '.join(_METHODS)}, not by {request.method[:20]}.")
        token = _password(request)
        await receive_request(scope, receive, self._runtime.settings.targets.terraform.state_bytes)
        asked = Asked(
            state_id=scope["path_params"]["id"],
            token=token,
            body=request.body,
            lock_id=next(iter(parse_qs(request.query).get("ID", [])), None),
            md5=request.headers.get("content-md5"),
        )
        answer = await in_thread(self._pool, answer_to, self._runtime, asked)
        headers = ((REQUEST_ID, request.id.encode()), (b"Content-Type", b"application/json"))
        await respond(send, Response(answer.status, headers, answer.body))


def _password(request: Request) -> str:
    """The password of Basic authentication (RFC 7617); any name goes with it."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        name, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        name = colon = password = ""
    if scheme.lower() != "basic" or not (name and colon and password):
        raise AccessDeniedException("A state is opened by the token of a run, as the password of Basic authentication.")
    return password
