"""The queues of provisioning engines, as SQS speaks of queues: what an engine does with the messages that it is sent.

Every account has the queues with the fixed names in every region; nobody makes or deletes one, and only this server
sends messages to them. Source: Amazon SQS API reference.
"""

import hashlib
import re
from typing import Any

from manciple.catalog.ids import partition_of, queue_arn
from manciple.catalog.queues import QUEUES, QueuedMessage
from manciple.catalog.sessions import unique_id
from manciple.engine.operation import call_back
from manciple.errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidAttributeName,
    InvalidParameterValue,
    MessageNotInflight,
    QueueDoesNotExist,
    QueueNameExists,
    ServiceError,
    TooManyEntriesInBatchRequest,
)
from manciple.operations.call import Context, operation
from manciple.operations.own.queue_shapes import (
    BatchInput,
    BatchOutput,
    ChangeMessageVisibilityInput,
    CreateQueueInput,
    DeleteMessageInput,
    Failed,
    GetQueueAttributesInput,
    GetQueueUrlInput,
    ListQueuesInput,
    Message,
    Messages,
    Nothing,
    Peeked,
    QueueAddress,
    QueueAddresses,
    QueueAttributes,
    ReceiveMessageInput,
    Succeeded,
)
from manciple.operations.own.receipts import handle_of, read_handle
from manciple.store.queues import MESSAGES, Place, count_messages, due_messages, receive

LONGEST_WAIT, LONGEST_TIMEOUT, MOST = 20, 43_200, 10
_ALL = "All"
_QUEUE_PATH = re.compile(r"(?:.*/)?(?P<account>[0-9]{12})/(?P<name>[\w-]{1,80})/?\Z")


@operation("sqs:PeekMessages")
def peek_messages(context: Context, input: ReceiveMessageInput) -> Peeked:
    """Is there anything to receive? Asked first, so that nothing is written while there is not."""
    place = _queue(context, input.queue_url)
    _check_receive(input)
    external = context.runtime.settings.targets.external
    return Peeked(has_messages=bool(due_messages(context.tx, place, external.most_receives, 1)))


@operation("sqs:ReceiveMessage", writes=True)
def receive_message(context: Context, input: ReceiveMessageInput) -> Messages:
    """Messages that nobody else sees for a while.

    One that is received for the last time calls its operation, which then looks whether a result comes in time.
    """
    place = _queue(context, input.queue_url)
    external = context.runtime.settings.targets.external
    unseen_for = input.visibility_timeout
    if unseen_for is None:
        unseen_for = external.visibility_timeout_seconds
    due = due_messages(context.tx, place, external.most_receives, input.max_number_of_messages or 1)
    found = receive(context.tx, due, unseen_for * 1000)
    for message in found:
        if message.receive_count >= external.most_receives:
            _call(context, message)
    wanted = frozenset((*input.attribute_names, *input.message_system_attribute_names))
    return Messages(messages=[_received(context, message, wanted) for message in found] or None)


@operation("sqs:DeleteMessage", writes=True)
def delete_message(context: Context, input: DeleteMessageInput) -> Nothing:
    """Take a message out of its queue; its operation goes on waiting for the result."""
    _delete(context, _queue(context, input.queue_url), input.receipt_handle)
    return Nothing()


@operation("sqs:DeleteMessageBatch", writes=True)
def delete_message_batch(context: Context, input: BatchInput) -> BatchOutput:
    """The same for up to ten messages, each for itself."""
    place = _queue(context, input.queue_url)
    return _each(input, "DeleteMessageBatch", lambda entry: _delete(context, place, entry.receipt_handle))


@operation("sqs:ChangeMessageVisibility", writes=True)
def change_message_visibility(context: Context, input: ChangeMessageVisibilityInput) -> Nothing:
    """Let others see a message earlier or later."""
    place = _queue(context, input.queue_url)
    _hide(context, place, input.receipt_handle, input.visibility_timeout)
    return Nothing()


@operation("sqs:ChangeMessageVisibilityBatch", writes=True)
def change_message_visibility_batch(context: Context, input: BatchInput) -> BatchOutput:
    """The same for up to ten messages, each for itself."""
    place = _queue(context, input.queue_url)
    return _each(
        input,
        "ChangeMessageVisibilityBatch",
        lambda entry: _hide(context, place, entry.receipt_handle, entry.visibility_timeout),
    )


@operation("sqs:GetQueueUrl")
def get_queue_url(context: Context, input: GetQueueUrlInput) -> QueueAddress:
    """A queue's address."""
    owner = input.queue_owner or context.account
    return QueueAddress(queue_url=_address(context, _own(context, owner, input.queue_name)[2]))


@operation("sqs:CreateQueue")
def create_queue(context: Context, input: CreateQueueInput) -> QueueAddress:
    """The address of a queue that is there, if it is wanted as it is; no other can be made."""
    if input.queue_name not in QUEUES:
        raise InvalidParameterValue(f"There are no other queues here than {', '.join(QUEUES)}.")
    has = _attributes(context, (*context.owner, input.queue_name))
    for name, value in input.attributes.items():
        if has.get(name) != value:
            raise QueueNameExists(
                f"A queue already exists with the same name and a different value for attribute {name}"
            )
    return QueueAddress(queue_url=_address(context, input.queue_name))


@operation("sqs:GetQueueAttributes")
def get_queue_attributes(context: Context, input: GetQueueAttributesInput) -> QueueAttributes:
    """What is to be known of a queue."""
    has = _attributes(context, _queue(context, input.queue_url))
    wanted = has if _ALL in input.attribute_names else input.attribute_names
    unknown = [name for name in wanted if name not in (*has, *_NOT_SET)]
    if unknown:
        raise InvalidAttributeName(f"Unknown Attribute {unknown[0][:100]}.")
    return QueueAttributes(attributes={name: has[name] for name in wanted if name in has} or None)


@operation("sqs:ListQueues")
def list_queues(context: Context, input: ListQueuesInput) -> QueueAddresses:
    """The queues of the caller's account, those with a prefix; a page of so many goes on behind its token."""
    names = [name for name in QUEUES if name.startswith(input.prefix or "")]
    names = [name for name in names if name > (input.next_token or "")]
    page = names[: input.most] if input.most else names
    more = page[-1] if page and len(page) < len(names) else None
    return QueueAddresses(queue_urls=[_address(context, name) for name in page] or None, next_token=more)


def _queue(context: Context, url: str) -> Place:
    """The caller's queue that an address names. Raises QueueDoesNotExist."""
    found = _QUEUE_PATH.fullmatch(url)
    return _own(context, found["account"] if found else "", found["name"] if found else "")


def _own(context: Context, account: str, name: str) -> Place:
    if account != context.account or name not in QUEUES:
        raise QueueDoesNotExist("The specified queue does not exist.")
    return (*context.owner, name)


def _address(context: Context, name: str) -> str:
    return f"{context.runtime.public_url}/{context.account}/{name}"


def _check_receive(input: ReceiveMessageInput) -> None:
    _check_range("MaxNumberOfMessages", input.max_number_of_messages, 1, MOST, "between 1 and 10")
    _check_range("WaitTimeSeconds", input.wait_time_seconds, 0, LONGEST_WAIT, ">= 0 and <= 20")
    _check_range("VisibilityTimeout", input.visibility_timeout, 0, LONGEST_TIMEOUT, ">= 0 and <= 43200")


def _check_range(name: str, value: int | None, low: int, high: int, words: str) -> None:
    if value is not None and not low <= value <= high:
        raise InvalidParameterValue(
            f"Value {value} for parameter {name} is invalid. Reason: Must be {words}, if provided."
        )


def _received(context: Context, message: QueuedMessage, wanted: frozenset[str]) -> Message:
    body = context.runtime.objects.seal.open(message.content)
    arn = f"arn:{partition_of(message.region)}:iam::{message.account}:role/aws-service-role/servicecatalog"
    attributes = {
        "ApproximateFirstReceiveTimestamp": str(message.first_received_time),
        "ApproximateReceiveCount": str(message.receive_count),
        "SenderId": f"{unique_id('AROA', arn)}:manciple",
        "SentTimestamp": str(message.sent_time),
    }
    return Message(
        message_id=message.id,
        receipt_handle=handle_of(context, message),
        md5_of_body=hashlib.md5(body, usedforsecurity=False).hexdigest(),
        body=body.decode(),
        attributes={name: text for name, text in attributes.items() if wanted & {name, _ALL}} or None,
    )


def _find(context: Context, place: Place, handle: str) -> QueuedMessage | None:
    """The message of a handle, if it is there and nobody received it since."""
    receipt = read_handle(context, place, handle)
    found = MESSAGES.get(context.tx, receipt.message_id)
    return found if found is not None and found.receive_count == receipt.receive_count else None


def _delete(context: Context, place: Place, handle: str) -> None:
    """Nothing happens for a message that is gone, or that somebody else has received since (SQS API reference)."""
    if (message := _find(context, place, handle)) is not None:
        MESSAGES.delete(context.tx, message)


def _hide(context: Context, place: Place, handle: str, seconds: int) -> None:
    _check_range("VisibilityTimeout", seconds, 0, LONGEST_TIMEOUT, ">= 0 and <= 43200")
    message, now = _find(context, place, handle), context.tx.now()
    if message is None:
        raise InvalidParameterValue(
            f"Value {handle[:200]} for parameter ReceiptHandle is invalid. "
            "Reason: Message does not exist or is not available for visibility timeout change."
        )
    if message.visible_time <= now:
        raise MessageNotInflight("The message is not in flight: it can be received again.")
    MESSAGES.change(context.tx, message, visible_time=now + seconds * 1000)
    if message.receive_count >= context.runtime.settings.targets.external.most_receives:
        _call(context, message)


def _call(context: Context, message: QueuedMessage) -> None:
    """Let the message's operation look again for how long it is to wait."""
    call_back(context.tx, message.operation_id)
    context.wake(message.operation_id)


def _each(input: BatchInput, action: str, do: Any) -> BatchOutput:
    """Do something for each entry; one that fails keeps no other from being done."""
    _check_batch(input, action)
    done: list[Succeeded] = []
    failed: list[Failed] = []
    for entry in input.entries:
        try:
            do(entry)
            done.append(Succeeded(id=entry.id))
        except ServiceError as error:
            failed.append(Failed(id=entry.id, sender_fault=True, code=error.code, message=error.message))
    return BatchOutput(successful=done, failed=failed)


def _check_batch(input: BatchInput, action: str) -> None:
    ids = [entry.id for entry in input.entries]
    if not ids:
        raise EmptyBatchRequest(f"There should be at least one {action}RequestEntry in the request.")
    if len(ids) > MOST:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {MOST}. You have sent {len(ids)}."
        )
    if repeated := [one for one in ids if ids.count(one) > 1]:
        raise BatchEntryIdsNotDistinct(f"Id {repeated[0]} repeated.")


_NOT_SET = ("FifoQueue", "KmsMasterKeyId", "Policy", "RedrivePolicy", "RedriveAllowPolicy")
"""Attributes that these queues could have, and have not."""


def _attributes(context: Context, place: Place) -> dict[str, str]:
    visible, unseen = count_messages(context.tx, place)
    return {
        "ApproximateNumberOfMessages": str(visible),
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": str(unseen),
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "1209600",
        "QueueArn": queue_arn(*place),
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": str(context.runtime.settings.targets.external.visibility_timeout_seconds),
    }
