"""AWS STS in the query protocol: GetCallerIdentity and AssumeRole.

Error codes and statuses: STS API reference, "Common Errors"; every other action of STS is refused by name.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from manciple.api.model import Shape
from manciple.errors import InvalidActionException, ServiceError, ValidationException
from manciple.operations.own.sts import AssumedRole, AssumeRoleInput, CallerIdentity, GetCallerIdentityInput
from manciple.wire import explain
from manciple.wire.calls import Calls
from manciple.wire.faults import xml_text
from manciple.wire.messages import Request, Response

VERSION = "2011-06-15"
NAMESPACE = f"https://sts.amazonaws.com/doc/{VERSION}/"

_CODES = {
    "AccessDeniedException": ("AccessDenied", 403),
    "ExpiredTokenException": ("ExpiredToken", 403),
    "IncompleteSignatureException": ("IncompleteSignature", 400),
    "InvalidActionException": ("InvalidAction", 400),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "MalformedPolicyDocumentException": ("MalformedPolicyDocument", 400),
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
    "SerializationException": ("ValidationError", 400),
    "ThrottlingException": ("Throttling", 400),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "ValidationException": ("ValidationError", 400),
}
"""What AWS's other front ends call it, and the code and status of STS."""

_POLICY_ARN = re.compile(r"PolicyArns\.member\.\d+\.arn")
_NOT_READ = {"Action", "Version", "ExternalId"}
"""ExternalId is a condition of trust policies; roles here have none."""


class Action(NamedTuple):
    """One action: the operation, what it takes, and how its output is written."""

    operation: str
    input: type[Shape]
    write: Callable[[Any], str]


def answer(calls: Calls, request: Request, form: dict[str, str]) -> Response:
    """Answer one request, refusals too."""
    name = form.get("Action", "")
    try:
        action = ACTIONS.get(name)
        if action is None:
            raise InvalidActionException(
                f"Could not find operation {name[:100]} for version {VERSION}; this server has {' and '.join(ACTIONS)}."
            )
        caller = calls.identify(request, "sts")
        output = calls.call(action.operation, caller, _read(name, action, form), request.id)
    except ServiceError as error:
        return _refusal(error, request)
    inside = f"<{name}Result>{action.write(output)}</{name}Result>{_metadata(request)}"
    return _response(200, f'<{name}Response xmlns="{NAMESPACE}">{inside}</{name}Response>', request)


def _read(name: str, action: Action, form: dict[str, str]) -> msgspec.Struct:
    """The input that a form holds. Raises ValidationException."""
    raw: dict[str, Any] = {key: value for key, value in form.items() if key not in _NOT_READ}
    arns = [raw.pop(key) for key in sorted(raw) if _POLICY_ARN.fullmatch(key)]
    raw |= {"PolicyArns": arns} if arns else {}
    known = {field.encode_name for field in msgspec.structs.fields(action.input)}
    if unknown := sorted(set(raw) - known):
        raise ValidationException(f"{name} does not take {unknown[0][:100]} here.")
    duration = raw.get("DurationSeconds")
    if duration is not None and duration.isascii() and duration.isdecimal():
        raw["DurationSeconds"] = int(duration[:9])
    try:
        return msgspec.convert(raw, action.input)
    except msgspec.ValidationError:
        raise explain.refusal(raw, action.input) from None


def _write_identity(identity: CallerIdentity) -> str:
    return _elements(Arn=identity.arn, UserId=identity.user_id, Account=identity.account)


def _write_session(made: AssumedRole) -> str:
    expires = datetime.fromtimestamp(made.expires_at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    credentials = _elements(
        AccessKeyId=made.access_key_id,
        SecretAccessKey=made.secret_access_key,
        SessionToken=made.session_token,
        Expiration=expires,
    )
    user = _elements(AssumedRoleId=made.role_id, Arn=made.arn)
    return f"<Credentials>{credentials}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>"


ACTIONS = {
    "GetCallerIdentity": Action("sts:GetCallerIdentity", GetCallerIdentityInput, _write_identity),
    "AssumeRole": Action("sts:AssumeRole", AssumeRoleInput, _write_session),
}


def _refusal(error: ServiceError, request: Request) -> Response:
    code, status = _CODES.get(error.code, (error.code, error.status))
    kind = "Receiver" if status >= 500 else "Sender"
    inside = f"<Error>{_elements(Type=kind, Code=code, Message=error.message)}</Error>"
    document = f'<ErrorResponse xmlns="{NAMESPACE}">{inside}{_elements(RequestId=request.id)}</ErrorResponse>'
    return _response(status, document, request)


def _response(status: int, document: str, request: Request) -> Response:
    headers = ((b"x-amzn-requestid", request.id.encode()), (b"content-type", b"text/xml"))
    return Response(status, headers, document.encode())


def _metadata(request: Request) -> str:
    return f"<ResponseMetadata>{_elements(RequestId=request.id)}</ResponseMetadata>"


def _elements(**members: str) -> str:
    return "".join(f"<{name}>{xml_text(value)}</{name}>" for name, value in members.items())
