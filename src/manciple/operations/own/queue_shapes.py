"""What the operations on queues take and answer, as Amazon SQS has it; messages have no attributes of their own."""

from typing import Annotated

import msgspec

from manciple.api.model import Shape

Names = list[str]


class _OfQueue(Shape, frozen=True, kw_only=True):
    """What is asked of one queue, named by its address."""

    queue_url: Annotated[str, msgspec.Meta(min_length=1)] = msgspec.field(name="QueueUrl")


class ReceiveMessageInput(_OfQueue, frozen=True, kw_only=True):
    """What ReceiveMessage takes."""

    attribute_names: Names = msgspec.field(default_factory=list, name="AttributeNames")
    message_system_attribute_names: Names = msgspec.field(default_factory=list, name="MessageSystemAttributeNames")
    max_number_of_messages: int | None = msgspec.field(default=None, name="MaxNumberOfMessages")
    visibility_timeout: int | None = msgspec.field(default=None, name="VisibilityTimeout")
    wait_time_seconds: int | None = msgspec.field(default=None, name="WaitTimeSeconds")


class DeleteMessageInput(_OfQueue, frozen=True, kw_only=True):
    """What DeleteMessage takes."""

    receipt_handle: str = msgspec.field(name="ReceiptHandle")


class ChangeMessageVisibilityInput(_OfQueue, frozen=True, kw_only=True):
    """What ChangeMessageVisibility takes."""

    receipt_handle: str = msgspec.field(name="ReceiptHandle")
    visibility_timeout: int = msgspec.field(name="VisibilityTimeout")


class BatchEntry(Shape, frozen=True, kw_only=True):
    """One message of a batch."""

    id: str = msgspec.field(name="Id")
    receipt_handle: str = msgspec.field(name="ReceiptHandle")
    visibility_timeout: int = msgspec.field(default=0, name="VisibilityTimeout")


class BatchInput(_OfQueue, frozen=True, kw_only=True):
    """What DeleteMessageBatch and ChangeMessageVisibilityBatch take."""

    entries: list[BatchEntry] = msgspec.field(name="Entries")


class GetQueueUrlInput(Shape, frozen=True, kw_only=True):
    """What GetQueueUrl takes."""

    queue_name: str = msgspec.field(name="QueueName")
    queue_owner: str | None = msgspec.field(default=None, name="QueueOwnerAWSAccountId")


class CreateQueueInput(Shape, frozen=True, kw_only=True):
    """What CreateQueue takes."""

    queue_name: str = msgspec.field(name="QueueName")
    attributes: dict[str, str] = msgspec.field(default_factory=dict, name="Attributes")
    tags: dict[str, str] = msgspec.field(default_factory=dict, name="tags")


class GetQueueAttributesInput(_OfQueue, frozen=True, kw_only=True):
    """What GetQueueAttributes takes."""

    attribute_names: Names = msgspec.field(default_factory=list, name="AttributeNames")


class ListQueuesInput(Shape, frozen=True, kw_only=True):
    """What ListQueues takes."""

    prefix: str | None = msgspec.field(default=None, name="QueueNamePrefix")
    most: int | None = msgspec.field(default=None, name="MaxResults")
    next_token: str | None = msgspec.field(default=None, name="NextToken")


class Message(Shape, frozen=True, kw_only=True):
    """A message as it is received."""

    message_id: str = msgspec.field(name="MessageId")
    receipt_handle: str = msgspec.field(name="ReceiptHandle")
    md5_of_body: str = msgspec.field(name="MD5OfBody")
    body: str = msgspec.field(name="Body")
    attributes: dict[str, str] | None = msgspec.field(default=None, name="Attributes")


class Messages(Shape, frozen=True, kw_only=True):
    """What ReceiveMessage answers; None where there is nothing."""

    messages: list[Message] | None = msgspec.field(default=None, name="Messages")


class Nothing(Shape, frozen=True, kw_only=True):
    """What DeleteMessage and ChangeMessageVisibility answer."""


class Peeked(Shape, frozen=True, kw_only=True):
    """Is there a message to be received now?"""

    has_messages: bool


class QueueAddress(Shape, frozen=True, kw_only=True):
    """What GetQueueUrl answers."""

    queue_url: str = msgspec.field(name="QueueUrl")


class QueueAttributes(Shape, frozen=True, kw_only=True):
    """What GetQueueAttributes answers."""

    attributes: dict[str, str] | None = msgspec.field(default=None, name="Attributes")


class QueueAddresses(Shape, frozen=True, kw_only=True):
    """What ListQueues answers."""

    queue_urls: list[str] | None = msgspec.field(default=None, name="QueueUrls")
    next_token: str | None = msgspec.field(default=None, name="NextToken")


class Succeeded(Shape, frozen=True, kw_only=True):
    """An entry of a batch that was done."""

    id: str = msgspec.field(name="Id")


class Failed(Shape, frozen=True, kw_only=True):
    """An entry of a batch that was not done, and why."""

    id: str = msgspec.field(name="Id")
    sender_fault: bool = msgspec.field(name="SenderFault")
    code: str = msgspec.field(name="Code")
    message: str = msgspec.field(name="Message")


class BatchOutput(Shape, frozen=True, kw_only=True):
    """What became of each entry of a batch."""

    successful: list[Succeeded] = msgspec.field(name="Successful")
    failed: list[Failed] = msgspec.field(name="Failed")
