"""Retention: what operations leave behind when they are over goes once it is old enough.

Gone are an operation's row, steps, dependencies, signals, callbacks, events, the sandbox's ledger of its tokens, and
the workflow under whose token an engine told its result, and what Terraform ran and saved; a state of Terraform goes
once its product is gone. Uploads in parts that nobody completed or aborted go, too.
While there is a product or its stack, the newest operation stays, and what deployed it last: they tell what it is. Then
sealed blobs that no row names go: models, plans, documents, requests. Plain blobs are templates, which are kept.
"""

import sqlalchemy as sa

from manciple.store.database import Database, Transaction
from manciple.store.metadata import METADATA
from manciple.store.objects import BLOB
from manciple.store.tables.callbacks import CALLBACK
from manciple.store.tables.catalog import PROVISIONED_PRODUCT, RECORD
from manciple.store.tables.engine import DEPENDENCY, EVENT, NOTIFICATION, OPERATION, SIGNAL, STACK, STEP
from manciple.store.tables.sandbox import SANDBOX_LEDGER
from manciple.store.tables.terraform import (
    TERRAFORM_PLAN,
    TERRAFORM_RUN,
    TERRAFORM_STATE,
    TERRAFORM_STATE_VERSION,
)
from manciple.store.tables.workflows import WORKFLOW
from manciple.store.uploads import UPLOADS, delete_upload, old_uploads

BATCH = 200
"""Operations, or blobs, of one transaction: none is held for long."""

_DEPLOYING = ("provision", "update", "execute", "import")
_NEWER = OPERATION.alias()
_IS_NEWER = sa.and_(
    _NEWER.c.account == OPERATION.c.account,
    _NEWER.c.region == OPERATION.c.region,
    _NEWER.c.provisioned_product_id == OPERATION.c.provisioned_product_id,
    _NEWER.c.created_time > OPERATION.c.created_time,
)
_HAS_SUCCEEDED = sa.exists().where(
    RECORD.c.account == _NEWER.c.account,
    RECORD.c.region == _NEWER.c.region,
    RECORD.c.id == _NEWER.c.record_id,
    RECORD.c.status == "SUCCEEDED",
)


def _lacks(
    table: sa.Table, product: "sa.Column[str]", *conditions: "sa.ColumnElement[bool]"
) -> "sa.ColumnElement[bool]":
    """No row of the table belongs to the operation's product."""
    owner = (table.c.account == OPERATION.c.account, table.c.region == OPERATION.c.region)
    return ~sa.exists().where(*owner, product == OPERATION.c.provisioned_product_id, *conditions)


_OLD = (
    sa.select(OPERATION.c.id, OPERATION.c.account, OPERATION.c.region)
    .where(
        OPERATION.c.not_before.is_(None),
        OPERATION.c.phase == "done",
        OPERATION.c.updated_time < sa.bindparam("before"),
        sa.or_(
            sa.and_(OPERATION.c.kind.not_in(_DEPLOYING), sa.exists().where(_IS_NEWER)),
            sa.exists().where(_IS_NEWER, _NEWER.c.kind.in_(_DEPLOYING), _HAS_SUCCEEDED),
            sa.and_(
                _lacks(PROVISIONED_PRODUCT, PROVISIONED_PRODUCT.c.id),
                _lacks(STACK, STACK.c.provisioned_product_id, STACK.c.status != "DELETE_COMPLETE"),
            ),
        ),
        ~sa.exists().where(NOTIFICATION.c.operation_id == OPERATION.c.id),
    )
    .limit(BATCH)
)
_OF_OPERATIONS = (STEP, DEPENDENCY, SIGNAL, EVENT, TERRAFORM_RUN, TERRAFORM_PLAN)
_FORSAKEN = (
    sa.select(TERRAFORM_STATE.c.id)
    .where(
        TERRAFORM_STATE.c.updated_time < sa.bindparam("before"),
        TERRAFORM_STATE.c.lock_id.is_(None),
        ~sa.exists().where(
            PROVISIONED_PRODUCT.c.account == TERRAFORM_STATE.c.account,
            PROVISIONED_PRODUCT.c.region == TERRAFORM_STATE.c.region,
            PROVISIONED_PRODUCT.c.id == TERRAFORM_STATE.c.provisioned_product_id,
        ),
    )
    .limit(BATCH)
)
"""States of Terraform whose products are gone."""
_LASTING = sa.delete(CALLBACK).where(
    CALLBACK.c.operation_id.in_(sa.bindparam("ids", expanding=True)), CALLBACK.c.is_lasting.is_(False)
)
_TOKENS = sa.delete(SANDBOX_LEDGER).where(
    SANDBOX_LEDGER.c.token >= sa.bindparam("first"), SANDBOX_LEDGER.c.token < sa.bindparam("beyond")
)
"""By the index; PostgreSQL orders texts by its language, so there the operation is cut out of each token."""
_WORKFLOWS = sa.delete(WORKFLOW).where(
    WORKFLOW.c.account == sa.bindparam("of_account"),
    WORKFLOW.c.region == sa.bindparam("of_region"),
    WORKFLOW.c.record_id == sa.bindparam("of_record"),
)
_SEALED = (
    sa.select(BLOB.c.digest)
    .where(BLOB.c.digest > sa.bindparam("after"), BLOB.c.sealed.is_(True))
    .order_by(BLOB.c.digest)
    .limit(BATCH)
)
_LOCK = sa.text("LOCK TABLE blob IN SHARE ROW EXCLUSIVE MODE")
"""Nobody puts a blob meanwhile (PostgreSQL): one that is there already would be named without being written again."""


def sweep(database: Database, kept_for: int) -> int:
    """Remove what is older than so many milliseconds; returns how many operations and blobs are gone."""
    operations = 0
    while removed := _sweep_operations(database, kept_for):
        operations += removed
    _sweep_states(database, kept_for)
    _sweep_uploads(database, kept_for)
    return operations + _sweep_blobs(database)


def _sweep_operations(database: Database, kept_for: int) -> int:
    """Remove a batch. It is looked for under no lock: what may go once may go for ever."""
    with database.read() as tx:
        found = tx.all(_OLD, before=tx.now() - kept_for)
    ids = [row.id for row in found]
    if ids:
        with database.write() as tx:
            for table in _OF_OPERATIONS:
                tx.execute(sa.delete(table).where(table.c.operation_id.in_(ids)))
            tx.execute(_LASTING, {"ids": ids})
            _forget_tokens(tx, ids)
            keys = [{"of_account": row.account, "of_region": row.region, "of_record": row.id} for row in found]
            tx.execute(_WORKFLOWS, keys)
            tx.execute(sa.delete(OPERATION).where(OPERATION.c.id.in_(ids)))
    return len(ids)


def _sweep_states(database: Database, kept_for: int) -> None:
    """Remove states, with all their versions, that no product has any more."""
    while True:
        with database.read() as tx:
            ids = [row.id for row in tx.all(_FORSAKEN, before=tx.now() - kept_for)]
        if not ids:
            return
        with database.write() as tx:
            tx.execute(sa.delete(TERRAFORM_STATE_VERSION).where(TERRAFORM_STATE_VERSION.c.state_id.in_(ids)))
            tx.execute(sa.delete(TERRAFORM_STATE).where(TERRAFORM_STATE.c.id.in_(ids)))


def _sweep_uploads(database: Database, kept_for: int) -> None:
    """Remove uploads in parts that nobody completed: one a transaction, for its parts may be many."""
    with database.read() as tx:
        old = old_uploads(tx, tx.now() - kept_for)
    for upload in old:
        with database.write() as tx:
            if UPLOADS.get(tx, upload.account, upload.region, upload.id) is not None:
                delete_upload(tx, upload)


def _forget_tokens(tx: Transaction, ids: list[str]) -> None:
    if tx.is_postgresql:
        operation = sa.func.split_part(SANDBOX_LEDGER.c.token, "/", 1)
        tx.execute(sa.delete(SANDBOX_LEDGER).where(operation.in_(ids)))
    else:
        tx.execute(_TOKENS, [{"first": f"{one}/", "beyond": f"{one}0"} for one in ids])  # "0" follows "/"


def _sweep_blobs(database: Database) -> int:
    after, removed = "", 0
    while True:
        with database.read() as tx:
            digests = [row.digest for row in tx.all(_SEALED, after=after)]
            unnamed = _unnamed(tx, digests)
        if not digests:
            return removed
        after = digests[-1]
        if unnamed:
            removed += _remove(database, unnamed)


def _remove(database: Database, digests: list[str]) -> int:
    """Remove those blobs that still nobody names."""
    with database.write() as tx:
        if tx.is_postgresql:
            tx.execute(_LOCK)
        unnamed = _unnamed(tx, digests)
        tx.execute(sa.delete(BLOB).where(BLOB.c.digest.in_(unnamed)))
    return len(unnamed)


def _unnamed(tx: Transaction, digests: list[str]) -> list[str]:
    """Those digests that no row names."""
    left = set(digests)
    for column in _columns():
        left -= {row[0] for row in tx.all(sa.select(column).where(column.in_(sorted(left))))}
    return sorted(left)


def _columns() -> list["sa.Column[str]"]:
    """Every column that names a blob."""
    tables = [table for table in METADATA.tables.values() if table is not BLOB]
    return [column for table in tables for column in table.columns if column.name.endswith("digest")]
