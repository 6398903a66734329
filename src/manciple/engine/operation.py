"""What the operations layer asks of the engine, each inside the transaction that accepts the request.

An operation of the engine has the id of the plan or record that it serves. Submitting writes one row and nothing runs;
after the commit `Driver.wake(id)` tells the driver, and if the process dies before it can, the poll finds the row.

    plan        make a plan                                  plan -> done
    provision   launch without a plan to look at first       plan -> forward -> …
    update      likewise for an existing product             plan -> forward -> …
    execute     carry out a stored plan                      forward -> …
    terminate   delete everything                            cleanup -> done
    action      execute a service action                     forward -> done
    import      make a stack that exists the product's       begin -> done
    discard     remove what a deleted plan left              begin -> done
"""

from collections.abc import Callable

import sqlalchemy as sa

from manciple.catalog.entities import Plan
from manciple.engine.launch import Adoption, Launch, Termination
from manciple.engine.service_actions.execution import Execution
from manciple.errors import InvalidStateException, ResourceNotFoundException
from manciple.store.database import Transaction
from manciple.store.objects import Objects
from manciple.store.tables.engine import EVENT, OPERATION, STACK

FORMAT = 1
"""The format of operations that this version writes and can carry on; a worker claims no other."""

_INSERT = sa.insert(OPERATION)
_FIND_TARGET = (
    sa.select(OPERATION.c.target)
    .where(
        OPERATION.c.account == sa.bindparam("account"),
        OPERATION.c.region == sa.bindparam("region"),
        OPERATION.c.provisioned_product_id == sa.bindparam("product"),
    )
    .limit(1)
)
_FIND = sa.select(OPERATION.c.id, OPERATION.c.kind, OPERATION.c.phase, OPERATION.c.cancelled).where(
    OPERATION.c.id == sa.bindparam("id"),
    OPERATION.c.account == sa.bindparam("account"),
    OPERATION.c.region == sa.bindparam("region"),
)
_FIND_REQUEST = sa.select(OPERATION.c.target, OPERATION.c.request_digest).where(OPERATION.c.id == sa.bindparam("id"))
_CANCEL = (
    sa.update(OPERATION)
    .where(
        OPERATION.c.id == sa.bindparam("operation_id"),
        OPERATION.c.kind.not_in(("terminate", "action", "discard")),
        OPERATION.c.phase.in_(("plan", "begin", "forward")),
    )
    .values(cancelled=True, calls=OPERATION.c.calls + 1, not_before=sa.bindparam("at"))
)
_FORGET_STACK = sa.delete(STACK).where(
    STACK.c.account == sa.bindparam("of_account"),
    STACK.c.region == sa.bindparam("of_region"),
    STACK.c.provisioned_product_id == sa.bindparam("of_product"),
    STACK.c.status == "REVIEW_IN_PROGRESS",
)
_TELL_ON = (
    sa.update(EVENT)
    .where(EVENT.c.operation_id == sa.bindparam("of_plan"))
    .values(operation_id=sa.bindparam("by_record"))
)
_CALL = (
    sa.update(OPERATION)
    .where(OPERATION.c.id == sa.bindparam("operation_id"), OPERATION.c.phase != "done")
    .values(calls=OPERATION.c.calls + 1, not_before=sa.bindparam("at"))
)


def submit_plan(tx: Transaction, objects: Objects, launch: Launch, *, plan_id: str) -> str:
    """Have a plan made: it ends CREATE_SUCCESS or CREATE_FAILED. Returns the operation's id."""
    return _submit(tx, "plan", launch, objects.put_value(tx, launch), plan_id=plan_id)


def submit_provision(tx: Transaction, objects: Objects, launch: Launch, *, record_id: str) -> str:
    """Have a new product launched. Returns the operation's id."""
    return _submit(tx, "provision", launch, objects.put_value(tx, launch), record_id=record_id)


def submit_update(tx: Transaction, objects: Objects, launch: Launch, *, record_id: str) -> str:
    """Have an existing product updated. Returns the operation's id."""
    return _submit(tx, "update", launch, objects.put_value(tx, launch), record_id=record_id)


def submit_execution(tx: Transaction, objects: Objects, launch: Launch, *, plan: Plan, record_id: str) -> str:
    """Have a plan that is CREATE_SUCCESS carried out; `launch` as it was given to `submit_plan`.

    The caller has set the plan to EXECUTE_IN_PROGRESS by compare and set. What happened when the plan was made (a new
    stack is in review) begins the record's events. Returns the operation's id.
    """
    if plan.planned_digest is None:
        raise InvalidStateException(f"Plan {plan.id} has nothing to execute.")
    tx.execute(_TELL_ON, {"of_plan": plan.id, "by_record": record_id})
    request = objects.put_value(tx, launch)
    return _submit(
        tx, "execute", launch, request, record_id=record_id, plan_id=plan.id, planned_digest=plan.planned_digest
    )


def submit_termination(tx: Transaction, objects: Objects, termination: Termination, *, record_id: str) -> str:
    """Have a product terminated. Returns the operation's id."""
    return _submit(tx, "terminate", termination, objects.put_value(tx, termination), record_id=record_id)


def submit_action(tx: Transaction, objects: Objects, execution: Execution, *, record_id: str) -> str:
    """Have a service action executed. Returns the operation's id."""
    return _submit(tx, "action", execution, objects.put_value(tx, execution), record_id=record_id)


def submit_import(tx: Transaction, objects: Objects, adoption: Adoption, *, record_id: str) -> str:
    """Have a stack that exists made a product's. Returns the operation's id."""
    return _submit(tx, "import", adoption, objects.put_value(tx, adoption), record_id=record_id)


def submit_part(tx: Transaction, objects: Objects, kind: str, request: Launch | Termination, id: str) -> str:
    """Have a stack instance provisioned, updated or terminated, for an operation that watches it under this id."""
    return _submit(tx, kind, request, objects.put_value(tx, request), id=id)


def submit_discard(
    tx: Transaction, objects: Objects, plan_id: str, keeps_plans: Callable[[str], bool], id: str
) -> bool:
    """Have what a plan left at its target removed; False if that keeps nothing of plans."""
    found = tx.first(_FIND_REQUEST, id=plan_id)
    if found is None or not keeps_plans(found.target):
        return False
    launch = objects.get_value(tx, found.request_digest, Launch)
    _submit(tx, "discard", launch, found.request_digest, id=id, plan_id=plan_id)
    return True


def request_cancel(tx: Transaction, account: str, region: str, record_id: str) -> None:
    """Ask a running operation to turn back.

    Raises ResourceNotFoundException for an unknown record, InvalidStateException once the operation has committed.
    """
    if tx.execute(_FIND, {"id": record_id, "account": account, "region": region}).first() is None:
        raise ResourceNotFoundException(f"Record {record_id} has no operation.")
    if tx.execute(_CANCEL, {"operation_id": record_id, "at": tx.now()}).rowcount != 1:
        raise InvalidStateException(f"Record {record_id} can no longer be cancelled.")


def find_target(tx: Transaction, account: str, region: str, provisioned_product_id: str) -> str | None:
    """The target that a product is deployed onto, None before its first operation. It never changes."""
    found = tx.scalar(_FIND_TARGET, account=account, region=region, product=provisioned_product_id)
    return None if found is None else str(found)


def forget_stack(tx: Transaction, account: str, region: str, provisioned_product_id: str) -> None:
    """Forget the stack of a product that was planned and never launched."""
    keys = {"of_account": account, "of_region": region, "of_product": provisioned_product_id}
    tx.execute(_FORGET_STACK, keys)


def call_back(tx: Transaction, operation_id: str) -> None:
    """Note that something came for an operation from outside (a signal): its next slice is due now."""
    tx.execute(_CALL, {"operation_id": operation_id, "at": tx.now()})


def _submit(
    tx: Transaction, kind: str, request: Launch | Termination | Execution | Adoption, digest: str, **fields: str
) -> str:
    now = tx.now()
    row = {
        "id": fields.get("record_id") or fields.get("plan_id"),
        "account": request.account,
        "region": request.region,
        "kind": kind,
        "target": request.target,
        "provisioned_product_id": request.provisioned_product_id,
        "plan_id": None,
        "record_id": None,
        "stack_id": None,
        "phase": _FIRST_PHASES.get(kind, "plan"),
        "cancelled": False,
        "lease": 0,
        "epoch": 0,
        "claims": 0,
        "calls": 0,
        "not_before": now,
        "format": FORMAT,
        "handle": None,
        "request_digest": digest,
        "planned_digest": None,
        "reason": None,
        "created_time": now,
        "updated_time": now,
    }
    row |= fields
    tx.execute(_INSERT, row)
    return str(row["id"])


_FIRST_PHASES = {"execute": "begin", "terminate": "begin", "action": "begin", "import": "begin", "discard": "begin"}
