"""Fixtures that every kind of test may use: databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres


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
