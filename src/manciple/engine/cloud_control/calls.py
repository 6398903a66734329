"""The calls to a Cloud Control API, and what its refusals mean.

Reference: https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_Operations.html; the handler error codes
are those of the CloudFormation CLI user guide, "Resource type handler error codes".
"""

from collections.abc import Callable
from typing import Any

import msgspec

from manciple.engine.credentials import Clients, UnreachablePlace
from manciple.engine.place import Place

Json = dict[str, Any]

_PASSING = {
    "ConcurrentModificationException": "ResourceConflict",
    "ConcurrentOperationException": "ResourceConflict",
    "RequestLimitExceeded": "Throttling",
    "ResourceConflictException": "ResourceConflict",
    "Throttling": "Throttling",
    "ThrottlingException": "Throttling",
    "TooManyRequestsException": "Throttling",
}
"""Errors of calls that were not accepted, and will be later."""

_FINAL = {
    "AccessDeniedException": "AccessDenied",
    "AlreadyExistsException": "AlreadyExists",
    "GeneralServiceException": "GeneralServiceException",
    "HandlerFailureException": "InternalFailure",
    "HandlerInternalFailureException": "InternalFailure",
    "InvalidCredentialsException": "InvalidCredentials",
    "NotStabilizedException": "NotStabilized",
    "NotUpdatableException": "NotUpdatable",
    "RequestTokenNotFoundException": "NotFound",
    "ResourceNotFoundException": "NotFound",
    "ServiceLimitExceededException": "ServiceLimitExceeded",
    "UnrecognizedClientException": "InvalidCredentials",
}
"""Errors that a repetition does not mend; all that are not named are InvalidRequest."""


class Refused(Exception):
    """Cloud Control refused a call; `code` is a HandlerErrorCode, `name` its own word."""

    def __init__(self, code: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.name = name


class Busy(Refused):
    """It did not accept the call, and may later."""


class Silent(Refused):
    """It gave no answer, or one that tells nothing of what it did."""


class Api:
    """Cloud Control at one place. Every call raises Refused, Busy, Silent."""

    def __init__(self, clients: Clients, place: Place) -> None:
        self._clients = clients
        self._place = place

    def create(self, type_: str, desired: Json, token: str) -> Json:
        """Ask for a resource; the progress event."""
        return self._progress("create_resource", TypeName=type_, DesiredState=_text(desired), ClientToken=token)

    def update(self, type_: str, identifier: str, patch: list[Json], token: str) -> Json:
        """Ask for changes of a resource; the progress event."""
        named = {"TypeName": type_, "Identifier": identifier}
        return self._progress("update_resource", **named, PatchDocument=_text(patch), ClientToken=token)

    def delete(self, type_: str, identifier: str, token: str) -> Json:
        """Ask for the end of a resource; the progress event."""
        return self._progress("delete_resource", TypeName=type_, Identifier=identifier, ClientToken=token)

    def status(self, request: str) -> Json:
        """How far a request is; the progress event."""
        return self._progress("get_resource_request_status", RequestToken=request)

    def cancel(self, request: str) -> Json:
        """Ask for a request to be given up; the progress event."""
        return self._progress("cancel_resource_request", RequestToken=request)

    def find(self, type_: str, identifier: str) -> Json | None:
        """A resource's properties, None if it is not there."""
        try:
            found = self.call("get_resource", TypeName=type_, Identifier=identifier)
            properties: Json = msgspec.json.decode(found["ResourceDescription"]["Properties"], type=dict[str, Any])
        except Refused as refused:
            if refused.code == "NotFound":
                return None
            raise
        except (KeyError, msgspec.DecodeError) as error:
            raise Silent("ServiceInternalError", "it described the resource in no words of its own") from error
        return properties

    def _progress(self, name: str, **arguments: Any) -> Json:
        event = self.call(name, **arguments).get("ProgressEvent")
        if not isinstance(event, dict) or "OperationStatus" not in event:
            raise Silent("ServiceInternalError", "it answered without a ProgressEvent")
        return event

    def call(self, name: str, **arguments: Any) -> Json:
        """Make one call; `name` as boto3 spells it."""
        return answer_of(lambda: getattr(self._clients.cloud_control(self._place), name)(**arguments))


def answer_of(call: Callable[[], Json]) -> Json:
    """What a call answers, or one of our errors for everything that boto3 may raise."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    try:
        return call()
    except UnreachablePlace as error:
        raise Refused("InvalidRequest", str(error), "UnreachablePlace") from error
    except exceptions.NoCredentialsError as error:
        message = "The server has no AWS credentials; give it some as the SDKs expect."
        raise Refused("InvalidCredentials", message, "NoCredentials") from error
    except exceptions.ClientError as error:
        raise _refusal(error.response) from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError, ResponseParserError) as error:
        raise Silent("NetworkFailure", f"no answer: {type(error).__name__}") from error
    except exceptions.BotoCoreError as error:
        raise Refused("InvalidRequest", str(error), type(error).__name__) from error


def _refusal(response: Any) -> Refused:
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    details = response.get("Error", {})
    name, message = str(details.get("Code") or "Unknown"), str(details.get("Message") or "no reason given")
    if name in _PASSING:
        return Busy(_PASSING[name], message, name)
    if name in _FINAL:
        return Refused(_FINAL[name], message, name)
    if status >= 500 or name == "NetworkFailureException":
        return Silent("ServiceInternalError", f"{name}: {message}", name)
    return Refused("InvalidRequest", message, name)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
