"""AWS JSON 1.1, which today's SDKs and the aws CLI speak to Service Catalog.

`POST`, the operation in `X-Amz-Target`, JSON in and out. Nulls count as absent both ways, members that the
model does not know are ignored, empty lists are sent. A body of no bytes counts as `{}`: some SDKs send none
for an operation without input; where a member is required it is then named as missing.
"""

from functools import cache
from typing import Any

import msgspec

from manciple.api.model import Operation, Shape
from manciple.api.shapes import OPERATIONS, SERVICE
from manciple.api.timestamps import Timestamp
from manciple.errors import SerializationException, ServiceError, UnknownOperationException
from manciple.wire import explain
from manciple.wire.dispatch import Dispatch
from manciple.wire.faults import REQUEST_ID
from manciple.wire.messages import Request, Response

TARGET_PREFIX = f"{SERVICE}."
CONTENT_TYPE = (b"content-type", b"application/x-amz-json-1.1")

_NULL_CHARACTER = rb"\u0000"


def answer(dispatch: Dispatch, request: Request) -> Response:
    """Answer one request: who calls is asked before the input is read. Raises the error that refuses it."""
    operation = find_operation(request)
    caller = dispatch.identify(request)
    try:
        received = decode(operation, request.body)
    except ServiceError as error:
        dispatch.refused(operation.name, caller, request.id, error)
        raise
    output = dispatch.call(operation.name, caller, received, request.id)
    headers = ((REQUEST_ID, request.id.encode()), CONTENT_TYPE)
    return Response(200, headers, encode(output))


def find_operation(request: Request) -> Operation:
    """Return the operation that a request names. Raises UnknownOperationException."""
    target = request.headers.get("x-amz-target", "")
    operation = OPERATIONS.get(target.removeprefix(TARGET_PREFIX))
    if operation is None:
        raise UnknownOperationException(f"X-Amz-Target {target!r} names no operation of Service Catalog.")
    if request.method != "POST":
        raise UnknownOperationException(f"{operation.name} is sent by POST, not {request.method}.")
    return operation


def decode(operation: Operation, body: bytes) -> Shape:
    """Return the input that `body` holds, checked against the model.

    Raises SerializationException (not JSON, a value of the wrong type) or ValidationException (all else).
    """
    body = body or b"{}"
    try:
        received = _decoder(operation.input).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Not chained: msgspec's text quotes the value, which may be a secret.
        raise _refusal(operation, body) from None
    if _NULL_CHARACTER in body:
        explain.refuse_null_characters(msgspec.json.decode(body))
    return received


def encode(output: msgspec.Struct) -> bytes:
    """Return the JSON of an output: compact, keys in order, nulls left out, times in Java's double form."""
    return _encoder.encode(output)


def _refusal(operation: Operation, body: bytes) -> ServiceError:
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return SerializationException(f"The body of {operation.name} is not JSON that can be read.")
    return explain.refusal(raw, operation.input)


@cache
def _decoder(kind: type[Shape]) -> msgspec.json.Decoder[Shape]:
    return msgspec.json.Decoder(kind, dec_hook=_decode_timestamp)


def _decode_timestamp(kind: type[Timestamp], value: Any) -> Timestamp:
    return kind.of_seconds(value)


def _encode_timestamp(value: Any) -> msgspec.Raw:
    return msgspec.Raw(value.as_java_double().encode())


_encoder = msgspec.json.Encoder(enc_hook=_encode_timestamp, order="deterministic")
