"""Topics that are told of a stack's events: whom an operation tells, how far each has been told, and in which words.

A row is written with the operation's steps and goes once everything was told, so nothing is forgotten across a crash.
What is told is what SNS sends to a subscriber by HTTP, with CloudFormation's text in it (recorded in public issues);
a signature, which only AWS can make, is not among it.
"""

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa

from manciple.engine.events import Event
from manciple.engine.rows import Stack
from manciple.store.database import Transaction
from manciple.store.tables.engine import EVENT, NOTIFICATION, OPERATION

SUBJECT = "AWS CloudFormation Notification"

_KEY = ("operation_id", "stack_id", "topic_arn")
_IS_KEY = tuple(NOTIFICATION.c[name] == sa.bindparam(f"of_{name}") for name in _KEY)
_INSERT = sa.insert(NOTIFICATION)
_HAS_UNTOLD = sa.exists().where(
    EVENT.c.operation_id == NOTIFICATION.c.operation_id,
    EVENT.c.stack_id == NOTIFICATION.c.stack_id,
    EVENT.c.number > NOTIFICATION.c.told,
)
_IS_AT_WORK = sa.exists().where(OPERATION.c.id == NOTIFICATION.c.operation_id, OPERATION.c.phase != "done")
_DUE = (
    sa.select(NOTIFICATION)
    .where(NOTIFICATION.c.not_before <= sa.bindparam("at"), sa.or_(_HAS_UNTOLD, sa.not_(_IS_AT_WORK)))
    .order_by(NOTIFICATION.c.not_before)
    .limit(sa.bindparam("most"))
)
_CLAIM = (
    sa.update(NOTIFICATION)
    .where(*_IS_KEY, NOTIFICATION.c.not_before == sa.bindparam("seen"))
    .values(not_before=sa.bindparam("until"))
)
_PUT_BACK = (
    sa.update(NOTIFICATION)
    .where(*_IS_KEY)
    .values(told=sa.bindparam("now_told"), attempts=sa.bindparam("tried"), not_before=sa.bindparam("until"))
)
_DELETE = sa.delete(NOTIFICATION).where(*_IS_KEY)
_PHASE = sa.select(OPERATION.c.phase).where(OPERATION.c.id == sa.bindparam("id"))
_UNTOLD = (
    sa.select(EVENT)
    .where(
        EVENT.c.operation_id == sa.bindparam("operation"),
        EVENT.c.stack_id == sa.bindparam("stack"),
        EVENT.c.number > sa.bindparam("after"),
    )
    .order_by(EVENT.c.number)
    .limit(sa.bindparam("most"))
)


class Telling(msgspec.Struct, kw_only=True):
    """A topic that is told the events of a stack's operation, up to the number `told` so far.

    `attempts` counts the failures since the last success; nobody tells it anything before `not_before`.
    """

    operation_id: str
    stack_id: str
    topic_arn: str
    told: int
    attempts: int = 0
    not_before: int = 0


def enroll(tx: Transaction, tellings: Iterable[Telling]) -> None:
    """Have topics told."""
    if rows := [msgspec.structs.asdict(telling) for telling in tellings]:
        tx.execute(_INSERT, rows)


def due(tx: Transaction, now: int, most: int) -> list[Telling]:
    """Whom there is something to tell, or nothing more ever."""
    return [Telling(**row._asdict()) for row in tx.all(_DUE, at=now, most=most)]


def claim(tx: Transaction, telling: Telling, until: int) -> bool:
    """Keep others from telling this topic for a while; False if someone else was faster."""
    keys = _keys(telling) | {"seen": telling.not_before, "until": until}
    return tx.execute(_CLAIM, keys).rowcount == 1


def put_back(tx: Transaction, telling: Telling) -> None:
    """Keep how far a topic was told, and when it goes on."""
    keys = _keys(telling) | {"now_told": telling.told, "tried": telling.attempts, "until": telling.not_before}
    tx.execute(_PUT_BACK, keys)


def forget(tx: Transaction, telling: Telling) -> None:
    """There is nothing more to tell."""
    tx.execute(_DELETE, _keys(telling))


def untold(tx: Transaction, telling: Telling, most: int) -> tuple[list[Event], bool]:
    """The next events to tell, and whether no others will come after them."""
    phase = tx.scalar(_PHASE, id=telling.operation_id)
    rows = tx.all(_UNTOLD, operation=telling.operation_id, stack=telling.stack_id, after=telling.told, most=most)
    return [Event(**row._asdict()) for row in rows], phase in (None, "done") and len(rows) < most


def headers(topic_arn: str, event: Event) -> dict[str, str]:
    """The headers that SNS sends (SNS developer guide, "HTTP/HTTPS headers")."""
    return {
        "Content-Type": "text/plain; charset=UTF-8",
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": message_id(topic_arn, event),
        "x-amz-sns-topic-arn": topic_arn,
    }


def document(topic_arn: str, event: Event, stack: Stack) -> bytes:
    """The message to one topic; whoever gets it twice knows it by its MessageId."""
    envelope = {
        "Type": "Notification",
        "MessageId": message_id(topic_arn, event),
        "TopicArn": topic_arn,
        "Subject": SUBJECT,
        "Message": text(event, stack),
        "Timestamp": _iso(event.timestamp),
        "SignatureVersion": "1",
    }
    return json.dumps(envelope).encode()


def message_id(topic_arn: str, event: Event) -> str:
    """The same for every repetition."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{topic_arn}/{event.id}"))


def text(event: Event, stack: Stack) -> str:
    """CloudFormation's lines. Properties are not told: they may hold secrets."""
    lines = {
        "StackId": stack.arn,
        "Timestamp": _iso(event.timestamp),
        "EventId": event.id,
        "LogicalResourceId": event.logical_id,
        "Namespace": stack.account,
        "PhysicalResourceId": event.physical_id or "",
        "PrincipalId": stack.account,
        "ResourceProperties": "null",
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or "",
        "ResourceType": event.type,
        "StackName": stack.name,
        "ClientRequestToken": "null",
    }
    return "".join(f"{name}='{value}'\n" for name, value in lines.items())


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def _keys(telling: Telling) -> dict[str, object]:
    return {f"of_{name}": getattr(telling, name) for name in _KEY}
