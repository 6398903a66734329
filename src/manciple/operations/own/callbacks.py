"""Answers from outside: signals, custom resources' responses, wait handles (contracts, section 5).

Whoever knows the token may speak for its step; there is no other caller. A signal counts once for each UniqueId. One
that comes too late is kept as what it is: as an ignored event once the operation is done, before that as a signal of
status LATE (only the engine numbers the events of an operation that runs).
"""

import msgspec

from manciple.engine.events import EventLog, last_number
from manciple.engine.operation import call_back
from manciple.errors import ResourceNotFoundException, ValidationException
from manciple.operations.call import Runtime
from manciple.store.callbacks import LATE, Waiting, add_signal, find_waiting
from manciple.store.database import Transaction

IGNORED = "SIGNAL_IGNORED"

_STATUSES = ("SUCCESS", "FAILURE", "FAILED")
_LONGEST_ID = 64


class Received(msgspec.Struct, frozen=True, rename="pascal"):
    """What became of a callback: ACCEPTED, REPEATED (counted before) or IGNORED (too late)."""

    status: str


class _Signal(msgspec.Struct, frozen=True, rename="pascal"):
    status: str
    unique_id: str = ""


def accept(runtime: Runtime, token: str, body: bytes) -> Received:
    """Take in what came under a token. Raises ResourceNotFoundException, ValidationException."""
    with runtime.database.write() as tx:
        waiting = find_waiting(tx, token)
        if waiting is None:
            raise ResourceNotFoundException("No operation waits for this callback.")
        signal = _read(body)
        if not waiting.is_open:
            _ignore(runtime, tx, waiting, signal)
            return Received("IGNORED")
        data = runtime.objects.seal.close(body)
        if not add_signal(tx, waiting, signal.unique_id, signal.status, data, runtime.now()):
            return Received("REPEATED")
        call_back(tx, waiting.operation_id)
        tx.after_commit.append(lambda: runtime.driver.wake(waiting.operation_id))
        return Received("ACCEPTED")


def _read(body: bytes) -> _Signal:
    """The status and the id; the rest of the document is for whoever waits."""
    try:
        signal = msgspec.json.decode(body, type=_Signal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        signal = _Signal("")
    if signal.status not in _STATUSES or len(signal.unique_id) > _LONGEST_ID:
        raise ValidationException(
            f"A callback is a JSON object with a Status ({', '.join(_STATUSES)}) "
            f"and a UniqueId of at most {_LONGEST_ID} characters."
        )
    return signal


def _ignore(runtime: Runtime, tx: Transaction, waiting: Waiting, signal: _Signal) -> None:
    now = runtime.now()
    if waiting.phase != "done":
        add_signal(tx, waiting, f"{LATE}-{now}"[:_LONGEST_ID], LATE, b"", now)
        return
    log = EventLog(waiting.operation_id, last_number(tx, waiting.operation_id))
    log.add(
        waiting.stack_id or "",
        now,
        IGNORED,
        logical_id=waiting.logical_id,
        type_=waiting.type,
        path=waiting.path,
        reason=f"A {signal.status} signal came after the resource had stopped waiting for it.",
    )
    log.write(tx)
