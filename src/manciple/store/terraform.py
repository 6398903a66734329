"""States that Terraform reads and writes, who may, and saved plans. Of a run's token only the hash is stored."""

import hashlib
import secrets
import uuid

import msgspec
import sqlalchemy as sa

from manciple.catalog.audit import AuditEntry
from manciple.catalog.terraform import SavedPlan, StateVersion, TerraformRun, TerraformState
from manciple.store.audit import add_entry
from manciple.store.database import Transaction
from manciple.store.objects import Objects
from manciple.store.rows import Rows
from manciple.store.tables.terraform import (
    TERRAFORM_PLAN,
    TERRAFORM_RUN,
    TERRAFORM_STATE,
    TERRAFORM_STATE_VERSION,
)

STATES = Rows(TerraformState, TERRAFORM_STATE)
VERSIONS = Rows(StateVersion, TERRAFORM_STATE_VERSION)
RUNS = Rows(TerraformRun, TERRAFORM_RUN)
SAVED_PLANS = Rows(SavedPlan, TERRAFORM_PLAN)

_ID_BYTES = 16
_TOKEN_BYTES = 32
_OF_PRODUCT = STATES.select.where(
    TERRAFORM_STATE.c.account == sa.bindparam("account"),
    TERRAFORM_STATE.c.region == sa.bindparam("region"),
    TERRAFORM_STATE.c.provisioned_product_id == sa.bindparam("product"),
)
_END_RUNS = (
    sa.update(TERRAFORM_RUN)
    .where(TERRAFORM_RUN.c.operation_id == sa.bindparam("of_operation"), TERRAFORM_RUN.c.ended_time.is_(None))
    .values(ended_time=sa.bindparam("at"))
)

_GOES_ON = sa.select(
    sa.exists().where(
        TERRAFORM_RUN.c.operation_id == sa.bindparam("of_operation"), TERRAFORM_RUN.c.ended_time.is_(None)
    )
)


class Content(msgspec.Struct, frozen=True):
    """What the server has to know of a state's content: Terraform's state format, version 4."""

    lineage: str
    serial: int
    version: int


def state_of(tx: Transaction, account: str, region: str, product: str) -> TerraformState | None:
    """The state of a provisioned product, None before its first plan."""
    row = tx.first(_OF_PRODUCT, account=account, region=region, product=product)
    return None if row is None else STATES.of(row)


def open_state(tx: Transaction, account: str, region: str, product: str) -> TerraformState:
    """The state of a provisioned product, an empty one if there was none."""
    found = state_of(tx, account, region, product)
    if found is not None:
        return found
    now = tx.now()
    found = TerraformState(
        account=account,
        region=region,
        id=secrets.token_hex(_ID_BYTES),
        provisioned_product_id=product,
        created_time=now,
        updated_time=now,
    )
    STATES.insert(tx, found)
    return found


def add_run(tx: Transaction, state: TerraformState, operation_id: str, *, may_write: bool) -> str:
    """Let one more run of an operation touch a state, and no run before it any more; returns its token."""
    end_runs(tx, operation_id)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    run = TerraformRun(
        account=state.account,
        region=state.region,
        token_hash=_hash(token),
        state_id=state.id,
        operation_id=operation_id,
        may_write=may_write,
        created_time=tx.now(),
    )
    RUNS.insert(tx, run)
    return token


def find_run(tx: Transaction, token: str, lasts: int) -> TerraformRun | None:
    """The run that a token speaks for, None if it is over, older than a run `lasts`, or nobody issued it."""
    found = RUNS.get(tx, _hash(token))
    is_open = found is not None and found.ended_time is None and found.created_time > tx.now() - lasts
    return found if is_open else None


def end_runs(tx: Transaction, operation_id: str) -> None:
    """No run of an operation touches a state from now on."""
    tx.execute(_END_RUNS, {"of_operation": operation_id, "at": tx.now()})


def release_dead_lock(tx: Transaction, state: TerraformState) -> TerraformState:
    """Take the lock from whoever holds it while none of their runs goes on; the audit tells of it."""
    if state.lock_id is None or tx.scalar(_GOES_ON, of_operation=state.locked_by):
        return state
    entry = AuditEntry(
        account=state.account,
        region=state.region,
        time=tx.now(),
        request_id=str(uuid.uuid4()),
        principal="manciple",
        session="",
        operation="manciple:ReleaseStateLock",
        resources={"StateId": state.id, "LockId": state.lock_id, "OperationId": state.locked_by or ""},
        source_address="",
        user_agent="",
        outcome="OK",
    )
    add_entry(tx, entry)
    return STATES.change(tx, state, lock_id=None, lock_info=None, locked_by=None) or state


def keep_version(
    tx: Transaction, objects: Objects, state: TerraformState, content: bytes, operation_id: str
) -> TerraformState:
    """Make this content the state's newest version. Raises msgspec.MsgspecError for what is no state."""
    told = msgspec.json.decode(content, type=Content)
    digest = objects.put(tx, content, sealed=True)
    now = tx.now()
    version = StateVersion(
        account=state.account,
        region=state.region,
        state_id=state.id,
        number=state.versions + 1,
        lineage=told.lineage,
        serial=told.serial,
        digest=digest,
        operation_id=operation_id,
        created_time=now,
    )
    VERSIONS.insert(tx, version)
    changed = STATES.change(
        tx,
        state,
        lineage=told.lineage,
        serial=told.serial,
        digest=digest,
        versions=version.number,
        updated_time=now,
    )
    assert changed is not None, "a state outlives its runs"
    return changed


def keep_plan(tx: Transaction, plan: SavedPlan) -> None:
    """Keep a saved plan in place of what the operation may have saved before."""
    SAVED_PLANS.delete(tx, plan)
    SAVED_PLANS.insert(tx, plan)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
