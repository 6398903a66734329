"""Messages to provisioning engines, in rows: received at least once, and unseen by others for a while after that.

All times are the database's. Whoever receives holds the account's lock of writers (`operations/call.py`), so two never
take the same message at once.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from manciple.catalog.queues import QueuedMessage
from manciple.store.database import Transaction
from manciple.store.rows import Rows
from manciple.store.tables.queues import QUEUED_MESSAGE

MESSAGES = Rows(QueuedMessage, QUEUED_MESSAGE)

_COLUMNS = QUEUED_MESSAGE.c
_IN_QUEUE = sa.and_(
    _COLUMNS.account == sa.bindparam("account"),
    _COLUMNS.region == sa.bindparam("region"),
    _COLUMNS.queue == sa.bindparam("queue"),
)
_DUE = MESSAGES.select.where(
    _IN_QUEUE, _COLUMNS.visible_time <= sa.bindparam("at"), _COLUMNS.receive_count < sa.bindparam("most_receives")
).order_by(_COLUMNS.visible_time)
_COUNT = sa.select(sa.func.count()).select_from(QUEUED_MESSAGE).where(_IN_QUEUE)
_OF_OPERATION = MESSAGES.select.where(_COLUMNS.operation_id == sa.bindparam("operation"))
_WITHDRAW = sa.delete(QUEUED_MESSAGE).where(_COLUMNS.operation_id == sa.bindparam("of_operation"))

Place = tuple[str, str, str]
"""Account, region and name of a queue."""


def due_messages(tx: Transaction, place: Place, most_receives: int, most: int) -> list[QueuedMessage]:
    """At most so many messages that can be received now, the one that could be for longest first."""
    account, region, queue = place
    found = tx.all(
        _DUE.limit(most), account=account, region=region, queue=queue, at=tx.now(), most_receives=most_receives
    )
    return [MESSAGES.of(row) for row in found]


def receive(tx: Transaction, messages: Sequence[QueuedMessage], unseen_for: int) -> list[QueuedMessage]:
    """Hide messages for so many milliseconds, as received once more."""
    now = tx.now()
    received = (
        MESSAGES.change(
            tx,
            one,
            expect={"receive_count": one.receive_count, "visible_time": one.visible_time},
            receive_count=one.receive_count + 1,
            visible_time=now + unseen_for,
            first_received_time=one.first_received_time or now,
        )
        for one in messages
    )
    return [one for one in received if one is not None]


def count_messages(tx: Transaction, place: Place) -> tuple[int, int]:
    """How many messages of a queue can be received now, and how many were and are unseen."""
    account, region, queue = place
    keys = {"account": account, "region": region, "queue": queue}
    every = tx.scalar(_COUNT, **keys)
    visible = tx.scalar(_COUNT.where(_COLUMNS.visible_time <= sa.bindparam("at")), at=tx.now(), **keys)
    return visible, every - visible


def message_of(tx: Transaction, operation_id: str) -> QueuedMessage | None:
    """The message that an operation waits for an answer to; None once it was deleted."""
    row = tx.first(_OF_OPERATION, operation=operation_id)
    return None if row is None else MESSAGES.of(row)


def withdraw(tx: Transaction, operation_id: str) -> None:
    """Delete the message of an operation that is over."""
    tx.execute(_WITHDRAW, {"of_operation": operation_id})
