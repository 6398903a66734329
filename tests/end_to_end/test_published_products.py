"""AWS's own published Service Catalog products, launched, updated and terminated by boto3.

A few of what `make corpus` drives: networks with SSM and attribute lists, custom resources, code pipelines, Beanstalk,
provisioned products inside products. They lie in `../shared/corpus` beside the checkout.
"""

from collections.abc import Iterator

import pytest

from manciple.app import Server
from manciple.store.database import Database
from scripts.account import Account, World
from scripts.corpus import end, follow, launch, prepare
from scripts.published import CORPUS, Entry, chains, entries

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="published products: ../shared/corpus is absent")

PRODUCTS = {
    "network with endpoint": "0ecaa29d4459",
    "products inside a product": "8452ed29bd05",
    "code pipeline": "2cb6c56e7a5c",
    "tag options": "ad4fd1937ebc",
    "workshop environment": "836d52cfbdf1",
    "custom resources": "9e9ca4d35108",
    "networks": "7b6cbb935f0a",
}
CHAINS = {
    "code pipeline, four replaced": "2cb6c56e7a5c",
    "network, ten removed": "11af3d604efb",
    "beanstalk, two replaced": "6779e8f48d96",
    "notifier, parameter renamed": "1c524c940a31",
}


@pytest.fixture
def account(server: Server) -> Iterator[Account]:
    """An account of its own on the running server, and a view of the sandbox's world."""
    database = Database(f"sqlite:///{server.settings.data / 'manciple.sqlite'}")
    yield Account(World(server.url, database))
    database.close()


def found(among: list[Entry], id: str) -> Entry:
    return next(entry for entry in among if entry.id == id)


@pytest.mark.parametrize("id", PRODUCTS.values(), ids=PRODUCTS)
def test_a_published_product_launches_with_every_resource_and_output_and_terminates_to_nothing(
    account: Account, id: str
) -> None:
    launch(account, found(entries(), id))

    assert not account.world.things(account.id)


@pytest.mark.parametrize("id", CHAINS.values(), ids=CHAINS)
def test_a_published_product_updates_along_its_real_versions_as_their_differences_say(
    account: Account, id: str
) -> None:
    chain = found([entry for entry in chains() if entry.group.endswith("real")], id)
    prepare(account, chain)

    outcomes = [follow(account, chain, number) for number in range(1, len(chain.versions))]

    end(account, chain)
    assert "updated" in outcomes
    assert set(outcomes) <= {"updated", "nothing to change"}
