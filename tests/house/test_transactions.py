"""An open write transaction holds nothing up: no socket is used and nothing is evaluated inside one.

The interpreter's profiler watches every thread of a server while products are planned, launched, updated and
terminated, and while plans and launches fail. SQLite is enough: this code is the same on both databases.
"""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from manciple.settings import load as load_settings
from manciple.store.database import Database, Transaction
from manciple.template.change_set.compare import change_set
from manciple.template.evaluate import evaluate, resolve
from manciple.template.load import load, read
from tests.contract.conftest import client_of
from tests.contract.publishing import publish
from tests.contract.raw import send

TOPIC = """
Parameters:
  Size: {Type: "AWS::SSM::Parameter::Value<String>", Default: /size}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {%s}}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Topic.TopicName}-queue"}}
Outputs:
  Topic: {Value: !Ref Topic}
"""

WRITE: CodeType = Database.write.__wrapped__.__code__  # type: ignore[attr-defined]
TALKING = {"connect", "connect_ex", "send", "sendall", "recv", "recv_into"}
EVALUATING = {function.__code__ for function in (load, read, evaluate, resolve, change_set)}


class Watch:
    """Watches all threads that are started from now on."""

    def __init__(self) -> None:
        self.inside: set[str] = set()
        self.outside: set[str] = set()
        self.transactions = 0
        self._thread = threading.local()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch this thread, and all that start, until the block ends."""
        threading.setprofile(self.see)
        sys.setprofile(self.see)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def see(self, frame: FrameType, event: str, argument: Any) -> None:
        """The profiler's hook: calls of Python and C functions, and returns."""
        if event == "return" and frame.f_code is WRITE:
            self._thread.is_writing = isinstance(argument, Transaction)  # what `write` yields, or None at its end
            self.transactions += isinstance(argument, Transaction)
        elif event == "call" and frame.f_code in EVALUATING:
            self._note(frame.f_code.co_name)
        elif event == "c_call" and argument.__name__ in TALKING and isinstance(argument.__self__, socket.socket):
            self._note(argument.__name__)

    def _note(self, name: str) -> None:
        (self.inside if getattr(self._thread, "is_writing", False) else self.outside).add(name)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[], Server]]:
    """Starts a server."""
    started = []

    def start() -> Server:
        server = Server(load_settings({"port": 0, "data": str(tmp_path / "data"), "log_level": "error"}, {}).settings)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


def live(server: Server) -> None:
    """A product's whole life, and what can go wrong in it."""
    catalog, s3 = client_of(server, "servicecatalog", "123456789012"), client_of(server, "s3", "123456789012")
    published = publish(catalog, s3, TOPIC % "", TOPIC % "TopicName: named", TOPIC % "TopicName: !Ref Size")
    given: dict[str, Any] = {"ProvisioningParameters": [{"Key": "Size", "Value": "/size"}]}
    assert published.plan("failing", **given)["ProvisionedProductPlanDetails"]["Status"] == "CREATE_FAILED"
    put_parameter(server)
    for version in range(3):
        planned = published.plan("planned", version, **given)["ProvisionedProductPlanDetails"]
        assert published.execute(planned["PlanId"])["RecordDetail"]["Status"] == "SUCCEEDED"
    assert published.launch("clashing", 1, **given)["RecordDetail"]["Status"] == "SUCCEEDED"
    assert published.launch("clashes", 1, **given)["RecordDetail"]["Status"] == "FAILED"
    for name in ("planned", "clashing"):
        ended = catalog.terminate_provisioned_product(ProvisionedProductName=name, TerminateToken=str(uuid4()))
        published.wait_for_record(ended["RecordDetail"]["RecordId"])


def put_parameter(server: Server) -> None:
    """Make the SSM parameter that the template reads."""
    headers = {"X-Manciple-Account": "123456789012", "X-Manciple-Region": "eu-west-1"}
    body = b'{"parameters": {"/size": "large"}}'
    answer = send(server, "PUT", "/_manciple/sandbox/environment", headers, body)
    assert answer.status == 200, answer.body


def test_no_socket_and_no_evaluation_inside_an_open_write_transaction(serve: Callable[[], Server]) -> None:
    watch = Watch()

    with watch.watching():
        live(serve())

    assert watch.transactions > 20
    assert watch.outside >= {"load", "evaluate", "resolve", "change_set", "connect"}
    assert watch.inside == set()


def test_the_watch_sees_what_happens_inside_a_transaction(sqlite_url: str) -> None:
    watch, database = Watch(), Database(sqlite_url)

    with watch.watching():
        with database.write():
            read("{}")
        read("{}")
    database.close()

    assert (watch.inside, watch.outside) == ({"read"}, {"read"})
