"""Faults on demand in the sandbox of the caller's account and region: what a rehearsal wants to go wrong.

A fault picks the calls it strikes by resource type or logical id and by action, lets the first `after` of them pass,
strikes `calls` times (always, if that is not given), and then fails, delays or times out.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

import msgspec

from manciple.engine.simulation import Fault, list_faults, set_faults
from manciple.errors import ValidationException
from manciple.operations.call import Context, operation
from manciple.template.resource_schemas import is_known

Action: TypeAlias = Literal["create", "update", "delete"]
ErrorCode: TypeAlias = Literal[
    "AccessDenied",
    "AlreadyExists",
    "GeneralServiceException",
    "InternalFailure",
    "InvalidCredentials",
    "InvalidRequest",
    "NetworkFailure",
    "NotFound",
    "NotStabilized",
    "NotUpdatable",
    "ResourceConflict",
    "ServiceInternalError",
    "ServiceLimitExceeded",
    "ServiceTimeout",
    "Throttling",
    "UnauthorizedTaggingOperation",
]
"""HandlerErrorCodes (Cloud Control API, ProgressEvent)."""

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]

ACTIONS: tuple[Action, ...] = ("create", "update", "delete")
TIMED_OUT: ErrorCode = "NotStabilized"
TIMED_OUT_MESSAGE = "Exceeded attempts to wait"
TIME_OUT_MS = 7_200_000
"""CloudFormation gives a resource two hours."""

_LONGEST_SELECTOR = 256


class Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a handler fails: the code decides whether it is tried again."""

    code: ErrorCode = "GeneralServiceException"
    message: Text | None = None


class FaultView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fault. Exactly one of `type` and `logical_id`; at least one of `fail`, `time_out`, `delay_ms`.

    Without `action` it is one for each of create, update and delete. `delay_ms` comes before the end: success, the
    failure, or the time-out (two hours if it is not given).
    """

    type: Text | None = None
    logical_id: Text | None = None
    action: Action | None = None
    fail: Failure | None = None
    time_out: bool = False
    delay_ms: Milliseconds = 0
    after: Count = 0
    calls: Count | None = None


class FaultList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every fault of the place; `calls` counts down as they strike."""

    faults: Annotated[list[FaultView], msgspec.Meta(max_length=1000)] = []


class GetFaultsInput(msgspec.Struct, frozen=True):
    """Nothing but the caller says which faults."""


class PutFaultsInput(msgspec.Struct, frozen=True, kw_only=True):
    """The whole list, as JSON."""

    document: bytes


@operation("manciple:GetFaults")
def get_faults(context: Context, _input: GetFaultsInput) -> FaultList:
    """The faults, as often as each will still strike."""
    return FaultList(faults=[_view(fault) for fault in list_faults(context.tx, *context.owner)])


@operation("manciple:PutFaults", writes=True)
def put_faults(context: Context, input: PutFaultsInput) -> FaultList:
    """Replace the faults; an empty list ends the rehearsal. Raises ValidationException."""
    wanted = [fault for number, view in enumerate(_read(input.document).faults) for fault in _faults(view, number)]
    chosen = [(fault.selector, fault.action) for fault in wanted]
    if twice := next((one for one in chosen if chosen.count(one) > 1), None):
        raise ValidationException(f"There are two faults for {twice[0]} and {twice[1]}; give one.")
    set_faults(context.tx, *context.owner, wanted)
    return FaultList(faults=[_view(fault) for fault in list_faults(context.tx, *context.owner)])


def _read(document: bytes) -> FaultList:
    try:
        return msgspec.json.decode(document, type=FaultList)
    except msgspec.ValidationError as error:
        raise ValidationException(f"The faults cannot be read: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValidationException("The faults are not JSON.") from None


def _faults(view: FaultView, number: int) -> Iterator[Fault]:
    """The fault for each action that it strikes."""
    _check(view, f"faults[{number}]")
    failure = Failure(code=TIMED_OUT, message=TIMED_OUT_MESSAGE) if view.time_out else view.fail
    for action in (view.action,) if view.action else ACTIONS:
        yield Fault(
            selector=view.type or view.logical_id or "",
            action=action,
            error_code=failure.code if failure else None,
            message=failure.message if failure else None,
            delay_ms=view.delay_ms or (TIME_OUT_MS if view.time_out else 0),
            skip=view.after,
            remaining=view.calls,
        )


def _check(view: FaultView, place: str) -> None:
    if (view.type is None) == (view.logical_id is None):
        raise ValidationException(f"{place} must have one of type and logical_id.")
    if view.type is not None and not is_known(view.type):
        raise ValidationException(f"{place} names the type {view.type[:_LONGEST_SELECTOR]!r}, which does not exist.")
    if view.logical_id is not None and not (view.logical_id.isascii() and view.logical_id.isalnum()):
        raise ValidationException(f"{place} names {view.logical_id[:_LONGEST_SELECTOR]!r}, which is no logical id.")
    if view.time_out and view.fail:
        raise ValidationException(f"{place} must have one of fail and time_out.")
    if not (view.fail or view.time_out or view.delay_ms):
        raise ValidationException(f"{place} must have fail, time_out or delay_ms.")


def _view(fault: Fault) -> FaultView:
    times_out = fault.error_code == TIMED_OUT and fault.message == TIMED_OUT_MESSAGE and fault.delay_ms > 0
    is_failure = fault.error_code is not None and not times_out
    failure = {"code": fault.error_code, "message": fault.message}
    is_type = "::" in fault.selector
    return FaultView(
        type=fault.selector if is_type else None,
        logical_id=None if is_type else fault.selector,
        action=msgspec.convert(fault.action, Action),
        fail=msgspec.convert(failure, Failure) if is_failure else None,
        time_out=times_out,
        delay_ms=fault.delay_ms,
        after=fault.skip,
        calls=fault.remaining,
    )
