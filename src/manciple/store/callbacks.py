"""Callback tokens: 128 random bits, of which only the hash is stored, bound to one step and one epoch of it.

A step that is tried again takes a new epoch, and tokens of the epochs before speak too late (contracts, section 5).
"""

import hashlib
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from manciple.store.database import Transaction
from manciple.store.tables.callbacks import CALLBACK
from manciple.store.tables.engine import INSTANCE, OPERATION, SIGNAL, STEP

_ENDED = ("done", "skipped", "failed", "cancelled")
_INSERT = sa.insert(CALLBACK)
_OTHER = CALLBACK.alias()
_NEWEST = (
    sa.select(sa.func.max(_OTHER.c.epoch))
    .where(_OTHER.c.operation_id == STEP.c.operation_id, _OTHER.c.number == STEP.c.number)
    .scalar_subquery()
)
_TYPE = (
    sa.select(INSTANCE.c.type)
    .where(INSTANCE.c.stack_id == OPERATION.c.stack_id, INSTANCE.c.logical_id == STEP.c.logical_id)
    .order_by(INSTANCE.c.incarnation.desc())
    .limit(1)
    .scalar_subquery()
)
_FIND = (
    sa.select(
        CALLBACK.c.operation_id,
        CALLBACK.c.number,
        OPERATION.c.phase,
        OPERATION.c.stack_id,
        STEP.c.path,
        STEP.c.logical_id,
        sa.func.coalesce(_TYPE, ""),
        sa.and_(OPERATION.c.phase != "done", CALLBACK.c.epoch == _NEWEST, STEP.c.state.not_in(_ENDED)).label("is_open"),
    )
    .join(OPERATION, OPERATION.c.id == CALLBACK.c.operation_id)
    .join(STEP, sa.and_(STEP.c.operation_id == CALLBACK.c.operation_id, STEP.c.number == CALLBACK.c.number))
    .where(CALLBACK.c.token_hash == sa.bindparam("token_hash"))
)
_SIGNAL = {
    False: sqlite.insert(SIGNAL).on_conflict_do_nothing(),
    True: postgresql.insert(SIGNAL).on_conflict_do_nothing(),
}


class Waiting(NamedTuple):
    """The step that a token speaks for, with its resource's type; `is_open` says that it still waits."""

    operation_id: str
    number: int
    phase: str
    stack_id: str | None
    path: str
    logical_id: str
    type: str
    is_open: bool


def add_token(tx: Transaction, token: str, operation_id: str, number: int, epoch: int, now: int) -> None:
    """Let a token speak for a step from its `epoch` on, and no token of an epoch before."""
    row = {
        "token_hash": _hash(token),
        "operation_id": operation_id,
        "number": number,
        "epoch": epoch,
        "created_time": now,
    }
    tx.execute(_INSERT, row)


def find_waiting(tx: Transaction, token: str) -> Waiting | None:
    """The step that a token speaks for, or None."""
    row = tx.first(_FIND, token_hash=_hash(token))
    return None if row is None else Waiting._make(row)


def add_signal(tx: Transaction, waiting: Waiting, unique_id: str, status: str, data: bytes, now: int) -> bool:
    """Keep a signal for the engine; False if the step has one of this id."""
    row = {
        "operation_id": waiting.operation_id,
        "number": waiting.number,
        "unique_id": unique_id,
        "status": status,
        "data": data,
        "received_time": now,
    }
    return tx.execute(_SIGNAL[tx.is_postgresql], row).rowcount == 1


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
