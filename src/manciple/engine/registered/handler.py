"""One call to a type's handlers: a JSON request on standard input, one ProgressEvent on standard output.

The request is the one that the CloudFormation CLI sends to a handler's test entry point, so that handlers written for
the registry know it: `{"action", "request": {…ResourceHandlerRequest}, "callbackContext"}` (CloudFormation CLI user
guide, "Resource type handler contract", "ProgressEvent object", "Testing"). A handler sees the variables that its
manifest names; secrets are in the request alone.
"""

import logging
import os
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from manciple.engine.program import Program
from manciple.engine.registered.directory import ResourceType
from manciple.template.values import MASK

Action: TypeAlias = Literal["CREATE", "READ", "UPDATE", "DELETE", "LIST"]

LONGEST_ANSWER = 4_000_000
_SURROUNDINGS = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "SSL_CERT_FILE", "TMPDIR", "TZ")
"""What any program may need to run at all."""
_LONGEST_COMPLAINT = 2000
_LOG = logging.getLogger(__name__)

ERROR_CODES = frozenset(
    {
        *("AccessDenied", "AlreadyExists", "GeneralServiceException", "HandlerInternalFailure", "InternalFailure"),
        *("InvalidCredentials", "InvalidRequest", "InvalidTypeConfiguration", "NetworkFailure", "NonCompliant"),
        *("NotFound", "NotStabilized", "NotUpdatable", "ResourceConflict", "ServiceInternalError"),
        *("ServiceLimitExceeded", "ServiceTimeout", "Throttling", "UnauthorizedTaggingOperation", "Unknown"),
        "UnsupportedTarget",
    }
)
"""https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html"""


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A ProgressEvent as a handler writes it."""

    status: Literal["SUCCESS", "IN_PROGRESS", "FAILED"]
    error_code: str | None = None
    message: str | None = None
    callback_context: dict[str, Any] | None = None
    callback_delay_seconds: float | None = None
    resource_model: dict[str, Any] | None = None
    resource_models: list[dict[str, Any]] | None = None
    next_token: str | None = None


def ask(
    type: ResourceType, action: Action, request: Mapping[str, Any], context: Any = None, hidden: Iterable[str] = ()
) -> Answer:
    """Call a type's handler; one that fails to answer has FAILED. What is `hidden` stays out of the log."""
    lost = [name for name in type.manifest.environment if name not in os.environ]
    if lost:
        wanted = ", ".join(lost)
        return _failed(
            "InvalidTypeConfiguration", f"{type.name} wants the variable {wanted}, which the server has not."
        )
    document = msgspec.json.encode({"action": action, "request": request, "callbackContext": context})
    program = Program(
        type.argv, directory=type.directory, environment=_environment(type), is_apart=True, longest=LONGEST_ANSWER
    )
    try:
        ran = program.run(document, type.manifest.seconds, lambda: False)
    except OSError as error:
        return _failed("HandlerInternalFailure", f"{type.argv[0]} cannot be started: {error.strerror}.")
    _log(type, ran.complaint, hidden)
    return _read(type, action, ran.status, ran.said)


def hidden_in(text: str, secrets: Iterable[str]) -> str:
    """A handler's words without the secrets that it was told; the longest are looked for first."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _log(type: ResourceType, complaint: bytes, hidden: Iterable[str]) -> None:
    """Keep what a handler wrote to standard error, without the secrets that it was told."""
    text = hidden_in(complaint.decode(errors="replace").strip(), hidden)
    if text:
        _LOG.warning("The handler of %s wrote: %s", type.name, text[-_LONGEST_COMPLAINT:])


def _environment(type: ResourceType) -> dict[str, str]:
    names = (*_SURROUNDINGS, *type.manifest.environment)
    return {name: os.environ[name] for name in names if name in os.environ}


def _read(type: ResourceType, action: Action, status: int | None, said: bytes) -> Answer:
    """What a handler's output says; it is told apart whether it was slow, broke down or talked nonsense."""
    called = f"the {action} handler of {type.name}"
    if status is None:
        seconds = f"{type.manifest.seconds:g}"
        return _failed("ServiceTimeout", f"{called} did not answer within {seconds} s and was stopped.")
    if status:
        return _failed("HandlerInternalFailure", f"{called} ended with status {status}.")
    try:
        answer = msgspec.json.decode(said, type=Answer)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _failed("HandlerInternalFailure", f"{called} wrote no ProgressEvent to its standard output.")
    if answer.status == "FAILED" and answer.error_code not in ERROR_CODES:
        return msgspec.structs.replace(answer, error_code="GeneralServiceException")
    return answer


def _failed(code: str, message: str) -> Answer:
    return Answer(status="FAILED", error_code=code, message=message)
