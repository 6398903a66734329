"""Workflow tokens: only their hash is stored. Whoever asks an engine for work issues one with `add_workflow`."""

import hashlib

import sqlalchemy as sa

from manciple.catalog.workflows import Workflow
from manciple.store.database import Transaction
from manciple.store.rows import Rows
from manciple.store.tables.workflows import WORKFLOW

WORKFLOWS = Rows(Workflow, WORKFLOW)

NOT_OVER = {"received_time": None, "result_digest": None}
"""What a workflow has until a result of it was told, or it was given up."""

_OF_RECORD = WORKFLOWS.select.where(
    WORKFLOW.c.account == sa.bindparam("account"),
    WORKFLOW.c.region == sa.bindparam("region"),
    WORKFLOW.c.record_id == sa.bindparam("record_id"),
    WORKFLOW.c.attempt == sa.bindparam("attempt"),
)


def add_workflow(tx: Transaction, token: str, *, account: str, region: str, record_id: str, attempt: int) -> Workflow:
    """Note that an engine was given this token for an attempt at a record."""
    workflow = Workflow(
        account=account,
        region=region,
        token_hash=_hash(token),
        record_id=record_id,
        attempt=attempt,
        created_time=tx.now(),
    )
    WORKFLOWS.insert(tx, workflow)
    return workflow


def find_workflow(tx: Transaction, token: str) -> Workflow | None:
    """The workflow that a token speaks for, None for a token that nobody issued."""
    return WORKFLOWS.get(tx, _hash(token))


def workflow_of(tx: Transaction, *, account: str, region: str, record_id: str, attempt: int) -> Workflow | None:
    """The workflow of an attempt at a record."""
    row = tx.first(_OF_RECORD, account=account, region=region, record_id=record_id, attempt=attempt)
    return None if row is None else WORKFLOWS.of(row)


def close_workflow(tx: Transaction, workflow: Workflow) -> bool:
    """Take no result of a workflow any more; False if one was told before."""
    return WORKFLOWS.change(tx, workflow, expect=NOT_OVER, received_time=tx.now()) is not None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
