"""rpc-v2-cbor, which AWS's model lists first: `POST /service/<service>/operation/<operation>` and CBOR.

Smithy's types need one tag, 1 (a time in epoch seconds); every other is refused before cbor2 builds anything
of it, so that a body cannot hold big decimals, patterns or circles. A body of no bytes is an empty input.
"""

from datetime import datetime
from io import BytesIO
from typing import Any, NoReturn

import cbor2
import msgspec

from manciple.api.model import Operation, Shape
from manciple.api.shapes import OPERATIONS, SERVICE
from manciple.api.timestamps import Timestamp
from manciple.errors import SerializationException, ServiceError, UnknownOperationException
from manciple.wire import explain
from manciple.wire.dispatch import Dispatch
from manciple.wire.faults import REQUEST_ID
from manciple.wire.messages import Request, Response

PATH_PREFIX = f"/service/{SERVICE}/operation/"
PROTOCOL = "rpc-v2-cbor"
HEADERS = ((b"smithy-protocol", PROTOCOL.encode()), (b"content-type", b"application/cbor"))

DEEPEST = 32  # containers in containers; the model's own inputs nest 5
_TAGS_OF_CBOR2 = (0, *range(2, 6), 25, *range(28, 31), *range(35, 38), 52, 54, 100)
_MORE_TAGS_OF_CBOR2 = (256, 258, 260, 261, 1004, 43000, 55799)


def _refuse_tag(*_: object) -> NoReturn:
    raise cbor2.CBORDecodeError("a tag that is no time")


_REFUSALS = dict.fromkeys((*_TAGS_OF_CBOR2, *_MORE_TAGS_OF_CBOR2), _refuse_tag)


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
    headers = ((REQUEST_ID, request.id.encode()), *HEADERS)
    return Response(200, headers, encode(output))


def find_operation(request: Request) -> Operation:
    """Return the operation that a request names. Raises UnknownOperationException."""
    if request.headers.get("smithy-protocol") != PROTOCOL:
        raise UnknownOperationException(f"{request.path} wants the header smithy-protocol: {PROTOCOL}.")
    operation = OPERATIONS.get(request.path.removeprefix(PATH_PREFIX))
    if operation is None:
        raise UnknownOperationException(f"{request.path} names no operation of the Service Catalog API.")
    if request.method != "POST":
        raise UnknownOperationException(f"{operation.name} is sent by POST, not {request.method}.")
    return operation


def decode(operation: Operation, body: bytes) -> Shape:
    """Return the input that `body` holds, checked against the model.

    Raises SerializationException (not CBOR, a value of the wrong type) or ValidationException (all else).
    """
    raw = _load(operation, body) if body else {}
    try:
        received = msgspec.convert(raw, operation.input, dec_hook=_decode_timestamp)
    except (msgspec.ValidationError, RecursionError):
        # Not chained: msgspec's text quotes the value, which may be a secret.
        raise explain.refusal(raw, operation.input) from None
    if b"\0" in body:
        explain.refuse_null_characters(raw)
    return received


def encode(output: msgspec.Struct) -> bytes:
    """Return the CBOR of an output: nulls left out, times as tag 1."""
    plain = msgspec.to_builtins(output, builtin_types=(datetime,), enc_hook=_encode_timestamp)
    return cbor2.dumps(plain, datetime_as_timestamp=True)


def _load(operation: Operation, body: bytes) -> object:
    stream = BytesIO(body)
    try:
        raw = _decoder(stream).decode()
    except (cbor2.CBORDecodeError, RecursionError):
        raise SerializationException(f"The body of {operation.name} is not CBOR that can be read.") from None
    if stream.tell() != len(body):
        raise SerializationException(f"The body of {operation.name} goes on after its end.")
    return raw


def _decoder(stream: BytesIO) -> cbor2.CBORDecoder:
    return cbor2.CBORDecoder(
        stream,
        tag_hook=_refuse_tag,
        semantic_decoders=_REFUSALS,
        max_depth=DEEPEST,
        strict_hashable_types=True,
    )


def _decode_timestamp(kind: type[Timestamp], value: Any) -> Timestamp:
    return kind.of_seconds(value.timestamp())


def _encode_timestamp(value: Any) -> datetime:
    moment: datetime = value.as_datetime()
    return moment
