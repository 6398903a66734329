"""Workflow tokens: only their hash is stored. Whoever asks an engine for work issues one with `add_workflow`."""

import hashlib

from manciple.catalog.workflows import Workflow
from manciple.store.database import Transaction
from manciple.store.rows import Rows
from manciple.store.tables.workflows import WORKFLOW

WORKFLOWS = Rows(Workflow, WORKFLOW)


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


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
