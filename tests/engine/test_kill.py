"""Real processes, really killed and stopped: every operation ends in its right state, nothing is done twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from manciple.engine.providers.faults import Fault
from manciple.store.tables.engine import OPERATION
from tests.engine.worlds import World, open_world, template, topic

ROUNDS = int(os.environ.get("MANCIPLE_CRASH_ROUNDS", "10"))
ROOT = Path(__file__).parent.parent.parent
LEASE = 500
GRAPH = {f"T{number}": topic(f"t{number}", *([f"T{number - 3}"] if number > 2 else [])) for number in range(12)}


class Worker:
    """A worker process."""

    def __init__(self, url: str, **settings: object) -> None:
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.victim", url, str(LEASE), json.dumps(settings)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def end(self) -> None:
        """Kill the process, if it lives, and wait for its end."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def worker(url: str, **settings: object) -> Iterator[Worker]:
    """A worker process that is gone afterwards."""
    found = Worker(url, **settings)
    try:
        yield found
    finally:
        found.end()


def named(product: str) -> dict[str, dict[str, object]]:
    """The graph with names of one product's own."""
    return {
        name: {**resource, "Properties": {**resource["Properties"], "TopicName": f"{product}-{name}"}}
        for name, resource in GRAPH.items()
    }


def accept(world: World, number: int) -> str:
    """Accept the launch of one more product."""
    product = f"pp-{number:013d}"
    return world.submit(template(named(product)), product=product)


def slow(world: World) -> None:
    """Let every creation take a while, so that there is something to interrupt."""
    world.fault(Fault(selector="AWS::SNS::Topic", action="create", delay_ms=40))


def test_a_worker_killed_again_and_again_loses_nothing_and_does_nothing_twice(sqlite_url: str) -> None:
    chance = random.Random(4)
    with open_world(sqlite_url) as world:
        slow(world)
        for number in range(ROUNDS):
            accept(world, number)
            with worker(sqlite_url):
                time.sleep(chance.uniform(0, 0.4))

        with worker(sqlite_url):
            world.wait_until_done(*(f"rec-{number + 1}" for number in range(ROUNDS)), seconds=60)

        world.check()
        assert [row.reason for row in world.rows(OPERATION) if row.reason is not None] == []
        assert len(world.names()) == ROUNDS * len(GRAPH)


def test_two_workers_on_one_postgresql_share_the_work_and_one_takes_over_when_the_other_is_killed(
    postgresql_url: str,
) -> None:
    with open_world(postgresql_url) as world:
        slow(world)
        with worker(postgresql_url) as first, worker(postgresql_url):
            ids = [accept(world, number) for number in range(8)]
            time.sleep(0.3)
            first.send(signal.SIGKILL)

            world.wait_until_done(*ids, seconds=60)

        world.check()
        assert len(world.names()) == 8 * len(GRAPH)


def test_a_worker_that_is_stopped_and_goes_on_after_its_lease_does_nothing_twice(postgresql_url: str) -> None:
    with open_world(postgresql_url) as world:
        slow(world)
        with worker(postgresql_url) as zombie:
            ids = [accept(world, number) for number in range(4)]
            time.sleep(0.15)
            zombie.send(signal.SIGSTOP)
            with worker(postgresql_url):
                time.sleep(LEASE / 1000 + 0.3)
                zombie.send(signal.SIGCONT)
                world.wait_until_done(*ids, seconds=60)

        world.check()
        assert len(world.names()) == 4 * len(GRAPH)


def break_connections(url: str) -> None:
    """End every connection to the database in the middle of what it does, as a restart of the database does."""
    ending = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(ending)


def test_a_database_that_breaks_every_connection_again_and_again_loses_nothing(postgresql_url: str) -> None:
    with open_world(postgresql_url) as world:
        slow(world)
        with worker(postgresql_url):
            ids = [accept(world, number) for number in range(6)]
            for _ in range(8):
                time.sleep(0.1)
                break_connections(postgresql_url)

            world.wait_until_done(*ids, seconds=60)

        world.check()
        assert [row.reason for row in world.rows(OPERATION) if row.reason is not None] == []
        assert len(world.names()) == 6 * len(GRAPH)
