"""Carrying the execution of a service action out: begin -> forward -> done.

Intent, call, outcome, as for every step (decisions/rows.md): the start is written before the runner is called, its
outcome after. A start without an outcome is repeated under the same token, the record's id, by which a runner can
recognise it. The product is UNDER_CHANGE meanwhile and then what it was before: an action changes nothing that the
catalog knows of (inferred).
"""

import json
import threading
from collections.abc import Iterable, Iterator

import msgspec

from manciple.engine.service_actions.execution import Execution, document_of
from manciple.engine.service_actions.runners import Outcome, in_background, run, too_slow
from manciple.engine.settlement import Settlement
from manciple.engine.slice import Slice
from manciple.engine.targets.target import Target
from manciple.settings.sections import Runner
from manciple.store.database import Transaction

KIND = "action"
EVENT_TYPE = "AWS::SSM::Automation"
STARTED, COMPLETE, FAILED = "EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"

_MOST_SHOWN = 1_000
"""So many of the last letters that a runner says are shown."""

_GRACE = 5.0
"""Seconds by which a runner that stops itself may be late."""


def advance(slice: Slice, _target: Target) -> int | None:
    """Run the action, or go on with what a slice before left; returns when to go on, None once it is over."""
    operation = slice.work.operation
    if operation.phase == "done":
        return None
    execution = _execution_of(slice)
    slice.work.mask.add_texts(_forms(execution.secrets))
    runner = slice.parts.runners.find(execution.document)
    if runner is None:
        _end(slice, execution, Outcome(is_good=False, text=_nobody(execution)))
        return None
    if not slice.parts.runners.room.acquire(blocking=False):
        return slice.now() + slice.parts.limits.poll
    try:
        _start(slice, execution)
        outcome = _call(slice, execution, runner)
    finally:
        slice.parts.runners.room.release()
    if slice.parts.runners.closing.is_set() and not outcome.is_good:
        return slice.now()
    return _conclude(slice, execution, outcome)


def give_up(slice: Slice) -> None:
    """Slice after slice died: end the record, so that the action cannot take the worker down for ever."""
    operation = slice.work.operation
    execution = _execution_of(slice)
    operation.phase = "done"
    operation.reason = f"{execution.action_name} was given up after {operation.claims - 1} slices that did not end."
    slice.commit(lambda tx: _settle(slice, tx, execution, operation.reason))


def _execution_of(slice: Slice) -> Execution:
    with slice.parts.database.read() as tx:
        found: Execution = slice.parts.objects.get_value(tx, slice.work.operation.request_digest, Execution)
    return found


def _nobody(execution: Execution) -> str:
    return (
        f"No runner is set up for the document {execution.document}; "
        "the operator names one in [service_actions] of the settings."
    )


def _start(slice: Slice, execution: Execution) -> None:
    """Write that the runner is called, before it is."""
    operation = slice.work.operation
    is_first = operation.phase == "begin"
    operation.phase = "forward"
    _tell(slice, execution, STARTED, None if is_first else f"Started again under the token {operation.id}.")
    slice.parts.probe.reach("before intent", operation.id)
    slice.commit(lambda tx: _settlement(slice, tx).under_way())
    slice.parts.probe.reach("after intent", operation.id)


def _call(slice: Slice, execution: Execution, runner: Runner) -> Outcome:
    """Ask the runner; whoever loses the lease or has to close stops it, for it is called again."""
    token, probe = slice.work.operation.id, slice.parts.probe
    request = msgspec.json.encode(document_of(execution, token))
    stop, closing = threading.Event(), slice.parts.runners.closing

    def is_stopped() -> bool:
        return stop.is_set() or closing.is_set()

    def called() -> Outcome:
        outcome = run(runner, request, token, is_stopped)
        probe.reach("inside call", token)
        return outcome

    try:
        outcome = slice.wait_for(in_background(called), runner.seconds + _GRACE, is_stopped)
    except TimeoutError:
        outcome = Outcome(is_good=False, text=too_slow(runner))
    finally:
        stop.set()
    probe.reach("after call", token)
    slice.work.operation.claims = 0
    return outcome


def _conclude(slice: Slice, execution: Execution, outcome: Outcome) -> int | None:
    """Write what came of it: the end, or when it is tried again."""
    operation, limits = slice.work.operation, slice.parts.limits
    failures = int((operation.handle or {}).get("failures", 0)) + 1
    if outcome.is_good or not outcome.is_transient or failures >= limits.attempts:
        _end(slice, execution, outcome)
        return None
    operation.handle = {"failures": failures}
    at = slice.now() + (limits.backoff << (failures - 1))
    _tell(slice, execution, STARTED, f"{_text(slice, outcome)} It is tried again.")
    operation.not_before = at
    slice.commit()
    slice.parts.probe.reach("after outcome", operation.id)
    return at


def _end(slice: Slice, execution: Execution, outcome: Outcome) -> None:
    operation, text = slice.work.operation, _text(slice, outcome)
    operation.phase = "done"
    operation.reason = None if outcome.is_good else text
    _tell(slice, execution, COMPLETE if outcome.is_good else FAILED, text or None)
    slice.commit(lambda tx: _settle(slice, tx, execution, operation.reason))
    slice.parts.probe.reach("after outcome", operation.id)


def _settle(slice: Slice, tx: Transaction, execution: Execution, reason: str | None) -> None:
    _settlement(slice, tx).acted(execution.status_before, reason)


def _settlement(slice: Slice, tx: Transaction) -> Settlement:
    return Settlement(tx, slice.parts.objects, slice.work.operation, slice.work.now)


def _text(slice: Slice, outcome: Outcome) -> str:
    """What people may read of an outcome: no secret, and the end of what the runner said."""
    said = slice.work.mask.hide(outcome.said)
    shown = said if len(said) <= _MOST_SHOWN else f"…{said[-_MOST_SHOWN:]}"
    return " ".join(filter(None, (outcome.text, shown)))


def _forms(secrets: Iterable[str]) -> Iterator[str]:
    """Secrets as a runner may repeat them: plain, and as they stand in JSON."""
    for secret in secrets:
        yield secret
        yield msgspec.json.encode(secret).decode()[1:-1]
        yield json.dumps(secret)[1:-1]


def _tell(slice: Slice, execution: Execution, status: str, reason: str | None) -> None:
    work = slice.work
    work.log.add(
        execution.stack_id,
        slice.now(),
        status,
        logical_id=execution.action_name[:255],
        type_=EVENT_TYPE,
        physical_id=execution.document,
        reason=reason,
    )
