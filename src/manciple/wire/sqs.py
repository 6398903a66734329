"""Amazon SQS on this port, for provisioning engines: AWS JSON 1.0 and, for older clients, the query protocol.

Today's SDKs post JSON to the endpoint or to the queue's own address, with the address in `QueueUrl`; older ones post a
form to the queue's address. A receiver that waits holds no thread: it looks again and again until there is something.
Errors carry the codes of both protocols, as AWS's do ("AWS query compatible").
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any, NamedTuple

import msgspec

from manciple.api.model import Shape
from manciple.errors import (
    InvalidActionException,
    SerializationException,
    ServiceError,
    UnsupportedOperation,
    ValidationException,
)
from manciple.operations.own import queue_shapes
from manciple.wire import explain, sqs_query
from manciple.wire.calls import Calls
from manciple.wire.faults import CLOSE, REQUEST_ID
from manciple.wire.messages import Receive, Request, Response, Scope, Send, receive_request, respond
from manciple.wire.threads import in_thread

TARGET_PREFIX = "AmazonSQS."
CONTENT_TYPE = (b"content-type", b"application/x-amz-json-1.0")
LOOK_SECONDS = 0.2
"""Between two looks for a message."""

OPERATIONS: Mapping[str, type[Shape]] = {
    "ChangeMessageVisibility": queue_shapes.ChangeMessageVisibilityInput,
    "ChangeMessageVisibilityBatch": queue_shapes.BatchInput,
    "CreateQueue": queue_shapes.CreateQueueInput,
    "DeleteMessage": queue_shapes.DeleteMessageInput,
    "DeleteMessageBatch": queue_shapes.BatchInput,
    "GetQueueAttributes": queue_shapes.GetQueueAttributesInput,
    "GetQueueUrl": queue_shapes.GetQueueUrlInput,
    "ListQueues": queue_shapes.ListQueuesInput,
    "ReceiveMessage": queue_shapes.ReceiveMessageInput,
}
UNSUPPORTED = frozenset(
    {
        "AddPermission",
        "CancelMessageMoveTask",
        "DeleteQueue",
        "ListDeadLetterSourceQueues",
        "ListMessageMoveTasks",
        "ListQueueTags",
        "PurgeQueue",
        "RemovePermission",
        "SendMessage",
        "SendMessageBatch",
        "SetQueueAttributes",
        "StartMessageMoveTask",
        "TagQueue",
        "UntagQueue",
    }
)


class Asked(NamedTuple):
    """One call: the action, its members by their names in JSON, and what tells that the caller has gone."""

    request: Request
    action: str
    members: dict[str, Any]
    receive: Receive


class Queues:
    """Answers both protocols."""

    def __init__(self, calls: Calls, limit: int, pool: Executor) -> None:
        self._calls = calls
        self._limit = limit
        self._pool = pool

    async def json(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request in AWS JSON 1.0, refusals too."""
        request = await receive_request(scope, receive, self._limit)
        try:
            output = await self._answer(_read_json(request, receive))
            response = _json_response(200, msgspec.json.encode(output), request)
        except ServiceError as error:
            response = _json_refusal(error, request)
        await respond(send, response)

    async def form(self, request: Request, form: dict[str, str], receive: Receive) -> Response:
        """Answer a form, refusals too."""
        action = form.get("Action", "")
        try:
            members = sqs_query.read(form, request.path)
            output = await self._answer(Asked(request, action, members, receive))
        except ServiceError as error:
            return sqs_query.refusal(error, request)
        return sqs_query.response(action, output, form, request)

    async def _answer(self, asked: Asked) -> msgspec.Struct:
        caller = await in_thread(self._pool, self._calls.identify, asked.request, "sqs")
        if asked.action in UNSUPPORTED:
            raise UnsupportedOperation(
                f"{asked.action} is not available: these queues are there by themselves, "
                "and only this server sends messages to them."
            )
        kind = OPERATIONS.get(asked.action)
        if kind is None:
            raise InvalidActionException(f"{asked.action[:100]!r} is no operation of SQS.")
        given = _converted(asked, kind)
        if isinstance(given, queue_shapes.ReceiveMessageInput):
            return await self._receive(asked, caller, given)
        return await self._call(asked, f"sqs:{asked.action}", caller, given)

    async def _receive(self, asked: Asked, caller: Any, input: queue_shapes.ReceiveMessageInput) -> msgspec.Struct:
        """Messages as soon as there are some, nothing once the caller's time is up or the caller is gone."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (input.wait_time_seconds or 0)
        gone = asyncio.ensure_future(_until_gone(asked.receive))
        try:
            while True:
                peeked: Any = await self._call(asked, "sqs:PeekMessages", caller, input)
                if peeked.has_messages and not gone.done():
                    found: Any = await self._call(asked, "sqs:ReceiveMessage", caller, input)
                    if found.messages:
                        return queue_shapes.Messages(messages=found.messages)
                left = until - loop.time()
                if left <= 0 or gone.done():
                    return queue_shapes.Messages()
                await asyncio.wait([gone], timeout=min(left, LOOK_SECONDS))
        except asyncio.CancelledError:  # the server ends; whoever waits is told that nothing came
            return queue_shapes.Messages()
        finally:
            gone.cancel()

    async def _call(self, asked: Asked, operation: str, caller: Any, input: msgspec.Struct) -> msgspec.Struct:
        return await in_thread(self._pool, self._calls.call, operation, caller, input, asked.request.id)


def _read_json(request: Request, receive: Receive) -> Asked:
    action = request.headers.get("x-amz-target", "").removeprefix(TARGET_PREFIX)
    if request.method != "POST":
        raise InvalidActionException(f"{action[:100]} is sent by POST, not {request.method}.")
    try:
        members = msgspec.json.decode(request.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise SerializationException("The body is not JSON that can be read.") from None
    if not isinstance(members, dict):
        raise SerializationException("The body is not a JSON object.")
    if "QueueUrl" not in members and request.path != "/":
        members["QueueUrl"] = request.path
    return Asked(request, action, members, receive)


def _converted(asked: Asked, kind: type[Shape]) -> msgspec.Struct:
    """The input that the members make. Raises ValidationException, or what is missing in SQS's words."""
    given = {name: value for name, value in asked.members.items() if value is not None}
    missing = [one.encode_name for one in msgspec.structs.fields(kind) if one.required and one.encode_name not in given]
    if missing:
        raise ValidationException(f"The request must contain the parameter {missing[0]}.")
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError:
        raise explain.refusal(given, kind) from None


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _json_response(status: int, body: bytes, request: Request, *headers: tuple[bytes, bytes]) -> Response:
    return Response(status, ((REQUEST_ID, request.id.encode()), CONTENT_TYPE, *headers), body)


def _json_refusal(error: ServiceError, request: Request) -> Response:
    code, status = sqs_query.code_of(error)
    kind = "Receiver" if status >= 500 else "Sender"
    body = msgspec.json.encode({"__type": f"com.amazonaws.sqs#{error.code}", "message": error.message})
    compatible = (b"x-amzn-query-error", f"{code};{kind}".encode())
    return _json_response(error.status, body, request, compatible, CLOSE)
