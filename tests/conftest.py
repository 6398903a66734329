"""Fixtures that every kind of test may use: databases."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cloud_control, peers, postgres


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgresql-fsync",
        action="store_true",
        help="start PostgreSQL with fsync on, as it runs in production",
    )


@pytest.fixture(scope="session")
def postgresql_server(request: pytest.FixtureRequest) -> Iterator[postgres.Server]:
    """A PostgreSQL server for the session (one for each xdist worker); without one its tests skip."""
    try:
        with postgres.running_server(fsync=request.config.getoption("--postgresql-fsync")) as server:
            yield server
    except postgres.PostgresMissingError as missing:
        pytest.skip(f"PostgreSQL: {missing}")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'manciple.sqlite'}"


@pytest.fixture
def postgresql_url(postgresql_server: postgres.Server) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of the test's own, on each database that Manciple runs on."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def moto_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of moto's server."""
    yield from _peer("moto", tmp_path_factory)


@pytest.fixture(scope="session")
def ministack_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ministack; without it its tests skip."""
    yield from _peer("ministack", tmp_path_factory)


def _peer(name: str, directories: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with peers.running_peer(name, directories.mktemp(name)) as url:
            yield url
    except peers.PeerMissingError as missing:
        pytest.skip(f"{name}: {missing}")


@pytest.fixture(params=["moto", "ministack"])
def cloudformation_endpoint(request: pytest.FixtureRequest) -> str:
    """The address of a CloudFormation that others wrote, each of two."""
    url: str = request.getfixturevalue(f"{request.param}_endpoint")
    return url


@pytest.fixture(scope="session")
def cloud_control_process() -> Iterator[cloud_control.There]:
    """Our own Cloud Control API for the session."""
    with cloud_control.running_endpoint() as there:
        yield there


@pytest.fixture
def there(cloud_control_process: cloud_control.There) -> cloud_control.There:
    """Our own Cloud Control API, with nothing in it."""
    cloud_control_process.reset()
    return cloud_control_process


@pytest.fixture
def aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials where the SDK looks for them first."""
    for name, value in peers.KEYS.items():
        monkeypatch.setenv(name, value)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: a third of the time tests wait for a database."""
    return (os.cpu_count() or 1) + 1
