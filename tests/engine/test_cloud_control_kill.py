"""A real worker, really killed while a Cloud Control API works for it: nothing is made twice, nothing is forgotten."""

import random
import time
from typing import Any

import pytest

from tests.cloud_control import There
from tests.engine.test_kill import ROUNDS, worker
from tests.engine.worlds import open_world, template

pytestmark = pytest.mark.usefixtures("aws_credentials")


def resources(number: int) -> dict[str, Any]:
    """Things with names and without, each after another."""
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"group-{number}"}}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": str(number)}}
    return {"G": group, "Q": queue, "R": {**queue, "DependsOn": "G"}, "S": {**queue, "DependsOn": ["Q", "R"]}}


def test_a_worker_killed_again_and_again_makes_nothing_twice(sqlite_url: str, there: There) -> None:
    settings: dict[str, Any] = {
        "providers.cloud_control.endpoint": there.url,
        "providers.cloud_control.poll_seconds": 0.02,
    }
    chance = random.Random(7)
    there.tell(polls=4)
    with open_world(sqlite_url, **settings) as world:
        ids = []
        for number in range(ROUNDS):
            ids.append(world.submit(template(resources(number)), product=f"pp-{number:013d}"))
            with worker(sqlite_url, **settings):
                time.sleep(chance.uniform(0, 1.2))

        with worker(sqlite_url, **settings):
            world.wait_until_done(*ids, seconds=120)

        reasons = [world.operation(one).reason for one in ids]

    queues = [properties["DelaySeconds"] for properties in there.resources("AWS::SQS::Queue").values()]
    assert reasons == [None] * ROUNDS
    assert sorted(queues) == sorted([*range(ROUNDS)] * 3)
    assert len(there.resources("AWS::Logs::LogGroup")) == ROUNDS
