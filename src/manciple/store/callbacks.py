"""Callback tokens: 128 random bits, of which only the hash is stored, bound to one step and one epoch of it.

A step that is tried again takes a new epoch, and tokens of the epochs before speak too late (contracts, section 5).
A lasting token is heard until its operation ends: a wait handle is made before whoever waits on it.
"""

import hashlib
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from manciple.store.database import Transaction
from manciple.store.tables.callbacks import CALLBACK
from manciple.store.tables.engine import INSTANCE, OPERATION, SIGNAL, STEP

LATE = "LATE"
"""The status of a signal that came for a step which had stopped waiting: kept, and never counted."""

_REBOUND = 1  # the epoch of a token that came to a step from another one
_ENDED = ("done", "skipped", "failed", "cancelled")
_INSERT = {
    False: sqlite.insert(CALLBACK).on_conflict_do_nothing(),
    True: postgresql.insert(CALLBACK).on_conflict_do_nothing(),
}
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
        sa.and_(
            OPERATION.c.phase != "done",
            sa.or_(CALLBACK.c.is_lasting, sa.and_(CALLBACK.c.epoch == _NEWEST, STEP.c.state.not_in(_ENDED))),
        ).label("is_open"),
    )
    .join(OPERATION, OPERATION.c.id == CALLBACK.c.operation_id)
    .join(STEP, sa.and_(STEP.c.operation_id == CALLBACK.c.operation_id, STEP.c.number == CALLBACK.c.number))
    .where(CALLBACK.c.token_hash == sa.bindparam("token_hash"))
)
_BIND = (
    sa.update(CALLBACK)
    .where(CALLBACK.c.token_hash == sa.bindparam("key_hash"))
    .values(
        operation_id=sa.bindparam("new_operation"), number=sa.bindparam("new_number"), is_lasting=False, epoch=_REBOUND
    )
)
_BOUND = sa.select(CALLBACK.c.operation_id, CALLBACK.c.number).where(CALLBACK.c.token_hash == sa.bindparam("key_hash"))
_MOVE = (
    sa.update(SIGNAL)
    .where(SIGNAL.c.operation_id == sa.bindparam("old_operation"), SIGNAL.c.number == sa.bindparam("old_number"))
    .values(operation_id=sa.bindparam("new_operation"), number=sa.bindparam("new_number"))
)
_SIGNALS = (
    sa.select(SIGNAL.c.number, SIGNAL.c.unique_id, SIGNAL.c.status, SIGNAL.c.data)
    .where(SIGNAL.c.operation_id == sa.bindparam("operation_id"), SIGNAL.c.status != LATE)
    .order_by(SIGNAL.c.received_time, SIGNAL.c.unique_id)
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


def add_token(
    tx: Transaction, token: str, operation_id: str, number: int, epoch: int, now: int, *, is_lasting: bool = False
) -> None:
    """Let a token speak for a step from its `epoch` on, and no token of an epoch before; a known one stays."""
    row = {
        "token_hash": _hash(token),
        "operation_id": operation_id,
        "number": number,
        "epoch": epoch,
        "is_lasting": is_lasting,
        "created_time": now,
    }
    tx.execute(_INSERT[tx.is_postgresql], row)


def bind_token(tx: Transaction, token: str, operation_id: str, number: int) -> None:
    """Let a token speak for another step from now on, which also gets what came under it; an unknown one is left."""
    new = {"new_operation": operation_id, "new_number": number}
    bound = tx.first(_BOUND, key_hash=_hash(token))
    if bound is not None and (bound.operation_id, bound.number) != (operation_id, number):
        tx.execute(_MOVE, {"old_operation": bound.operation_id, "old_number": bound.number, **new})
        tx.execute(_BIND, {"key_hash": _hash(token), **new})


def list_signals(tx: Transaction, operation_id: str) -> list[sa.Row[Any]]:
    """What came in time for the steps of an operation: (number, unique_id, status, data as sealed), as it came."""
    return list(tx.all(_SIGNALS, operation_id=operation_id))


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
