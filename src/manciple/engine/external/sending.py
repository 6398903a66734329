"""Sending messages to queues of SQS elsewhere: at least once, and until SQS has taken them."""

from manciple.engine.cloudformation.endpoint import Away, Refused, answer_of
from manciple.engine.credentials import Clients
from manciple.engine.external.asking import Handle, keep_handle
from manciple.engine.place import Place
from manciple.engine.slice import Slice
from manciple.engine.targets.target import Wake
from manciple.store.queues import message_of, withdraw

_LONGEST_PAUSE = 60_000


class NotSent(Exception):
    """SQS does not take the message; one sentence says why."""


def send(slice: Slice, clients: Clients, handle: Handle) -> Wake | None:
    """Send the operation's message, if it still is to be; when to try again, None once it is there. Raises NotSent."""
    operation = slice.work.operation
    with slice.parts.database.read() as tx:
        message = message_of(tx, operation.id)
    if message is None:
        return None
    body = slice.parts.objects.seal.open(message.content).decode()
    try:
        _send(clients, slice.work.root.place, handle, body)
    except Refused as refused:
        raise NotSent(
            f"The queue {handle.queue} of account {handle.queue_account} at {clients.endpoint} "
            f"does not take messages: {refused.code}: {refused.message}"
        ) from refused
    except Away as away:
        return _later(slice, handle, away)
    slice.parts.probe.reach("after call", operation.id)
    handle.is_sent = True
    keep_handle(slice, handle)
    slice.commit(lambda tx: withdraw(tx, operation.id))
    slice.parts.probe.reach("after outcome", operation.id)
    return None


def _send(clients: Clients, place: Place, handle: Handle, body: str) -> None:
    sqs = clients.sqs(place)
    names = {"QueueName": handle.queue, "QueueOwnerAWSAccountId": handle.queue_account}
    url = answer_of(lambda: sqs.get_queue_url(**names))["QueueUrl"]
    answer_of(lambda: sqs.send_message(QueueUrl=url, MessageBody=body))


def _later(slice: Slice, handle: Handle, away: Away) -> Wake:
    now = slice.now()
    if now > handle.deadline:
        raise NotSent(f"SQS took no message before the time-out: {away}") from away
    delay = min(slice.parts.limits.backoff << min(handle.failures, 16), _LONGEST_PAUSE)
    handle.failures += 1
    keep_handle(slice, handle)
    slice.commit()
    return Wake(min(now + delay, handle.deadline + 1))
