"""The query protocol: a form with `Action` and `Version` is posted, XML is answered. The version says which service."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from urllib.parse import parse_qsl

from manciple.errors import SerializationException, UnknownOperationException
from manciple.wire import sqs_query, sts
from manciple.wire.calls import Calls
from manciple.wire.messages import App, Receive, Request, Response, Scope, Send, receive_request, respond
from manciple.wire.sqs import Queues
from manciple.wire.threads import in_thread

SERVICES: Mapping[str, Callable[[Calls, Request, dict[str, str]], Response]] = {sts.VERSION: sts.answer}
"""Services that answer at once; SQS may let a caller wait."""


def query(calls: Calls, queues: Queues, limit: int, pool: Executor) -> App:
    """The application that answers forms."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = await receive_request(scope, receive, limit)
        form = _read(request)
        version = form.get("Version", "")
        if version == sqs_query.VERSION:
            await respond(send, await queues.form(request, form, receive))
            return
        service = SERVICES.get(version)
        if service is None:
            raise UnknownOperationException(
                f"No service here has version {version[:20]!r} and action {form.get('Action', '')[:100]!r}."
            )
        await respond(send, await in_thread(pool, service, calls, request, form))

    return app


def _read(request: Request) -> dict[str, str]:
    try:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError as error:
        raise SerializationException("The body is not a form that can be read.") from error
    return dict(pairs)
