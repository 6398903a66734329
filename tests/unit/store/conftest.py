"""A database with every table."""

from collections.abc import Iterator

import pytest

from manciple.store.database import Database
from manciple.store.metadata import METADATA
from manciple.store.objects import Objects
from manciple.store.sealed import Seal


@pytest.fixture
def seal() -> Seal:
    return Seal(b"k" * 32)


@pytest.fixture
def objects(seal: Seal) -> Objects:
    return Objects(seal)


@pytest.fixture
def made(sqlite_url: str) -> Iterator[Database]:
    """An empty database, its tables made; the contract tests run on each kind."""
    found = Database(sqlite_url)
    METADATA.create_all(found.engine)
    yield found
    found.close()
