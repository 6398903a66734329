"""An endpoint that an operator has named may be slow; it cannot hold up whoever asks it for ever."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from manciple.engine.providers.endpoint import Endpoint, Unreachable

PAUSE = 0.02


@pytest.fixture
def trickling() -> Iterator[str]:
    """The address of a server that answers with a byte now and then and never ends."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(trickle, server)
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def trickle(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.settimeout(PAUSE)
        while not has_gone(connection):
            connection.sendall(b"{")


def has_gone(connection: socket.socket) -> bool:
    """Has the other side ended the connection? Waits a moment for it."""
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False


def test_an_answer_that_trickles_in_without_an_end_is_given_up(trickling: str) -> None:
    endpoint = Endpoint(seconds=10 * PAUSE, name="The endpoint of the macro", longest=10**6)

    with pytest.raises(Unreachable, match="The endpoint of the macro cannot be reached: TimeoutError"):
        endpoint.ask(trickling, b"{}", {})
