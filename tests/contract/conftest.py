"""A real server on loopback, on each database, and real clients for accounts of the test's own.

One server a session and database: accounts are strictly apart, so every test takes a new one and is alone.
"""

import gzip
import itertools
import json
import random
import socket
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore
import botocore.loaders
import botocore.session
import pytest
from botocore.config import Config

from manciple.app import Server
from manciple.settings import load
from tests.contract import publishing, requests

REGION = "eu-west-1"
MODEL = Path(botocore.__file__).parent / "data" / "servicecatalog" / "2015-12-10"

_accounts = (f"{number:012d}" for number in itertools.count(random.randrange(10**11, 10**12 - 10**9)))


def serve(url: str, directory: Path, /, **flags: Any) -> Iterator[Server]:
    settings = load(
        {"port": 0, "database": url, "data": str(directory), "secret_key_file": str(_key(directory)), **flags}, {}
    ).settings
    server = Server(settings)
    server.start()
    yield server
    server.stop()


def _key(directory: Path) -> Path:
    file = directory / "secret.key"
    file.write_text("17" * 32)
    return file


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on SQLite."""
    directory = tmp_path_factory.mktemp("sqlite")
    yield from serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory)


@pytest.fixture(scope="session")
def postgresql_server_of_ours(postgresql_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on PostgreSQL."""
    with postgresql_server.database() as url:
        port = _free_port()
        address = {"port": port, "public_url": f"http://127.0.0.1:{port}"}
        yield from serve(url, tmp_path_factory.mktemp("postgresql"), **address)


@pytest.fixture(scope="session")
def sigv4_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that verifies signatures."""
    directory = tmp_path_factory.mktemp("sigv4")
    yield from serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, auth="sigv4")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Server:
    """A running server, on each database that Manciple runs on."""
    name = {"sqlite": "sqlite_server", "postgresql": "postgresql_server_of_ours"}[request.param]
    found: Server = request.getfixturevalue(name)
    return found


@pytest.fixture(scope="session")
def cbor_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data path in which Service Catalog speaks no protocol but CBOR."""
    path = tmp_path_factory.mktemp("models")
    folder = path / "servicecatalog" / "2015-12-10"
    folder.mkdir(parents=True)
    model = json.loads(gzip.decompress((MODEL / "service-2.json.gz").read_bytes()))
    model["metadata"] |= {"protocol": "smithy-rpc-v2-cbor", "protocols": ["smithy-rpc-v2-cbor"]}
    (folder / "service-2.json").write_text(json.dumps(model))
    return path


@pytest.fixture(scope="session")
def sessions(cbor_models: Path) -> dict[str, boto3.Session]:
    """A session for each protocol."""
    cbor = botocore.session.Session()
    cbor.register_component("data_loader", _loader(cbor_models))
    return {"json": boto3.Session(), "smithy-rpc-v2-cbor": boto3.Session(botocore_session=cbor)}


def _loader(first: Path) -> botocore.loaders.Loader:
    loader = botocore.loaders.Loader(include_default_search_paths=False)
    loader.search_paths[:] = [str(first), botocore.loaders.Loader.BUILTIN_DATA_PATH]
    return loader


@pytest.fixture
def account() -> str:
    """An account that nobody else uses."""
    return next(_accounts)


def client_of(
    server: Server, service: str, account: str, region: str = REGION, *, session: boto3.Session | None = None
) -> Any:
    """A boto3 client of a service for an account in open mode; it never retries."""
    make: Any = session.client if session else boto3.client  # its stubs overload on literal names of services
    return make(
        service,
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


@pytest.fixture
def make_client(server: Server, account: str) -> Callable[..., Any]:
    """Makes boto3 clients: `make_client("s3")`, for the test's account unless another is named."""
    return cache(lambda service, account=account, region=REGION: client_of(server, service, account, region))


@pytest.fixture
def catalog(make_client: Callable[..., Any]) -> Any:
    """A boto3 client of Service Catalog for the test's account."""
    return make_client("servicecatalog")


@pytest.fixture
def publish(make_client: Callable[..., Any]) -> Callable[..., publishing.Published]:
    """Publishes templates as the versions of a product that the test's caller can launch."""
    return lambda *templates, **names: publishing.publish(
        make_client("servicecatalog"), make_client("s3"), *templates, **names
    )


@pytest.fixture
def parties(server: Server) -> Any:
    """A hub with spokes in an organization (tests/contract/sharing.py)."""
    from tests.contract.sharing import gather

    return gather(server)


@pytest.fixture
def s3(server: Server, make_client: Callable[..., Any]) -> requests.Bucket:
    """A bucket of the test's account."""
    client = make_client("s3")
    client.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": REGION})
    return requests.Bucket(client, "templates", server.url)
