"""One call of a handler that works through Cloud Control, and what it has to remember until the next one.

What is remembered is the callback context: it is written before the next call, so whoever goes on after a death asks
again under the same client token, or for the same request, and nothing is made twice.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

from manciple.engine.cloud_control.calls import Api, Busy, Json, Refused
from manciple.engine.providers.provider import HandlerRequest, ProgressEvent
from manciple.template.resource_schemas import ResourceSchema, schema_of

ORIGIN = "cloud_control"
_REQUEST = "cloud-control-request/"
"""How the id begins that a resource has until its own is known; what follows is the token of the request to make it."""

_TRIES = 12
"""So often in a row a call may be left without an answer: with pauses up to a minute, for some ten minutes."""

_LONGEST_PAUSE = 60_000
_LONGEST_WAIT = 300_000
"""The most of a RetryAfter that is heeded: an endpoint's clock may be wrong."""


class Course(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a handler remembers.

    `request` is the token of the request under way, `attempt` counts those that failed and were made anew, `tries`
    calls in a row that led to nothing, `silences` those without an answer. `is_absent` says that nothing had the name
    before; `there` is the identifier of what is there by now and is only to be read.
    """

    request: str | None = None
    attempt: int = 0
    tries: int = 0
    silences: int = 0
    is_absent: bool = False
    there: str | None = None


class Turn:
    """A request to a handler, with the endpoint to carry it out. `poll` is in milliseconds."""

    def __init__(self, api: Api, request: HandlerRequest, poll: int) -> None:
        self.api = api
        self.request = request
        self.schema = schema_of(request.type) or ResourceSchema()
        self.course = msgspec.convert(request.callback_context or {}, Course)
        self._poll = poll

    @property
    def token(self) -> str:
        """The client token of the next request; a request that failed is answered so under its token for ever."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.request.token}#{self.course.attempt}"))

    def later(self, physical_id: str | None = None, *, after: Refused | None = None, delay: int = 0) -> ProgressEvent:
        """Go on at the next call: at once, after a delay, or after what kept us from going on, each time later."""
        if after is not None:
            self.course.tries += 1
            self.course.silences += not isinstance(after, Busy)
            if self.course.silences > _TRIES:
                return self.fail(after.code, after.message, physical_id)
            delay = min(self._poll << min(self.course.tries - 1, 16), _LONGEST_PAUSE)
        return ProgressEvent(
            status="IN_PROGRESS",
            physical_id=physical_id,
            is_initiated=physical_id is not None and made_by_request(physical_id) is None,
            callback_context=msgspec.to_builtins(self.course),
            delay_ms=delay,
            origin=ORIGIN,
        )

    def wait_for(self, event: Json) -> ProgressEvent:
        """Ask again when the endpoint wants to be asked how far a request is.

        What is being made goes by its request until it is there, even if its name is known: to give it up is to give
        up the request, which would make it after a delete that found nothing.
        """
        self.course.request = event.get("RequestToken")
        self.course.tries = self.course.silences = 0
        known = None if self.request.action == "create" else event.get("Identifier")
        return self.later(known or f"{_REQUEST}{self.course.request}", delay=self._pause(event))

    def anew(self, physical_id: str | None = None) -> ProgressEvent:
        """Make another request in place of one that failed; each time later."""
        self.course.request = None
        self.course.attempt += 1
        return self.later(physical_id, delay=min(self._poll << self.course.attempt, _LONGEST_PAUSE))

    def fail(self, code: str, message: str, physical_id: str | None = None) -> ProgressEvent:
        """The end, without success: whatever could be tried again was."""
        return ProgressEvent(
            status="FAILED",
            physical_id=physical_id,
            error_code=code,
            message=f"Cloud Control said: {message}",
            is_final=True,
            origin=ORIGIN,
        )

    def done(self, **members: Any) -> ProgressEvent:
        """The end, with success."""
        return ProgressEvent(status="SUCCESS", origin=ORIGIN, **members)

    def _pause(self, event: Json) -> int:
        after = event.get("RetryAfter")
        wanted = (after - datetime.now(UTC)).total_seconds() * 1000 if isinstance(after, datetime) else 0
        return max(self._poll, min(int(wanted), _LONGEST_WAIT))


def made_by_request(physical_id: str | None) -> str | None:
    """The token of the request that was to make a resource whose own id is not known."""
    if physical_id is None or not physical_id.startswith(_REQUEST):
        return None
    return physical_id.removeprefix(_REQUEST)
