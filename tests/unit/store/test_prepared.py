"""A row found by its key through SQLite's driver is the row that SQLAlchemy finds, and so on PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import pytest

from manciple.catalog.entities import AccessKey, Portfolio, Record
from manciple.store import schema
from manciple.store.database import Database
from manciple.store.rows import ACCESS_KEYS, PORTFOLIOS, RECORDS, Rows

ACCOUNT, REGION = "111122223333", "eu-west-1"
PORTFOLIO = Portfolio(
    account=ACCOUNT,
    region=REGION,
    id="port-1",
    display_name="n",
    provider_name="p",
    tags={"team": "Zürich"},
    created_time=1,
)
KEY = AccessKey(id="AKIA", account="1", arn="arn", sealed_secret=b"\x00\xff", is_operator=True, created_time=2)
RECORD = Record(
    account=ACCOUNT,
    region=REGION,
    id="rec-1",
    type="PROVISION_PRODUCT",
    status="SUCCEEDED",
    created_time=1_536_221_931_782,
    updated_time=4,
    provisioned_product_id="pp-1",
    provisioned_product_name="one",
    product_id="prod-1",
    provisioning_artifact_id="pa-1",
    path_id="lpv3-1",
    user_arn="arn",
    user_arn_session="arn",
    outputs=({"OutputKey": "Address", "OutputValue": "a", "Description": None},),
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    schema.upgrade(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("rows", "entity"), [(PORTFOLIOS, PORTFOLIO), (ACCESS_KEYS, KEY), (RECORDS, RECORD)], ids=lambda each: str(each)[:9]
)
def test_a_row_of_every_type_of_column_is_found_by_its_key_as_it_was_written(
    database: Database, rows: Rows[Any], entity: AccessKey | Portfolio | Record
) -> None:
    key = [getattr(entity, name) for name in rows.key]
    with database.write() as tx:
        rows.insert(tx, entity)

    with database.read() as tx:
        found, selected = rows.get(tx, *key), rows.find(tx)

    assert (found, selected) == (entity, [entity])


def test_a_key_that_no_row_has_finds_nothing(database: Database) -> None:
    with database.read() as tx:
        found = PORTFOLIOS.get(tx, ACCOUNT, REGION, "port-0")

    assert found is None
