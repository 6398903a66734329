"""Receipt handles: which message was received, and for the how manieth time; sealed, so that nobody makes one up."""

import base64
from typing import NamedTuple

import msgspec

from manciple.catalog.queues import QueuedMessage
from manciple.errors import ReceiptHandleIsInvalid
from manciple.operations.call import Context
from manciple.store.queues import Place
from manciple.store.sealed import SealedError


class Receipt(NamedTuple):
    """What a receipt handle says."""

    message_id: str
    receive_count: int


def handle_of(context: Context, message: QueuedMessage) -> str:
    """The handle of a message as it was received now."""
    place = [message.account, message.region, message.queue]
    content = msgspec.json.encode([place, [message.id, message.receive_count]])
    return base64.b64encode(context.runtime.objects.seal.close(content)).decode()


def read_handle(context: Context, place: Place, handle: str) -> Receipt:
    """What a handle of a queue says. Raises ReceiptHandleIsInvalid."""
    try:
        opened = context.runtime.objects.seal.open(base64.b64decode(handle, validate=True))
        of_place, receipt = msgspec.json.decode(opened)
    except (ValueError, SealedError, msgspec.DecodeError) as error:
        raise _no_receipt(handle) from error
    if of_place != list(place):
        raise _no_receipt(handle)
    return Receipt(*receipt)


def _no_receipt(handle: str) -> ReceiptHandleIsInvalid:
    return ReceiptHandleIsInvalid(f'The input receipt handle "{handle[:200]}" is not a valid receipt handle.')
