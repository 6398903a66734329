"""The state's server: what Terraform's `http` backend asks of it (terraform reference, 2.7).

The token of a run is the credential: it opens one state, for as long as the run lasts, and lets only a run that carries
out write. What is written comes from the holder of the lock, is of the state's own lineage, and never older than what
is there.
"""

import base64
import hashlib
import hmac
from typing import NoReturn

import msgspec

from manciple.catalog.terraform import TerraformRun, TerraformState
from manciple.errors import AccessDeniedException, ValidationException
from manciple.operations.call import Runtime
from manciple.store.database import Transaction
from manciple.store.terraform import STATES, Content, find_run, keep_version

_LONGEST_LOCK = 16_384
_SPARE = 300_000
"""Milliseconds that a token outlives the longest run: its supervisor ends it by then."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request: the state's id, the token, what was sent, under which lock and with which Content-MD5."""

    state_id: str
    token: str
    body: bytes = b""
    lock_id: str | None = None
    md5: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """One answer: status and JSON."""

    status: int
    body: bytes = b""


class _Lock(msgspec.Struct, frozen=True, rename="pascal"):
    id: str = msgspec.field(name="ID")


def read_state(runtime: Runtime, asked: Asked) -> Answer:
    """The newest version; 404 before the first."""
    with runtime.database.read() as tx:
        _, state = _open(runtime, tx, asked)
        if state.digest is None:
            return Answer(404)
        return Answer(200, runtime.objects.get(tx, state.digest))


def write_state(runtime: Runtime, asked: Asked) -> Answer:
    """Keep what was sent as the newest version."""
    _demand_whole(asked)
    told = _content(asked.body)
    with runtime.database.write() as tx:
        run, state = _open(runtime, tx, asked, writes=True)
        if asked.lock_id is None or asked.lock_id != state.lock_id:
            return _locked(state)
        if state.lineage is not None and told.lineage != state.lineage:
            raise ValidationException(f"State {state.id} has lineage {state.lineage}, not {told.lineage}.")
        if told.serial < state.serial:
            raise ValidationException(f"State {state.id} is at serial {state.serial}; {told.serial} is older.")
        keep_version(tx, runtime.objects, state, asked.body, run.operation_id)
    return Answer(200)


def lock_state(runtime: Runtime, asked: Asked) -> Answer:
    """Take the lock; who cannot is told who holds it."""
    lock_id = _lock_of(asked.body)
    with runtime.database.write() as tx:
        run, state = _open(runtime, tx, asked)
        held = {"lock_id": lock_id, "lock_info": asked.body.decode(), "locked_by": run.operation_id}
        if STATES.change(tx, state, expect={"lock_id": None}, **held) is None:
            return _locked(state)
    return Answer(200)


def unlock_state(runtime: Runtime, asked: Asked) -> Answer:
    """Give the lock back; without a body (`force-unlock` of old versions) it must be the run's own."""
    with runtime.database.write() as tx:
        run, state = _open(runtime, tx, asked)
        is_own = _lock_of(asked.body) == state.lock_id if asked.body else run.operation_id == state.locked_by
        if not is_own:
            return _locked(state)
        STATES.change(tx, state, lock_id=None, lock_info=None, locked_by=None)
    return Answer(200)


def delete_state(runtime: Runtime, asked: Asked) -> Answer:
    """Go back to no state; the versions that there were are kept."""
    with runtime.database.write() as tx:
        run, state = _open(runtime, tx, asked, writes=True)
        if state.lock_id is not None and state.locked_by != run.operation_id:
            return _locked(state)
        STATES.change(tx, state, digest=None, lineage=None, serial=0, updated_time=tx.now())
    return Answer(200)


def _open(
    runtime: Runtime, tx: Transaction, asked: Asked, *, writes: bool = False
) -> tuple[TerraformRun, TerraformState]:
    settings = runtime.settings.targets.terraform
    run = find_run(tx, asked.token, int((settings.seconds + settings.grace_seconds) * 1000) + _SPARE)
    if run is None or not hmac.compare_digest(run.state_id, asked.state_id):
        raise AccessDeniedException("No run that goes on has this token for this state.")
    if writes and not run.may_write:
        raise AccessDeniedException("A run that only plans writes no state.")
    state = STATES.get(tx, run.state_id)
    if state is None:  # never 404: Terraform would take that for a state that is empty
        raise AccessDeniedException(f"The state {asked.state_id} is gone.")
    return run, state


def _locked(state: TerraformState) -> Answer:
    """423 and the holder of the lock, as they told of themselves."""
    return Answer(423, (state.lock_info or "{}").encode())


def _demand_whole(asked: Asked) -> None:
    digest = hashlib.md5(asked.body, usedforsecurity=False).digest()
    if asked.md5 is not None and asked.md5 != base64.b64encode(digest).decode():
        raise ValidationException("The Content-MD5 is not that of the state that came; send it again.")


def _content(body: bytes) -> Content:
    try:
        return msgspec.json.decode(body, type=Content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        _refuse("A state is a JSON object with a lineage, a serial and a version.")


def _lock_of(body: bytes) -> str:
    try:
        lock = msgspec.json.decode(body, type=_Lock)
        body.decode()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        _refuse("A lock is a JSON object with an ID.")
    if not lock.id or len(lock.id) > 255 or len(body) > _LONGEST_LOCK:
        _refuse(f"A lock has an ID of 1 to 255 characters and at most {_LONGEST_LOCK} bytes.")
    return lock.id


def _refuse(reason: str) -> NoReturn:
    raise ValidationException(reason)
