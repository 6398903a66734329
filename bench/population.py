"""Provisioned products by the thousand, written straight into a server's database: launching them would take hours.

They look like those of a busy account: a hundred products, a thousand people, a few statuses, tags, two records each.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from bench.catalog import REGION
from bench.servers import ACCOUNT, ARN
from manciple.app import open_store
from manciple.catalog import search_terms
from manciple.catalog.entities import ProvisionedProduct, Record
from manciple.catalog.ids import format_id, launch_path_id, provisioned_product_arn, stack_name
from manciple.settings import load
from manciple.store import terms
from manciple.store.database import Transaction
from manciple.store.rows import RECORDS
from manciple.store.tables.catalog import PROVISIONED_PRODUCT, TERM, TERM_COUNT

BATCH = 2000
PRODUCTS = 100
PEOPLE = 1000
TEAMS = 40
FIRST_TIME = 1_600_000_000_000
_STATUSES = ("AVAILABLE",) * 17 + ("TAINTED", "ERROR", "UNDER_CHANGE")
_SPREAD = 0x9E3779B97F4A7C15
"""An odd number that scatters what is counted up, so that ids come in no order."""


def fill(data: Path, number: int) -> None:
    """Write so many provisioned products with their records, and the index of terms as a whole behind them.

    The terms' secondary indexes are made at the end: row by row they would take most of the time.
    """
    with open_store(load({"data": data}, {}).settings) as store, store.database.write() as tx:
        later = list(TERM.indexes)
        for one in later:
            one.drop(tx.connection)
        for first in range(0, number, BATCH):
            numbers = range(first, min(first + BATCH, number))
            products = [provisioned_product(one) for one in numbers]
            tx.execute(sa.insert(PROVISIONED_PRODUCT), [msgspec.structs.asdict(product) for product in products])
            RECORDS.insert(tx, *(record for one in numbers for record in records(one)))
            tx.driver.executemany(_INSERT_TERM, (row for product in products for row in _terms(product)))
        for one in later:
            one.create(tx.connection)
        _count_terms(tx)


_COLUMNS = ("account", "region", "kind", "field", "term", "created_time", "id")
_INSERT_TERM = f"INSERT INTO term ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


def _terms(product: ProvisionedProduct) -> Iterator[tuple[Any, ...]]:
    """The rows of one product in the index of terms."""
    for field, term in {(field, terms.normal(term)) for field, term in search_terms.terms_of(product)}:
        yield ACCOUNT, REGION, search_terms.KIND, field, term, product.created_time, product.id


def _count_terms(tx: Transaction) -> None:
    """Count the terms that the index keeps the numbers of, and the products."""
    key = (TERM.c.account, TERM.c.region, TERM.c.kind, TERM.c.field, TERM.c.term)
    shared = sa.select(*key, sa.func.count()).where(TERM.c.field.in_(search_terms.COUNTED)).group_by(*key)
    tx.execute(sa.insert(TERM_COUNT).from_select([*_COLUMNS[:5], "number"], shared))
    total = tx.scalar(sa.select(sa.func.count()).select_from(PROVISIONED_PRODUCT))
    everything = {"field": terms.EVERY, "term": "", "number": total}
    owner = {"account": ACCOUNT, "region": REGION, "kind": search_terms.KIND}
    tx.execute(sa.insert(TERM_COUNT), owner | everything)


def id_of(prefix: str, number: int) -> str:
    """The id of the thing with this number."""
    return format_id(prefix, (number + 1) * _SPREAD)


def name_of(number: int) -> str:
    """The name of a provisioned product, in no order either."""
    return f"service-{id_of('x', number)[2:10]}-{number}"


def person(number: int) -> str:
    """Who launched it; every tenth is the caller of the benchmark."""
    return f"arn:aws:iam::{ACCOUNT}:root" if number % 10 == 0 else f"{ARN}-{number % PEOPLE}"


def provisioned_product(number: int) -> ProvisionedProduct:
    """The provisioned product with this number."""
    own_id, name = id_of("pp", number), name_of(number)
    product, path = id_of("prod", number % PRODUCTS), launch_path_id(id_of("port", 0))
    return ProvisionedProduct(
        account=ACCOUNT,
        region=REGION,
        id=own_id,
        name=name,
        arn=provisioned_product_arn(ACCOUNT, REGION, name, own_id),
        status=_STATUSES[number % len(_STATUSES)],  # type: ignore[arg-type]
        created_time=FIRST_TIME + number,
        idempotency_token=id_of("token", number),
        product_id=product,
        product_name=f"Product {number % PRODUCTS}",
        provisioning_artifact_id=id_of("pa", number % PRODUCTS),
        provisioning_artifact_name=f"v{number % 7}",
        path_id=path,
        user_arn=person(number),
        user_arn_session=person(number),
        physical_id=f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack_name(ACCOUNT, own_id)}/{number:032x}",
        tags={
            "team": f"team-{number % TEAMS}",
            "aws:servicecatalog:productArn": f"arn:aws:catalog:{REGION}:{ACCOUNT}:product/{product}",
            "aws:servicecatalog:provisioningPrincipalArn": person(number),
            "aws:servicecatalog:provisionedProductArn": provisioned_product_arn(ACCOUNT, REGION, name, own_id),
        },
        last_record_id=id_of("rec", 2 * number + 1),
        last_provisioning_record_id=id_of("rec", 2 * number + 1),
        last_successful_provisioning_record_id=id_of("rec", 2 * number + 1),
    )


def records(number: int) -> Iterator[Record]:
    """The launch of a provisioned product, and an update."""
    for which, kind in enumerate(("PROVISION_PRODUCT", "UPDATE_PROVISIONED_PRODUCT")):
        yield Record(
            account=ACCOUNT,
            region=REGION,
            id=id_of("rec", 2 * number + which),
            type=kind,
            status="SUCCEEDED",
            created_time=FIRST_TIME + number + which,
            updated_time=FIRST_TIME + number + which,
            provisioned_product_id=id_of("pp", number),
            provisioned_product_name=name_of(number),
            product_id=id_of("prod", number % PRODUCTS),
            provisioning_artifact_id=id_of("pa", number % PRODUCTS),
            path_id=launch_path_id(id_of("port", 0)),
            user_arn=person(number),
            user_arn_session=person(number),
        )
