"""Who works on an operation: a lease by the database's clock, and an epoch that fences whoever lost it.

A claim takes a new epoch. Every write of a slice begins with `Lease.hold`, which renews the lease where the epoch is
still its own and so locks the row for the rest of the transaction: a slice that was overtaken writes nothing more.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from manciple.engine.limits import Limits
from manciple.engine.operation import FORMAT
from manciple.engine.rows import Operation, rows_of
from manciple.store.database import Database, Transaction
from manciple.store.tables.engine import OPERATION

_OF_MINE = (OPERATION.c.id == sa.bindparam("of_id"), OPERATION.c.epoch == sa.bindparam("mine"))
_CLAIM = (
    sa.update(OPERATION)
    .where(
        OPERATION.c.id == sa.bindparam("of_id"),
        OPERATION.c.phase != "done",
        OPERATION.c.format <= FORMAT,
        OPERATION.c.not_before <= sa.bindparam("at"),
        OPERATION.c.lease <= sa.bindparam("at"),
    )
    .values(lease=sa.bindparam("until"), epoch=OPERATION.c.epoch + 1, claims=OPERATION.c.claims + 1)
    .returning(OPERATION)
)
_HOLD = (
    sa.update(OPERATION)
    .where(*_OF_MINE)
    .values(
        lease=sa.bindparam("until"),
        phase=sa.bindparam("now_phase"),
        stack_id=sa.bindparam("now_stack_id"),
        handle=sa.bindparam("now_handle"),
        planned_digest=sa.bindparam("now_planned_digest"),
        reason=sa.bindparam("now_reason"),
        claims=sa.bindparam("now_claims"),
        not_before=sa.bindparam("now_not_before"),
        updated_time=sa.bindparam("at"),
    )
    .returning(OPERATION.c.cancelled, OPERATION.c.calls)
)
_RENEW = sa.update(OPERATION).where(*_OF_MINE).values(lease=sa.bindparam("until"))
_RELEASE = (
    sa.update(OPERATION)
    .where(*_OF_MINE, OPERATION.c.calls == sa.bindparam("heard"))
    .values(lease=0, claims=0, not_before=sa.bindparam("wake"))
)
_ABANDON = sa.update(OPERATION).where(*_OF_MINE).values(lease=0, not_before=sa.bindparam("at"))
_STATE = sa.select(OPERATION.c.phase, OPERATION.c.not_before, OPERATION.c.lease).where(
    OPERATION.c.id == sa.bindparam("of_id")
)


class Fenced(Exception):
    """Another slice has taken the operation over; this one must stop without a word."""


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """The operation cannot be worked on now; `at` is when to look again, None if it is done or gone."""

    at: int | None


class Lease:
    """The right to work on one operation until another takes it."""

    def __init__(self, database: Database, limits: Limits, operation: Operation, now: int) -> None:
        self._database = database
        self._limits = limits
        self.operation = operation
        self.now = now

    def hold(self, tx: Transaction) -> int:
        """Begin a write: renew the lease, write the operation's own fields, learn of calls. Returns the time.

        Raises Fenced if the operation has been taken over.
        """
        self.now = tx.now()
        operation = self.operation
        row = tx.execute(
            _HOLD,
            {
                "of_id": operation.id,
                "mine": operation.epoch,
                "until": self.now + self._limits.lease,
                "at": self.now,
                "now_phase": operation.phase,
                "now_stack_id": operation.stack_id,
                "now_handle": operation.handle,
                "now_planned_digest": operation.planned_digest,
                "now_reason": operation.reason,
                "now_claims": operation.claims,
                "now_not_before": None if operation.phase == "done" else operation.not_before,
            },
        ).first()
        if row is None:
            raise Fenced(operation.id)
        operation.cancelled, operation.calls = row.cancelled, row.calls
        return self.now

    def renew(self) -> None:
        """Keep the lease while provider calls take their time; raises Fenced if it is lost."""
        with self._database.write() as tx:
            self.now = tx.now()
            keys = {"of_id": self.operation.id, "mine": self.operation.epoch}
            if tx.execute(_RENEW, keys | {"until": self.now + self._limits.lease}).rowcount != 1:
                raise Fenced(self.operation.id)

    def release(self, wake: int | None) -> bool:
        """Give the operation back until `wake` (None: it is done). False if someone called meanwhile: look again."""
        with self._database.write() as tx:
            keys = {"of_id": self.operation.id, "mine": self.operation.epoch, "heard": self.operation.calls}
            return tx.execute(_RELEASE, keys | {"wake": wake}).rowcount == 1


def claim(database: Database, limits: Limits, operation_id: str) -> Lease | Unclaimed:
    """Take an operation that is due and that nobody holds."""
    with database.write() as tx:
        now = tx.now()
        keys = {"of_id": operation_id, "at": now, "until": now + limits.lease}
        row = tx.execute(_CLAIM, keys).first()
        if row is not None:
            return Lease(database, limits, rows_of(Operation, [row])[0], now)
        state = tx.execute(_STATE, {"of_id": operation_id}).first()
    if state is None or state.phase == "done":
        return Unclaimed(None)
    due = max(state.not_before, state.lease)
    return Unclaimed(due if due > now else now + limits.lease)


def abandon(database: Database, limits: Limits, lease: Lease) -> int:
    """Give back an operation whose slice failed, to be tried again later; returns when. The claim stays counted."""
    with database.write() as tx:
        at = tx.now() + (limits.backoff << min(lease.operation.claims, 7))
        tx.execute(_ABANDON, {"of_id": lease.operation.id, "mine": lease.operation.epoch, "at": at})
    return at
