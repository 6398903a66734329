"""The process may die at any point of asking an engine: there is one token, one message that counts, one record."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from manciple.app import Server, Store, make_providers
from manciple.engine.memory import Memory
from manciple.engine.parameter_parsers.parser import ParameterParsers
from manciple.engine.probe import NoProbe, Probe
from manciple.engine.reconcile import Done, Engine
from manciple.engine.slice import Parts
from manciple.engine.targets.external import ExternalTarget
from manciple.engine.targets.target import Wake
from manciple.settings.sections import External
from manciple.store.database import Database
from manciple.store.objects import Objects
from manciple.store.sealed import Seal
from manciple.store.tables.engine import OPERATION
from manciple.store.tables.queues import QUEUED_MESSAGE
from manciple.store.tables.workflows import WORKFLOW
from tests import peers
from tests.contract.conftest import client_of, serve
from tests.contract.engines import body_of, publish_external, start, take, tell
from tests.contract.publishing import Published
from tests.engine.test_crash import CrashError, Crashing

QUEUE = "ServiceCatalogExternalProvisionOperationQueue"
MOST = 40
ACCOUNT = "123456789012"


class World:
    """A server that accepts, and engines on its database that carry out and die."""

    def __init__(self, server: Server, settings: External) -> None:
        self.server = server
        self.settings = settings
        self.database = Database(server.settings.database or "")
        self._objects = Objects(Seal(bytes.fromhex("17" * 32)))
        self._pool = ThreadPoolExecutor(2)
        self.catalog = client_of(server, "servicecatalog", ACCOUNT, peers.REGION)
        s3 = client_of(server, "s3", ACCOUNT, peers.REGION)
        self.product: Published = publish_external(self.catalog, s3, ACCOUNT)

    def new_engine(self, probe: Probe | None = None) -> Engine:
        """An engine as another process has one."""
        parts = Parts(
            database=self.database,
            objects=self._objects,
            providers=make_providers(self.server.settings, Store(self.database, self._objects)),
            pool=self._pool,
            public_url=self.server.url,
            probe=probe or NoProbe(),
        )
        return Engine(
            parts, {"external": ExternalTarget(self.settings, ParameterParsers((), self.server.settings))}, Memory(0)
        )

    def run(self, record_id: str, probe: Probe | None = None) -> Wake | Done:
        """Run slices until the operation waits long, or is done; after each death go on with another engine."""
        while True:
            try:
                answer = self.new_engine(probe).reconcile(record_id)
            except CrashError:
                self._pass_time(record_id)
                continue
            if isinstance(answer, Done) or answer.at > self._now() + 3_600_000:
                return answer
            self._pass_time(record_id)

    def _pass_time(self, record_id: str) -> None:
        with self.database.write() as tx:
            tx.execute(sa.update(OPERATION).where(OPERATION.c.id == record_id).values(lease=0, not_before=1))

    def _now(self) -> int:
        with self.database.read() as tx:
            return tx.now()

    def count(self, table: sa.Table) -> int:
        """How many rows there are."""
        with self.database.read() as tx:
            return int(tx.scalar(sa.select(sa.func.count()).select_from(table)))

    def close(self) -> None:
        """Let go of everything."""
        self._pool.shutdown()
        self.database.close()


@pytest.fixture
def open_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes a world on SQLite."""
    worlds: list[World] = []
    rules: dict[str, Any] = {"targets.rules": [{"target": "external"}]}
    servers = serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, execute=False, **rules)
    server = next(servers)

    def make(**settings: Any) -> World:
        worlds.append(World(server, External(**settings)))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()
    next(servers, None)


def test_a_death_at_any_point_asks_once_and_hears_the_answer(open_world: Callable[..., World]) -> None:
    world = open_world()
    sqs = client_of(world.server, "sqs", ACCOUNT, peers.REGION)
    for death in range(MOST):
        record_id = start(world.product, f"mine-{death}")
        probe = Crashing(death)
        world.run(record_id, probe)
        asked = len(probe.reached)
        message = take(sqs, QUEUE, VisibilityTimeout=0)
        tell(world.catalog, body_of(message))
        ended = world.run(record_id, probe)

        record = world.catalog.describe_record(Id=record_id)["RecordDetail"]
        assert isinstance(ended, Done)
        assert record["Status"] == "SUCCEEDED"
        assert world.count(WORKFLOW) == death + 1
        assert world.count(QUEUED_MESSAGE) == 0
        if death >= len(probe.reached):
            break

    assert 0 < asked < MOST


@pytest.mark.usefixtures("aws_credentials")
def test_a_death_at_any_point_sends_the_same_message_elsewhere_at_least_once(
    open_world: Callable[..., World], moto_endpoint: str
) -> None:
    world = open_world(sqs_endpoint=moto_endpoint)
    sqs = peers.client_of(moto_endpoint, "sqs")
    url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    for death in range(MOST):
        record_id = start(world.product, f"mine-{death}")
        probe = Crashing(death)
        world.run(record_id, probe)
        bodies = received(sqs, url)
        tell(world.catalog, json.loads(bodies[0]))
        world.run(record_id)

        record = world.catalog.describe_record(Id=record_id)["RecordDetail"]
        assert record["Status"] == "SUCCEEDED"
        assert len(set(bodies)) == 1
        assert json.loads(bodies[0])["recordId"] == record_id
        assert world.count(QUEUED_MESSAGE) == 0
        if death >= len(probe.reached):
            break

    assert len(bodies) == 1


def received(sqs: Any, url: str) -> list[str]:
    """What was sent, taken out of the queue."""
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for one in messages:
            found.append(one["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return found


@pytest.mark.usefixtures("aws_credentials")
def test_a_queue_that_is_not_there_fails_the_record_by_name(
    open_world: Callable[..., World], moto_endpoint: str
) -> None:
    world = open_world(sqs_endpoint=moto_endpoint)
    record_id = terraform(world)

    world.run(record_id)

    record = world.catalog.describe_record(Id=record_id)["RecordDetail"]
    queue = "ServiceCatalogTerraformCloudProvisionOperationQueue"
    assert record["Status"] == "FAILED"
    assert record["RecordErrors"][0]["Description"].startswith(
        f"The queue {queue} of account {ACCOUNT} at {moto_endpoint} does not take messages: "
    )
    assert world.count(QUEUED_MESSAGE) == 0


def terraform(world: World) -> str:
    """A launch of a product of another type, whose queue nobody made."""
    s3 = client_of(world.server, "s3", ACCOUNT, peers.REGION)
    return start(publish_external(world.catalog, s3, ACCOUNT, kind="TERRAFORM_CLOUD"), "other")


@pytest.mark.usefixtures("aws_credentials")
def test_an_endpoint_that_is_away_is_tried_again_until_the_time_out(open_world: Callable[..., World]) -> None:
    world = open_world(sqs_endpoint="http://127.0.0.1:9", timeout_seconds=0.5)
    record_id = start(world.product)

    world.run(record_id)

    record = world.catalog.describe_record(Id=record_id)["RecordDetail"]
    assert record["Status"] == "FAILED"
    assert record["RecordErrors"][0]["Description"].startswith("SQS took no message before the time-out: ")
