"""A load client: keep-alive connections over which requests that were made beforehand go out one after the other."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import NamedTuple, cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Load(NamedTuple):
    """What was answered within how many seconds."""

    requests: int
    seconds: float


class UnexpectedAnswerError(Exception):
    """An answer was no 200, or a connection broke."""


def drive(
    address: tuple[str, int], requests: Sequence[bytes], *, connections: int, seconds: float, most: int
) -> Load:
    """Send the requests in turn for that time, at most that many, and count the answers.

    Raises UnexpectedAnswerError at the first answer that is not 200.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_drive(address, requests, connections, seconds, most))


async def _drive(
    address: tuple[str, int], requests: Sequence[bytes], connections: int, seconds: float, most: int
) -> Load:
    loop = asyncio.get_running_loop()
    source = islice(cycle(requests), most)
    begun = time.perf_counter()
    opened = [
        await loop.create_connection(lambda: _Connection(source, begun + seconds, loop.create_future()), *address)
        for _ in range(connections)
    ]
    clients = [cast(_Connection, protocol) for _, protocol in opened]
    await asyncio.gather(*(client.done for client in clients))
    elapsed = time.perf_counter() - begun
    return Load(sum(client.answered for client in clients), elapsed)


class _Connection(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last has come."""

    def __init__(self, source: Iterator[bytes], deadline: float, done: "asyncio.Future[None]") -> None:
        self.answered = 0
        self.done = done
        self._source = source
        self._deadline = deadline
        self._received = b""

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
            self._received = b""
            self.answered += 1
            self._send_next()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("the server closed the connection")

    def _send_next(self) -> None:
        request = next(self._source, None)
        if request is None or time.perf_counter() > self._deadline:
            self.done.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(UnexpectedAnswerError(reason))
            self._transport.abort()
