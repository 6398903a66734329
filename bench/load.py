"""A load client: keep-alive connections over which requests that were made beforehand go out one after the other."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import NamedTuple, cast

import uvloop

_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Load(NamedTuple):
    """What was answered within how many seconds."""

    requests: int
    seconds: float


class UnexpectedAnswerError(Exception):
    """An answer was no 200, or a connection broke."""


def drive(address: tuple[str, int], requests: Sequence[bytes], *, connections: int, seconds: float, most: int) -> Load:
    """Send the requests in turn for that time, at most that many, and count the answers.

    Raises UnexpectedAnswerError at the first answer that is not 200.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_drive(address, requests, connections, seconds, most))


async def _drive(
    address: tuple[str, int], requests: Sequence[bytes], connections: int, seconds: float, most: int
) -> Load:
    source = _Source(islice(cycle(requests), most), seconds)
    begun = time.perf_counter()
    answered = await asyncio.gather(*(_send_all(address, source) for _ in range(connections)))
    return Load(sum(answered), time.perf_counter() - begun)


async def _send_all(address: tuple[str, int], source: "_Source") -> int:
    """Send until the source is empty, over a new connection whenever the server ends the old; count the answers."""
    loop = asyncio.get_running_loop()
    answered = 0
    while not source.is_empty:
        _, connection = await loop.create_connection(lambda: _Connection(source), *address)
        answered += await connection.done
    return answered


class _Source:
    """The requests still to be sent, and the time within which."""

    def __init__(self, requests: Iterator[bytes], seconds: float) -> None:
        self.is_empty = False
        self._requests = requests
        self._deadline = time.perf_counter() + seconds

    def take(self) -> bytes | None:
        """The next request, or None if there is none or the time is over."""
        request = next(self._requests, None) if time.perf_counter() < self._deadline else None
        self.is_empty = request is None
        return request


class _Connection(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last has come. `done` tells how many came."""

    def __init__(self, source: _Source) -> None:
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._source = source
        self._received = b""
        self._answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send_next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        announced = _LENGTH.search(self._received, 0, head)
        if announced is None or not self._received.startswith(b"HTTP/1.1 200"):
            self._fail(f"the server answered {self._received[:600]!r}")
        elif len(self._received) >= head + 4 + int(announced[1]):
            self._answered += 1
            self._end() if _CLOSE.search(self._received, 0, head) else self._send_next()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("the server closed the connection")

    def _send_next(self) -> None:
        self._received = b""
        if request := self._source.take():
            self._transport.write(request)
        else:
            self._end()

    def _end(self) -> None:
        self.done.set_result(self._answered)
        self._transport.abort()

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(UnexpectedAnswerError(reason))
            self._transport.abort()
