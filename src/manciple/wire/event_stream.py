"""A record's events as server-sent events, until the record has ended.

Each event's `id` is its EventId and its `data` the same object that the list holds. A client that was cut off sends the
last id as `Last-Event-ID` and goes on behind it (HTML standard, "Server-sent events").
"""

import asyncio
from concurrent.futures import Executor
from typing import Any

import msgspec

from manciple.operations.call import Caller
from manciple.operations.own.records import ListEventsInput, number_of
from manciple.wire.calls import Calls
from manciple.wire.faults import REQUEST_ID
from manciple.wire.messages import Receive, Request, Send
from manciple.wire.threads import in_thread

POLL_SECONDS = 0.5
SILENT_POLLS = 30
"""After so many polls without an event a comment is sent, so that nobody on the way takes the connection for dead."""


class EventStream:
    """The events of one record for one caller."""

    def __init__(self, calls: Calls, pool: Executor, caller: Caller, asked: ListEventsInput) -> None:
        self._calls = calls
        self._pool = pool
        self._caller = caller
        self._asked = asked

    async def send(self, request: Request, receive: Receive, send: Send) -> None:
        """Send events as they come. Raises what the first look raises, before anything is sent."""
        last = request.headers.get("last-event-id")
        tail = await self._tail(request, number_of(last) if last else 0)
        headers = [
            (REQUEST_ID, request.id.encode()),
            (b"Content-Type", b"text/event-stream"),
            (b"Cache-Control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await self._follow(request, tail, gone, send)
        finally:
            gone.cancel()

    async def _follow(self, request: Request, tail: Any, gone: "asyncio.Future[None]", send: Send) -> None:
        silent = 0
        while not gone.done():
            text = "".join(_written(event) for event in tail.events)
            silent = 0 if text else silent + 1
            if silent == SILENT_POLLS:
                text, silent = ":\n\n", 0
            if text:
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            if tail.is_over:
                await send({"type": "http.response.body"})
                return
            await asyncio.wait([gone], timeout=POLL_SECONDS if not tail.events else 0)
            tail = await self._tail(request, tail.last)

    async def _tail(self, request: Request, after: int) -> Any:
        asked = msgspec.structs.replace(self._asked, after=after)
        return await in_thread(self._pool, self._calls.call, "manciple:FollowEvents", self._caller, asked, request.id)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _written(event: Any) -> str:
    return f"id: {event.event_id}\ndata: {msgspec.json.encode(event).decode()}\n\n"
