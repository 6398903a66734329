"""Fixtures of the engine's tests."""

from collections.abc import Iterator

import pytest

from tests.engine.worlds import World, open_world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A world on each database."""
    with open_world(database_url) as found:
        yield found
