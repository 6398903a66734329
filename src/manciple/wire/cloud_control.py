"""The read half of AWS's Cloud Control API, in AWS JSON 1.0: what exists in the sandbox.

`X-Amz-Target: CloudApiService.GetResource` or `.ListResources`, signed as service `cloudcontrolapi`. Every answer
carries `x-manciple-simulated`: `true` if nothing that it tells of exists anywhere else, `false` if it is real. What AWS
would change on request is refused by UnsupportedActionException.
"""

import msgspec

from manciple.api.model import Operation, Shape
from manciple.errors import UnknownOperationException
from manciple.operations.own.resources import (
    GetResourceInput,
    GetResourceOutput,
    ListResourcesInput,
    ListResourcesOutput,
    RealResourceOutput,
    RealResourcesOutput,
    UnsupportedInput,
)
from manciple.wire import aws_json
from manciple.wire.calls import Calls
from manciple.wire.faults import REQUEST_ID
from manciple.wire.messages import Request, Response

TARGET_PREFIX = "CloudApiService."
SIGNING_NAME = "cloudcontrolapi"
SIMULATED = (b"x-manciple-simulated", b"true")
REAL = (b"x-manciple-simulated", b"false")
CONTENT_TYPE = (b"content-type", b"application/x-amz-json-1.0")
ERRORS = ("InvalidRequestException", "ResourceNotFoundException", "TypeNotFoundException", "UnsupportedActionException")


class _Ignored(Shape, frozen=True, kw_only=True):
    """What an operation takes that is refused: of it the type alone counts."""

    type_name: str = msgspec.field(default="", name="TypeName")


def _operation(name: str, input: type[Shape], output: type[Shape]) -> Operation:
    return Operation(name=name, input=input, output=output, errors=ERRORS)


OPERATIONS = {
    "GetResource": _operation("GetResource", GetResourceInput, GetResourceOutput),
    "ListResources": _operation("ListResources", ListResourcesInput, ListResourcesOutput),
}
UNSUPPORTED = (
    "CancelResourceRequest",
    "CreateResource",
    "DeleteResource",
    "GetResourceRequestStatus",
    "ListResourceRequests",
    "UpdateResource",
)


def answer(calls: Calls, request: Request) -> Response:
    """Answer one request. Raises the error that refuses it."""
    name = request.headers.get("x-amz-target", "").removeprefix(TARGET_PREFIX)
    if request.method != "POST" or name not in (*OPERATIONS, *UNSUPPORTED):
        raise UnknownOperationException(f"{request.method} {name[:100]!r} is no operation of the Cloud Control API.")
    caller = calls.identify(request, SIGNING_NAME)
    if name in UNSUPPORTED:
        ignored = aws_json.decode(_operation(name, _Ignored, GetResourceOutput), request.body)
        wanted = UnsupportedInput(name=name, type_name=getattr(ignored, "type_name", ""))
        output = calls.call("cloudcontrol:Unsupported", caller, wanted, request.id)
    else:
        received = aws_json.decode(OPERATIONS[name], request.body)
        output = calls.call(f"cloudcontrol:{name}", caller, received, request.id)
    reality = REAL if isinstance(output, RealResourceOutput | RealResourcesOutput) else SIMULATED
    headers = ((REQUEST_ID, request.id.encode()), CONTENT_TYPE, reality)
    return Response(200, headers, aws_json.encode(output))
