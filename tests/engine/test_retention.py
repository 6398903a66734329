"""What is old goes, and nothing that is named by a row."""

import hashlib
from io import BytesIO

import pytest

from manciple.engine.providers.faults import Fault
from manciple.engine.retention import sweep
from manciple.store.artifacts import UploadPart
from manciple.store.objects import BLOB
from manciple.store.rows import PROVISIONED_PRODUCTS
from manciple.store.tables.artifacts import OBJECT_CHUNK, UPLOAD, UPLOAD_PART
from manciple.store.tables.catalog import PROVISIONED_PRODUCT
from manciple.store.tables.engine import DEPENDENCY, EVENT, INSTANCE, OPERATION, STACK, STEP
from manciple.store.tables.sandbox import SANDBOX_LEDGER
from manciple.store.tables.terraform import TERRAFORM_STATE, TERRAFORM_STATE_VERSION
from manciple.store.tables.workflows import WORKFLOW
from manciple.store.terraform import keep_version, open_state
from manciple.store.uploads import UPLOADS, MultipartUpload, put_part
from manciple.store.workflows import add_workflow
from tests.engine.test_settlement import Catalog
from tests.engine.worlds import ACCOUNT, PRODUCT, REGION, World, template, topic

EVERYTHING = -60_000
"""Keep nothing that has ended: not even what ended a moment ago."""
YEARS = 10**11


@pytest.fixture
def catalog(world: World) -> Catalog:
    return Catalog(world)


def named(world: World) -> set[str]:
    """The blobs that rows of products, stacks and their operations name."""
    found = [
        *((row.digest, row.previous_digest) for row in world.rows(INSTANCE)),
        *((row.deployed_digest,) for row in world.rows(STACK)),
        *((row.request_digest, row.planned_digest) for row in world.rows(OPERATION)),
        *((row.parameters_digest,) for row in world.rows(PROVISIONED_PRODUCT)),
    ]
    return {digest for digests in found for digest in digests if digest}


def test_what_ended_goes_but_for_a_products_newest_operation(catalog: Catalog) -> None:
    world = catalog.world
    catalog.provision({"A": topic("a"), "B": topic("b", "A")})
    world.age_operations()
    newest = catalog.provision({"A": topic("c"), "B": topic("d", "A")}, "update")
    before = len(world.rows(BLOB))

    with world.database.write() as tx:
        for number, operation_id in enumerate(("rec-1", newest)):
            token = f"token-{number}"
            add_workflow(tx, token, account=ACCOUNT, region=REGION, record_id=operation_id, attempt=1)

    removed = sweep(world.database, EVERYTHING)

    assert {row.record_id for row in world.rows(WORKFLOW)} == {newest}
    assert removed > 1
    assert len(world.rows(BLOB)) < before
    for table in (STEP, DEPENDENCY, EVENT):
        assert {row.operation_id for row in world.rows(table)} == {newest}
    assert {row.token.partition("/")[0] for row in world.rows(SANDBOX_LEDGER)} == {newest}


def test_whatever_a_row_names_stays_and_the_product_goes_on(catalog: Catalog) -> None:
    world = catalog.world
    catalog.provision({"A": topic("a")})
    world.age_operations()
    catalog.provision({"A": topic("b")}, "update")

    sweep(world.database, EVERYTHING)

    assert named(world) <= {row.digest for row in world.rows(BLOB)}
    assert catalog.record(catalog.provision({"A": topic("c")}, "update")).status == "SUCCEEDED"
    assert catalog.record(catalog.terminate()).status == "SUCCEEDED"
    assert world.things() == {}


def test_what_deployed_a_product_last_stays_behind_updates_that_failed(catalog: Catalog) -> None:
    world = catalog.world
    good = catalog.provision({"A": topic("a")})
    world.age_operations()
    world.fault(Fault(selector="A", action="update", error_code="AccessDenied"))
    changed = topic("a") | {"Properties": {"TopicName": "a", "DisplayName": "b"}}
    failed = catalog.provision({"A": changed}, "update")

    sweep(world.database, EVERYTHING)

    assert catalog.record(failed).status == "FAILED"
    assert {row.id for row in world.rows(OPERATION)} == {good, failed}


def test_nothing_goes_before_its_time(catalog: Catalog) -> None:
    world = catalog.world
    catalog.provision({"A": topic("a")})
    world.age_operations()
    catalog.provision({"A": topic("b")}, "update")
    before = len(world.rows(STEP)), len(world.rows(EVENT)), len(world.rows(OPERATION))

    sweep(world.database, YEARS)

    assert (len(world.rows(STEP)), len(world.rows(EVENT)), len(world.rows(OPERATION))) == before


def test_what_is_under_way_is_not_touched(world: World) -> None:
    operation_id = world.submit(template({"A": topic("a")}))

    sweep(world.database, EVERYTHING)

    world.run(operation_id)
    assert world.status() == "CREATE_COMPLETE"


def test_of_a_product_that_is_gone_nothing_stays(catalog: Catalog) -> None:
    world = catalog.world
    catalog.provision({"A": topic("a")})
    catalog.terminate()
    with world.database.read() as tx:
        assert PROVISIONED_PRODUCTS.get(tx, "123456789012", "eu-west-1", PRODUCT) is None

    sweep(world.database, EVERYTHING)

    assert [world.rows(table) for table in (OPERATION, STEP, EVENT, SANDBOX_LEDGER)] == [[], [], [], []]


def test_a_state_of_terraform_goes_with_its_product(catalog: Catalog) -> None:
    world = catalog.world
    catalog.provision({"A": topic("a")})
    content = b'{"version": 4, "serial": 1, "lineage": "l"}'
    with world.database.write() as tx:
        for product in (PRODUCT, "pp-gone"):
            keep_version(tx, world.objects, open_state(tx, ACCOUNT, REGION, product), content, "rec-1")

    sweep(world.database, EVERYTHING)

    states = world.rows(TERRAFORM_STATE)
    assert [one.provisioned_product_id for one in states] == [PRODUCT]
    assert [one.state_id for one in world.rows(TERRAFORM_STATE_VERSION)] == [states[0].id]


def open_upload(world: World, upload_id: str, opened: int, got_part: int) -> None:
    """An upload in parts, opened at a moment, that got its only part at another one."""
    upload = MultipartUpload(
        account=ACCOUNT,
        region=REGION,
        id=upload_id,
        bucket="b",
        key="k",
        headers={},
        algorithm=None,
        is_whole=False,
        created_time=opened,
    )
    digest = hashlib.sha256(upload_id.encode()).hexdigest()
    part = UploadPart(
        account=ACCOUNT,
        region=REGION,
        upload_id=upload_id,
        number=1,
        size=len(upload_id),
        digest=digest,
        etag="e",
        checksums={},
        last_modified=got_part,
    )
    with world.database.write() as tx:
        UPLOADS.insert(tx, upload)
        put_part(tx, (ACCOUNT, REGION), part, BytesIO(upload_id.encode()))


def test_an_upload_that_nobody_goes_on_with_goes_with_its_bytes(world: World) -> None:
    with world.database.read() as tx:
        now = tx.now()
    open_upload(world, "forsaken", 0, 0)
    open_upload(world, "slow", 0, now)
    open_upload(world, "young", now, now)

    sweep(world.database, 60_000)

    left = ["slow", "young"]
    assert sorted(row.id for row in world.rows(UPLOAD)) == left
    assert sorted(row.upload_id for row in world.rows(UPLOAD_PART)) == left
    assert sorted(row.content for row in world.rows(OBJECT_CHUNK)) == [b"slow", b"young"]
