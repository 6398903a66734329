"""SQS in the query protocol: how a form names members, and how XML is answered.

Source: the service's model as SDKs had it before they spoke JSON (version 2012-11-05): lists are flattened, their
items have names of their own. A request that names lists as today's model does (`AttributeNames.1`) is answered in that
model's names.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from manciple.errors import ServiceError
from manciple.wire.faults import xml_text
from manciple.wire.messages import Request, Response

VERSION = "2012-11-05"
NAMESPACE = f"http://queue.amazonaws.com/doc/{VERSION}/"

_SIMPLE = "AWS.SimpleQueueService."
_CODES: Mapping[str, tuple[str, int]] = {
    "AccessDeniedException": ("AccessDenied", 403),
    "BatchEntryIdsNotDistinct": (f"{_SIMPLE}BatchEntryIdsNotDistinct", 400),
    "EmptyBatchRequest": (f"{_SIMPLE}EmptyBatchRequest", 400),
    "ExpiredTokenException": ("ExpiredToken", 403),
    "IncompleteSignatureException": ("IncompleteSignature", 400),
    "InvalidActionException": ("InvalidAction", 400),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "MessageNotInflight": (f"{_SIMPLE}MessageNotInflight", 400),
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
    "QueueDoesNotExist": (f"{_SIMPLE}NonExistentQueue", 400),
    "QueueNameExists": ("QueueAlreadyExists", 400),
    "SerializationException": ("InvalidParameterValue", 400),
    "ThrottlingException": ("RequestThrottled", 403),
    "TooManyEntriesInBatchRequest": (f"{_SIMPLE}TooManyEntriesInBatchRequest", 400),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "UnsupportedOperation": (f"{_SIMPLE}UnsupportedOperation", 400),
    "ValidationException": ("MissingParameter", 400),
}
"""The code and status of the query protocol, where the error has another name there."""

_LISTS = {
    "AttributeName": "AttributeNames",
    "ChangeMessageVisibilityBatchRequestEntry": "Entries",
    "DeleteMessageBatchRequestEntry": "Entries",
    "MessageAttributeName": "MessageAttributeNames",
    "MessageSystemAttributeName": "MessageSystemAttributeNames",
}
_MAPS = {"Attribute": "Attributes", "Tag": "tags"}
_ITEM = re.compile(r"(?P<list>[A-Za-z]+)(?:\.(?:member|entry))?\.(?P<number>[0-9]{1,3})(?:\.(?P<member>[A-Za-z]+))?")
_NOT_READ = {"Action", "Version"}


def read(form: dict[str, str], path: str) -> dict[str, Any]:
    """The members that a form holds; the queue is that of the path if the form names none."""
    members: dict[str, Any] = {} if path == "/" else {"QueueUrl": path}
    items: dict[str, dict[int, Any]] = {}
    for key, value in form.items():
        found = _ITEM.fullmatch(key)
        if not value and _LISTS.get(key, key) in _LISTS.values():
            items.setdefault(key, {})  # how a list without items is written
        elif found is None:
            members |= {} if key in _NOT_READ else {key: value}
        elif found["member"] is None:
            items.setdefault(found["list"], {})[int(found["number"])] = value
        else:
            items.setdefault(found["list"], {}).setdefault(int(found["number"]), {})[found["member"]] = value
    for name, by_number in items.items():
        in_order = [by_number[number] for number in sorted(by_number)]
        if name in _MAPS or name in _MAPS.values():
            members[_MAPS.get(name, name)] = dict(_entry(item) for item in in_order)
        else:
            members[_LISTS.get(name, name)] = in_order
    return members


def _entry(item: Any) -> tuple[str, str]:
    pair = item if isinstance(item, dict) else {}
    return pair.get("Name") or pair.get("Key") or pair.get("key") or "", pair.get("Value") or pair.get("value") or ""


def response(action: str, output: msgspec.Struct, form: dict[str, str], request: Request) -> Response:
    """The answer of an action; those that answer nothing have no result."""
    is_new = any(key.partition(".")[0] in _LISTS.values() for key in form)
    inside = "".join(_members({} if is_new else _names(action), msgspec.to_builtins(output)))
    has_result = action not in ("DeleteMessage", "ChangeMessageVisibility")
    result = f"<{action}Result>{inside}</{action}Result>" if has_result else ""
    metadata = f"<ResponseMetadata>{_element('RequestId', request.id)}</ResponseMetadata>"
    return _response(200, f'<{action}Response xmlns="{NAMESPACE}">{result}{metadata}</{action}Response>', request)


def _names(action: str) -> dict[str, str]:
    """What the items of lists, and a map's entries, are called."""
    return {
        "Attributes": "Attribute",
        "Failed": "BatchResultErrorEntry",
        "Messages": "Message",
        "QueueUrls": "QueueUrl",
        "Successful": f"{action}ResultEntry",
        "key": "Name",
        "value": "Value",
    }


def _members(names: Mapping[str, str], members: dict[str, Any]) -> Iterator[str]:
    for member, value in members.items():
        name = names.get(member, member)
        if isinstance(value, list):
            for item in value:
                inside = "".join(_members(names, item)) if isinstance(item, dict) else xml_text(str(item))
                yield f"<{name}>{inside}</{name}>"
        elif isinstance(value, dict):
            for pair in value.items():
                inside = "".join(_element(names.get(part, part), text) for part, text in zip(_PAIR, pair, strict=True))
                yield f"<{name}>{inside}</{name}>"
        else:
            yield _element(name, str(value).lower() if isinstance(value, bool) else str(value))


_PAIR = ("key", "value")


def code_of(error: ServiceError) -> tuple[str, int]:
    """An error's code and status in the query protocol."""
    return _CODES.get(error.code, (error.code, error.status))


def refusal(error: ServiceError, request: Request) -> Response:
    """How an error looks."""
    code, status = code_of(error)
    kind = "Receiver" if status >= 500 else "Sender"
    inside = f"{_element('Type', kind)}{_element('Code', code)}{_element('Message', error.message)}<Detail/>"
    document = f"<Error>{inside}</Error>{_element('RequestId', request.id)}"
    return _response(status, f'<ErrorResponse xmlns="{NAMESPACE}">{document}</ErrorResponse>', request)


def _response(status: int, document: str, request: Request) -> Response:
    headers = ((b"x-amzn-requestid", request.id.encode()), (b"content-type", b"text/xml"))
    return Response(status, headers, f'<?xml version="1.0"?>{document}'.encode())


def _element(name: str, text: str) -> str:
    return f"<{name}>{xml_text(text)}</{name}>"
