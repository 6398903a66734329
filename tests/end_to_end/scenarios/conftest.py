"""A server of its own for each target; a target whose parts are missing skips by name."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests import peers
from tests.end_to_end.scenarios.cloud_control import open_cloud_control
from tests.end_to_end.scenarios.cloudformation import open_ministack, open_moto
from tests.end_to_end.scenarios.external import open_external
from tests.end_to_end.scenarios.postgresql import open_postgresql
from tests.end_to_end.scenarios.served import Served
from tests.end_to_end.scenarios.stack import open_stack
from tests.end_to_end.scenarios.target import Target
from tests.end_to_end.scenarios.terraform import open_terraform
from tests.end_to_end.scenarios.trial import Trial

TARGETS: dict[str, Callable[[Path], AbstractContextManager[Any]]] = {
    "stack": open_stack,
    "cloudformation-moto": open_moto,
    "cloudformation-ministack": open_ministack,
    "terraform": open_terraform,
    "external": open_external,
    "postgresql": open_postgresql,
    "cloud_control": open_cloud_control,
}
"""Every target, and how what it needs is started."""

KILLED_ALWAYS = ("stack", "terraform")
"""Whose servers are killed in every run of the suite; the others' in the long one: each has deaths of its own tests."""

_accounts = (f"{number:012d}" for number in itertools.count(random.randrange(10**11, 10**12 - 10**9)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave deaths on most targets to the long suite, for the sake of its length."""
    for item in items:
        is_ours = Path(__file__).parent in item.path.parents
        if is_ours and "_killed_" in item.name and not item.name.endswith(tuple(f"[{one}]" for one in KILLED_ALWAYS)):
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Each target."""
    try:
        with TARGETS[request.param](tmp_path_factory.mktemp(request.param)) as found:
            yield found
    except peers.PeerMissingError as missing:
        pytest.skip(f"{request.param}: {missing}")


@pytest.fixture(scope="module")
def served(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server that deploys onto the target."""
    server = Served(tmp_path_factory.mktemp("served"), target.settings, target.environment)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def account() -> str:
    """An account that nobody else uses."""
    return next(_accounts)


@pytest.fixture
def trial(target: Target, served: Served, account: str) -> Trial:
    """The scenarios' product, published in an account of the test's own."""
    return Trial.of_things(target, served, account)
