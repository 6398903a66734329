"""What became of a question: the engine's result, or that none is waited for any more, and why."""

import msgspec

from manciple.catalog.queues import QueuedMessage
from manciple.catalog.workflows import Workflow, WorkflowResult
from manciple.engine.events import USER_INITIATED
from manciple.engine.external.asking import ATTEMPT, Handle, keep_handle
from manciple.engine.slice import Slice
from manciple.engine.targets.target import Wake
from manciple.settings.sections import External
from manciple.store.database import Transaction
from manciple.store.queues import message_of, withdraw
from manciple.store.workflows import close_workflow, workflow_of


class GivenUp(msgspec.Struct, frozen=True):
    """No result is waited for any more; one sentence says why."""

    reason: str


def answer(slice: Slice, settings: External, handle: Handle) -> WorkflowResult | GivenUp | Wake:
    """The result that was told, or why it is given up, or when to look again. Raises Fenced."""
    with slice.parts.database.read() as tx:
        result = told_result(slice, tx)
        message = message_of(tx, slice.work.operation.id)
    if result is not None:
        return result
    if handle.given_up is not None:
        return GivenUp(handle.given_up)
    reason = _reason(slice, settings, handle, message)
    if reason is None:
        return Wake(_next_look(settings, handle, message))
    return give_up(slice, handle, reason)


def told_result(slice: Slice, tx: Transaction) -> WorkflowResult | None:
    """What the engine told, if it did."""
    workflow = _workflow(slice, tx)
    if workflow is None or workflow.result_digest is None:
        return None
    result: WorkflowResult = slice.parts.objects.get_value(tx, workflow.result_digest, WorkflowResult)
    return result


def _workflow(slice: Slice, tx: Transaction) -> Workflow | None:
    operation = slice.work.operation
    keys = {"account": operation.account, "region": operation.region}
    return workflow_of(tx, **keys, record_id=operation.id, attempt=ATTEMPT)


def _reason(slice: Slice, settings: External, handle: Handle, message: QueuedMessage | None) -> str | None:
    """Why to wait no longer, if there is a reason."""
    now = slice.now()
    if slice.work.operation.cancelled:
        taken = message is None or message.receive_count > 0
        return f"{USER_INITIATED}." + (" The engine had taken the request and may still carry it out." if taken else "")
    if message is not None and message.receive_count >= settings.most_receives and message.visible_time <= now:
        return (
            f"The engine took the request from {handle.queue} {message.receive_count} times and told no result; "
            "it is not offered again (targets.external.most_receives)."
        )
    if now >= handle.deadline:
        return _timed_out(settings, handle, message)
    return None


def _timed_out(settings: External, handle: Handle, message: QueuedMessage | None) -> str:
    within = f"within {settings.timeout_seconds:g} s (targets.external.timeout_seconds)"
    if message is not None and message.receive_count == 0:
        return f"No engine took the request from {handle.queue} of account {handle.queue_account} {within}."
    return f"The engine told no result of the request in {handle.queue} {within}."


def _next_look(settings: External, handle: Handle, message: QueuedMessage | None) -> int:
    is_last = message is not None and message.receive_count >= settings.most_receives
    return min(handle.deadline, message.visible_time) if message is not None and is_last else handle.deadline


def give_up(slice: Slice, handle: Handle, reason: str) -> WorkflowResult | GivenUp:
    """Take no result any more, unless one has just been told; the message is withdrawn."""
    operation = slice.work.operation
    told: list[WorkflowResult | None] = []

    def close(tx: Transaction) -> None:
        workflow = _workflow(slice, tx)
        if workflow is not None:
            close_workflow(tx, workflow)
        told.append(told_result(slice, tx))
        withdraw(tx, operation.id)

    handle.given_up = reason
    keep_handle(slice, handle)
    slice.commit(first=close)
    return told[0] or GivenUp(reason)
