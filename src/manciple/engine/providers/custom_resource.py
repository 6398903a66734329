"""Custom resources, by CloudFormation's protocol (user guide, "Custom resource request objects", "… response objects").

A request goes by POST to the endpoint that the operator maps to the ServiceToken, and nowhere else; the answer comes by
PUT to the request's ResponseURL. One whose token is mapped to no endpoint is simulated.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from manciple.engine.providers.endpoint import Endpoint, Refused, Unreachable, address_of
from manciple.engine.providers.provider import (
    UNTIL_CALLED,
    HandlerRequest,
    Lifetime,
    ProgressEvent,
    Provider,
    ProviderType,
    Signal,
    Subject,
    Surroundings,
    failed,
)
from manciple.engine.providers.signalled import make_sandbox
from manciple.template.values import Value

NAMED = "AWS::CloudFormation::CustomResource"
PREFIX = "Custom::"

_HOUR = 3600
_LONGEST_ID = 1024
_REQUEST_TYPES = {"create": "Create", "update": "Update", "delete": "Delete"}


class CustomResources:
    """Sends each request once for each client token; one repeated after a crash has the same RequestId."""

    takes_batches = False

    def __init__(self, endpoints: Mapping[str, str], simulated: Provider, post: Callable[[str, bytes], None]) -> None:
        self._endpoints = endpoints
        self._simulated = simulated
        self._post = post

    def serves(self, resource_type: str) -> bool:
        """`Custom::…` and the type that has no name of its own."""
        return resource_type.startswith(PREFIX) or resource_type == NAMED

    def simulates(self, subject: Subject) -> bool:
        """One whose ServiceToken is not known yet may be sent somewhere."""
        token = subject.properties.get("ServiceToken")
        return not self._endpoints if isinstance(token, dict) else self._endpoint_of(token) is None

    def callback_for(self, request: HandlerRequest) -> Lifetime | None:
        """An endpoint answers by a callback."""
        return self._simulated.callback_for(request) if self._endpoint(request) is None else "step"

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        """Answer each request."""
        return [self._handle(request) for request in requests]

    def _handle(self, request: HandlerRequest) -> ProgressEvent:
        endpoint = self._endpoint(request)
        if endpoint is None:
            return self._simulated.handle([request])[0]
        if request.action not in _REQUEST_TYPES:
            return failed("InvalidRequest", f"A custom resource cannot be asked to {request.action}.")
        if request.signals:
            return _answered(request, request.signals[0])
        if request.is_overdue:
            return failed("GeneralServiceException", _silent(request), verbatim=True)
        if request.callback_context is not None:
            return ProgressEvent(status="IN_PROGRESS", callback_context={}, delay_ms=UNTIL_CALLED)
        return self._send(request, endpoint)

    def _send(self, request: HandlerRequest, endpoint: str) -> ProgressEvent:
        try:
            timeout = _timeout_ms(request.model)
            self._post(endpoint, msgspec.json.encode(document(request)))
        except ValueError as error:
            return failed("InvalidRequest", str(error), verbatim=True)
        except Refused as error:
            return failed("InvalidRequest", str(error))
        except Unreachable as error:
            return failed("NetworkFailure", str(error))
        return ProgressEvent(
            status="IN_PROGRESS",
            physical_id=_made_up_id(request) if request.action == "create" else None,
            is_initiated=False,
            callback_context={},
            delay_ms=UNTIL_CALLED,
            timeout_ms=timeout,
        )

    def _endpoint(self, request: HandlerRequest) -> str | None:
        return self._endpoint_of(request.model.get("ServiceToken"))

    def _endpoint_of(self, token: Value | None) -> str | None:
        if not isinstance(token, str):
            return None
        return address_of(self._endpoints, token)


def document(request: HandlerRequest) -> dict[str, Any]:
    """The request object; every scalar in the properties is a text."""
    found: dict[str, Any] = {
        "RequestType": _REQUEST_TYPES[request.action],
        "ResponseURL": request.callback_url,
        "StackId": request.stack_id,
        "RequestId": request_id(request),
        "ResourceType": request.type,
        "LogicalResourceId": request.logical_id,
        "ResourceProperties": request.model,
    }
    if request.action != "create":
        found["PhysicalResourceId"] = request.physical_id
    if request.action == "update":
        found["OldResourceProperties"] = request.previous_model
    return found


def request_id(request: HandlerRequest) -> str:
    """The same for every repetition of a request."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, request.token))


def _answered(request: HandlerRequest, signal: Signal) -> ProgressEvent:
    """What the response says."""
    physical_id = signal.body.get("PhysicalResourceId")
    named = physical_id if isinstance(physical_id, str) and 0 < len(physical_id) <= _LONGEST_ID else None
    if signal.status != "SUCCESS":
        answer = failed("GeneralServiceException", _refusal(request, signal), verbatim=True)
        return msgspec.structs.replace(answer, physical_id=named) if request.action == "create" else answer
    if request.action == "delete":
        return ProgressEvent(status="SUCCESS", physical_id=request.physical_id)
    if named is None:
        return failed("InvalidRequest", "Invalid PhysicalResourceId", verbatim=True)
    data = signal.body.get("Data") or {}
    if not isinstance(data, dict):
        return failed("InvalidRequest", "Invalid Data in the response of the custom resource", verbatim=True)
    attributes = {name: _as_text(value) for name, value in data.items()}
    no_echo = signal.body.get("NoEcho") in (True, "true")
    return ProgressEvent(status="SUCCESS", physical_id=named, attributes=attributes, no_echo=no_echo)


def _refusal(request: HandlerRequest, signal: Signal) -> str:
    reason = signal.body.get("Reason", "")
    return (
        f"Received response status [FAILED] from custom resource. Message returned: {reason} "
        f"(RequestId: {request_id(request)})"
    )


def _silent(request: HandlerRequest) -> str:
    return (
        "CloudFormation did not receive a response from your Custom Resource. "
        f"Please check your logs for requestId [{request_id(request)}]. "
        "If you are using the Python cfn-response module, you may need to update your Lambda function code "
        "so that CloudFormation can attach the updated version."
    )


def _timeout_ms(model: Mapping[str, Value]) -> int:
    """ServiceTimeout in milliseconds, an hour unless it is given. Raises ValueError."""
    text = str(model.get("ServiceTimeout", _HOUR))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= _HOUR):
        raise ValueError(f"ServiceTimeout is {text[:100]!r} but must be a number of seconds from 1 to {_HOUR}.")
    return int(text) * 1000


def _made_up_id(request: HandlerRequest) -> str:
    """What a delete names if the create is given up before it is answered."""
    letters = uuid.uuid5(uuid.NAMESPACE_URL, f"{request.token}/id").hex[:12].upper()
    return f"{request.stack_name}-{request.logical_id}-{letters}"


def _as_text(value: Any) -> Value:
    """A JSON value with every scalar as a text."""
    if isinstance(value, dict):
        return {name: _as_text(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _make(surroundings: Surroundings) -> CustomResources:
    return CustomResources(surroundings.settings.custom_resources, make_sandbox(surroundings), Endpoint().post)


CUSTOM_RESOURCES = ProviderType("custom_resource", _make)
