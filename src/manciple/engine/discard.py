"""The end of a plan that was deleted: what it left at its target goes, too, once the plan itself is through."""

import sqlalchemy as sa

from manciple.engine.slice import Slice
from manciple.engine.targets.target import PlanKeeper, Target, Wake
from manciple.store.tables.engine import OPERATION

KIND = "discard"
_LATER = 500
"""Milliseconds until it is looked again whether the plan is through."""

_PHASE = sa.select(OPERATION.c.phase).where(OPERATION.c.id == sa.bindparam("id"))


def advance(slice: Slice, target: Target) -> int | None:
    """Have it discarded; answers when to try again, None once it is done."""
    work = slice.work
    with slice.parts.database.read() as tx:
        phase = tx.scalar(_PHASE, id=work.operation.plan_id)
    if phase not in (None, "done"):
        return slice.now() + _LATER
    answer = target.discard(slice) if isinstance(target, PlanKeeper) else None
    if isinstance(answer, Wake):
        return answer.at
    give_up(slice)
    return None


def give_up(slice: Slice) -> None:
    """End the operation as it stands."""
    slice.work.operation.phase = "done"
    slice.commit()
