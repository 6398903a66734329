"""What a running record waits for from outside: the addresses that signals are sent to.

Resources with a CreationPolicy and custom resources have an address here while they wait. That of a wait condition is
what `Ref` gives of its handle.
"""

import msgspec
import sqlalchemy as sa

from manciple.engine.mailbox import PATH, token_of
from manciple.operations.call import Context, operation
from manciple.operations.own.records import RecordInput
from manciple.operations.records import find_record
from manciple.store.callbacks import find_waiting
from manciple.store.tables.engine import STEP

_WAITING = (
    sa.select(STEP.c.path, STEP.c.logical_id, STEP.c.token, STEP.c.deadline)
    .where(STEP.c.operation_id == sa.bindparam("id"), STEP.c.state == "waiting", STEP.c.token.is_not(None))
    .order_by(STEP.c.number)
)


class Awaited(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A resource that waits to be signalled; `deadline` is in seconds since the epoch."""

    stack_path: str
    logical_resource_id: str
    address: str
    deadline: float | None


class AwaitedList(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The resources of a record that wait to be signalled."""

    signals: list[Awaited]


@operation("manciple:ListSignals")
def list_signals(context: Context, input: RecordInput) -> AwaitedList:
    """What a record waits for, each with its address. Raises ResourceNotFoundException."""
    record = find_record(context, input.record_id)
    rows = context.tx.all(_WAITING, id=record.id)
    found = [(row, token_of(context.runtime.objects, row.token)) for row in rows]
    return AwaitedList(
        signals=[
            Awaited(
                stack_path=row.path,
                logical_resource_id=row.logical_id,
                address=f"{context.runtime.public_url}{PATH}{token}",
                deadline=row.deadline / 1000 if row.deadline else None,
            )
            for row, token in found
            if find_waiting(context.tx, token)
        ]
    )
