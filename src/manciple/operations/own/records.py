"""What our own API tells of a record: its events in order; and how to turn one back."""

import msgspec

from manciple.engine.events import Event, list_events
from manciple.engine.operation import request_cancel
from manciple.errors import InvalidParametersException
from manciple.operations.call import Context, operation
from manciple.operations.own.page_tokens import read_token, write_token
from manciple.operations.records import find_record

MOST = 1000

_ENDED = {"SUCCEEDED", "FAILED"}


class ListEventsInput(msgspec.Struct, frozen=True, kw_only=True):
    """A record's events, those after a number, or where a page token goes on."""

    record_id: str
    after: int = 0
    size: int = MOST
    page_token: str | None = None


class EventView(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One event; the timestamp is in seconds, a physical id that is not known yet is empty (recorded)."""

    event_id: str
    timestamp: float
    stack_path: str
    logical_resource_id: str
    physical_resource_id: str
    resource_type: str
    resource_status: str
    resource_status_reason: str | None


class EventPage(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Events in order, and the token for the next ones if there are more."""

    events: list[EventView]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


class EventTail(msgspec.Struct, frozen=True, kw_only=True):
    """Events as they come: the number of the last one, and whether the record has ended and these are all."""

    events: list[EventView]
    last: int
    is_over: bool


class RecordInput(msgspec.Struct, frozen=True, kw_only=True):
    """A record."""

    record_id: str


class Cancelling(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A record that is asked to turn back, in the status it has."""

    record_id: str
    status: str


@operation("manciple:ListEvents")
def list_record_events(context: Context, input: ListEventsInput) -> EventPage:
    """A page of a record's events. Raises ResourceNotFoundException, InvalidParametersException."""
    find_record(context, input.record_id)
    scope = ["events", input.record_id]
    after = _place(context, scope, input.page_token) if input.page_token else input.after
    found = list_events(context.tx, input.record_id, after=after, limit=input.size + 1)
    page = found[: input.size]
    token = write_token(context, scope, page[-1].number) if len(found) > input.size else msgspec.UNSET
    return EventPage(events=[_view(event) for event in page], next_page_token=token)


@operation("manciple:FollowEvents")
def follow_record_events(context: Context, input: ListEventsInput) -> EventTail:
    """The events that came after a number. Raises ResourceNotFoundException."""
    record = find_record(context, input.record_id)
    found = list_events(context.tx, input.record_id, after=input.after, limit=input.size)
    return EventTail(
        events=[_view(event) for event in found],
        last=found[-1].number if found else input.after,
        is_over=record.status in _ENDED and len(found) < input.size,
    )


@operation("manciple:CancelRecord", writes=True)
def cancel_record(context: Context, input: RecordInput) -> Cancelling:
    """Ask a running record to turn back; accepted before it commits.

    Raises ResourceNotFoundException, InvalidStateException.
    """
    record = find_record(context, input.record_id)
    request_cancel(context.tx, *context.owner, record.id)
    context.wake(record.id)
    return Cancelling(record_id=record.id, status=record.status)


def number_of(event_id: str) -> int:
    """The number of the event that an id names. Raises InvalidParametersException."""
    number = event_id.rpartition("-")[2]
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise InvalidParametersException(f"{event_id[:200]} is no EventId; resume with one that this list gave.")
    return int(number)


def _place(context: Context, scope: list[str], token: str) -> int:
    try:
        return int(read_token(context, scope, token))
    except ValueError as error:
        raise InvalidParametersException(
            "The page token is not one that this list gave; start again without one."
        ) from error


def _view(event: Event) -> EventView:
    return EventView(
        event_id=event.id,
        timestamp=event.timestamp / 1000,
        stack_path=event.path,
        logical_resource_id=event.logical_id,
        physical_resource_id=event.physical_id or "",
        resource_type=event.type,
        resource_status=event.status,
        resource_status_reason=event.reason,
    )
