"""How an error looks in each protocol: the one place where a ServiceError becomes bytes.

Errors close the connection, as AWS's do (service-catalog-api reference, 1.2): a caller need not send the rest
of a body that is refused unread.
"""

import re
from collections.abc import Callable
from typing import TypeAlias
from xml.sax.saxutils import escape

import cbor2
import msgspec

from manciple.errors import ServiceError
from manciple.wire.messages import Response

Fault: TypeAlias = Callable[[ServiceError, str], Response]

CLOSE = (b"connection", b"close")
REQUEST_ID = b"x-amzn-requestid"  # AWS writes X-Amzn-Requestid; ASGI wants lower case
NAMESPACE = "com.amazonaws.servicecatalog"

_json = msgspec.json.Encoder()
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """A text as XML holds it; a character that no XML document can hold becomes U+FFFD."""
    return escape(_NOT_XML.sub("\ufffd", text))


def aws_json(version: str) -> Fault:
    """Return the fault of AWS JSON: version 1.1 spells the text `Message`, as recorded, 1.0 `message`."""
    content_type = f"application/x-amz-json-{version}".encode()
    member = "Message" if version == "1.1" else "message"

    def fault(error: ServiceError, request_id: str) -> Response:
        body = _json.encode({"__type": error.code, member: error.message})
        return _response(error, body, content_type, (REQUEST_ID, request_id.encode()))

    return fault


def rpc_cbor(error: ServiceError, request_id: str) -> Response:
    """The fault of rpc-v2-cbor: an absolute shape id, and the text in both of its spellings."""
    document = {"__type": f"{NAMESPACE}#{error.code}", "Message": error.message, "message": error.message}
    return _response(
        error,
        cbor2.dumps(document),
        b"application/cbor",
        (b"smithy-protocol", b"rpc-v2-cbor"),
        (REQUEST_ID, request_id.encode()),
    )


_OWN_STATUSES = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "UnrecognizedClientException": 403,
    "ResourceNotFoundException": 404,
    "UnknownOperationException": 404,
    "DuplicateResourceException": 409,
    "InvalidStateException": 409,
    "ResourceInUseException": 409,
}
"""What AWS answers with 400 and our own API with the status that HTTP has for it (contracts, section 3)."""


def own_json(error: ServiceError, request_id: str) -> Response:
    """The fault of our own JSON API, and of whatever no protocol claims."""
    body = _json.encode({"__type": error.code, "Message": error.message})
    headers = ((REQUEST_ID, request_id.encode()), (b"content-type", b"application/json"), CLOSE)
    return Response(_OWN_STATUSES.get(error.code, error.status), headers, body)


def query(error: ServiceError, request_id: str) -> Response:
    """The fault of the query protocol (STS, SQS)."""
    sender = "Receiver" if error.status >= 500 else "Sender"
    inside = f"<Type>{sender}</Type><Code>{error.code}</Code><Message>{xml_text(error.message)}</Message>"
    body = f"<ErrorResponse><Error>{inside}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    return _response(error, body.encode(), b"text/xml", (REQUEST_ID, request_id.encode()))


def s3(error: ServiceError, request_id: str) -> Response:
    """The fault of the artifact store."""
    inside = f"<Code>{error.code}</Code><Message>{xml_text(error.message)}</Message>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}<RequestId>{request_id}</RequestId></Error>'
    return _response(error, body.encode(), b"application/xml", (b"x-amz-request-id", request_id.encode()))


def _response(error: ServiceError, body: bytes, content_type: bytes, *headers: tuple[bytes, bytes]) -> Response:
    return Response(error.status, (*headers, (b"content-type", content_type), CLOSE), body)
