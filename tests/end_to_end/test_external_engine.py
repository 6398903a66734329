"""The sample engine does a real job: a process of its own with nothing but boto3, against a running server."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from manciple.app import Server
from tests.contract.conftest import _free_port, client_of
from tests.contract.engines import body_of, publish_external, take, tell
from tests.contract.engines import start as start_launch
from tests.contract.publishing import Published
from tests.end_to_end.conftest import Start

ENGINE = Path(__file__).parents[2] / "examples" / "engine" / "engine.py"
QUEUE = "ServiceCatalogExternalProvisionOperationQueue"
PAGE = json.dumps({"files": {"index.html": "<h1>{title}</h1>", "about.txt": "about"}})
NEXT = json.dumps({"files": {"index.html": "<h2>{title}</h2>", "more.txt": "more"}})


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    return tmp_path / "sites"


@pytest.fixture
def start_engine(account: str, sites: Path, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the engine; whatever is left of it is ended."""
    started: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "engine.log").open("wb")

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, str(ENGINE), str(sites)]
        started.append(subprocess.Popen(command, env=os.environ, stdout=log, stderr=subprocess.STDOUT))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()
    log.close()


@pytest.fixture
def product(server: Server, account: str) -> Published:
    catalog = client_of(server, "servicecatalog", account)
    broken = json.dumps({"files": {"index.html": "{nobody}"}})
    return publish_external(catalog, client_of(server, "s3", account), account, PAGE, NEXT, broken)


def title(text: str) -> dict[str, Any]:
    return {"ProvisioningParameters": [{"Key": "title", "Value": text}]}


def test_products_are_directories_from_launch_to_termination(
    product: Published, sites: Path, start_engine: Callable[[], Any]
) -> None:
    start_engine()

    launched = product.launch("site", **title("Hello"))
    home = Path(launched["RecordOutputs"][0]["OutputValue"])
    first = {file.name: file.read_text() for file in home.iterdir()}
    product.update("site", 1, **title("Bye"))
    second = {file.name: file.read_text() for file in home.iterdir()}
    failed = product.update("site", 2, **title("Bye"))
    tainted = product.describe("site")["Status"]
    ended = product.terminate("site")

    assert home.parent == sites
    assert first == {"index.html": "<h1>Hello</h1>", "about.txt": "about"}
    assert second == {"index.html": "<h2>Bye</h2>", "more.txt": "more"}
    assert failed["RecordDetail"]["RecordErrors"][0]["Description"] == "The engine said: KeyError: 'nobody'"
    assert tainted == "TAINTED"
    assert ended["RecordDetail"]["Status"] == "SUCCEEDED"
    assert not home.exists()


def test_an_engine_that_was_killed_over_its_work_does_it_again(
    server: Server, product: Published, account: str, start_engine: Callable[[], Any]
) -> None:
    sqs = client_of(server, "sqs", account)
    queue = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    record_id = product.catalog.provision_product(
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[0],
        ProvisionedProductName="site",
        ProvisionToken=str(uuid4()),
        **title("Hello"),
    )["RecordDetail"]["RecordId"]
    taken = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20, VisibilityTimeout=1)["Messages"]

    start_engine()

    assert len(taken) == 1
    assert product.wait_for_record(record_id)["RecordDetail"]["Status"] == "SUCCEEDED"


def test_a_server_that_was_killed_waits_for_the_same_answer_again(start: Start, tmp_path: Path, account: str) -> None:
    flags = ("--port", str(_free_port()), "--data", str(tmp_path / "data"))
    url = f"http://127.0.0.1:{flags[1]}"
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "any", "region_name": "eu-west-1"}
    make: Any = partial(boto3.client, endpoint_url=url, **keys)
    server = serve(start, *flags)
    product = publish_external(make("servicecatalog"), make("s3"), account, PAGE)
    record_id = start_launch(product)
    before = take(make("sqs"), QUEUE, VisibilityTimeout=0)
    server.kill()
    server.wait()
    serve(start, *flags)
    after = take(make("sqs"), QUEUE)

    tell(make("servicecatalog"), body_of(before))

    assert after["Body"] == before["Body"]
    assert product.wait_for_record(record_id)["RecordDetail"]["Status"] == "SUCCEEDED"


def serve(start: Start, *flags: str) -> subprocess.Popen[str]:
    """A server in a process of its own, ready."""
    server = start("serve", *flags)
    assert server.stdout
    assert server.stdout.readline()
    return server
