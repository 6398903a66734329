"""The engine's rows as they are worked on in memory: loaded once a slice, changed, and written back in one go."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from manciple.store.database import Transaction
from manciple.store.tables.engine import INSTANCE, OPERATION, STACK, STEP
from manciple.template.evaluation import Policy


class Operation(msgspec.Struct, kw_only=True):
    """One plan or record being worked on; `id` is the plan's or record's."""

    id: str
    account: str
    region: str
    kind: str
    target: str
    provisioned_product_id: str
    plan_id: str | None
    record_id: str | None
    stack_id: str | None
    phase: str
    cancelled: bool
    lease: int
    epoch: int
    claims: int
    calls: int
    not_before: int | None
    format: int
    handle: dict[str, Any] | None
    request_digest: str
    planned_digest: str | None
    reason: str | None
    created_time: int
    updated_time: int


class Stack(msgspec.Struct, kw_only=True):
    """What a product deploys onto the stack target."""

    id: str
    account: str
    region: str
    provisioned_product_id: str
    parent_id: str | None
    path: str
    name: str
    arn: str
    status: str
    status_reason: str | None
    revision: int
    place: dict[str, Any]
    deployed_digest: str | None
    created_time: int
    updated_time: int
    notification_arns: list[str] = []


class Instance(msgspec.Struct, kw_only=True):
    """One physical thing that a logical id has or had.

    `state` is creating, live, replaced, removed (both to be deleted), deleted, retained, leftover or failed.
    `physical_id` is the provider's identifier; `digest` the sealed `State`; `previous_digest` the state before this
    operation changed it; `dependencies` the logical ids that it was made after.
    """

    stack_id: str
    logical_id: str
    incarnation: int
    type: str
    physical_id: str | None = None
    state: str = "creating"
    digest: str | None = None
    previous_digest: str | None = None
    dependencies: list[str] = []
    deletion_policy: Policy = "Delete"


class Step(msgspec.Struct, kw_only=True):
    """One thing to do to one resource.

    `verb` is create, modify (becomes update or replace once the values are known), update, replace, delete, restore
    (undo of an update) or keep (the event of a replacement undone). `before` and `after` are incarnations. `state` is
    pending, started (the call is or was under way: its outcome is unknown until it is repeated under the same token),
    waiting (the handler is in progress), done, skipped, failed or cancelled.
    """

    operation_id: str
    number: int
    phase: str
    path: str
    logical_id: str
    verb: str
    before: int | None = None
    after: int | None = None
    state: str = "pending"
    token: str | None = None
    attempts: int = 0
    context: bytes | None = None
    not_before: int = 0
    deadline: int | None = None
    error_code: str | None = None
    error: str | None = None

    @property
    def is_over(self) -> bool:
        """Is nothing left to do or to hear?"""
        return self.state in ("done", "skipped", "failed", "cancelled")


R = TypeVar("R", bound=msgspec.Struct)

STEP_FIELDS = ("verb", "before", "after", "state", "token", "attempts", "context", "not_before", "deadline")
STEP_ERRORS = ("error_code", "error")
STACK_FIELDS = (
    "arn",
    "status",
    "place",
    "status_reason",
    "revision",
    "deployed_digest",
    "updated_time",
    "notification_arns",
)
INSTANCE_FIELDS = ("type", "physical_id", "state", "digest", "previous_digest", "dependencies", "deletion_policy")

_INSERT_STEPS = sa.insert(STEP)
_INSERT_INSTANCES = sa.insert(INSTANCE)
_INSERT_STACKS = sa.insert(STACK)
_UPDATE_STEPS = (
    sa.update(STEP)
    .where(STEP.c.operation_id == sa.bindparam("key_operation"), STEP.c.number == sa.bindparam("key_number"))
    .values({name: sa.bindparam(f"new_{name}") for name in (*STEP_FIELDS, *STEP_ERRORS)})
)
_IS_INSTANCE = (
    INSTANCE.c.stack_id == sa.bindparam("key_stack"),
    INSTANCE.c.logical_id == sa.bindparam("key_logical"),
    INSTANCE.c.incarnation == sa.bindparam("key_incarnation"),
)
_UPDATE_INSTANCES = (
    sa.update(INSTANCE).where(*_IS_INSTANCE).values({name: sa.bindparam(f"new_{name}") for name in INSTANCE_FIELDS})
)
_DELETE_INSTANCES = sa.delete(INSTANCE).where(*_IS_INSTANCE)
_UPDATE_STACK = (
    sa.update(STACK)
    .where(STACK.c.id == sa.bindparam("key_id"))
    .values({name: sa.bindparam(f"new_{name}") for name in STACK_FIELDS})
)

SELECT_OPERATION = sa.select(OPERATION).where(OPERATION.c.id == sa.bindparam("id"))
SELECT_STACK = sa.select(STACK).where(STACK.c.id == sa.bindparam("id"))
SELECT_PRODUCT_STACK = sa.select(STACK).where(
    STACK.c.account == sa.bindparam("account"),
    STACK.c.region == sa.bindparam("region"),
    STACK.c.provisioned_product_id == sa.bindparam("product"),
    STACK.c.parent_id.is_(None),
)
SELECT_STEPS = sa.select(STEP).where(STEP.c.operation_id == sa.bindparam("id")).order_by(STEP.c.number)
SELECT_NESTED_STACKS = sa.select(STACK).where(
    STACK.c.account == sa.bindparam("account"),
    STACK.c.region == sa.bindparam("region"),
    STACK.c.provisioned_product_id == sa.bindparam("product"),
    STACK.c.parent_id.is_not(None),
    STACK.c.status != "DELETE_COMPLETE",
)
SELECT_INSTANCES = (
    sa.select(INSTANCE)
    .where(INSTANCE.c.stack_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(INSTANCE.c.stack_id, INSTANCE.c.logical_id, INSTANCE.c.incarnation)
)


def rows_of(kind: type[R], found: Iterable[sa.Row[Any]]) -> list[R]:
    """Rows as structures; their columns are the structure's fields."""
    return [kind(**row._asdict()) for row in found]


def nested_stacks(tx: Transaction, root: Stack) -> list[Stack]:
    """The stacks nested, at any depth, in a product's stack, in no order; those that are gone left out."""
    product = {"account": root.account, "region": root.region, "product": root.provisioned_product_id}
    return rows_of(Stack, tx.all(SELECT_NESTED_STACKS, **product))


def instances_of(tx: Transaction, stack_ids: list[str]) -> dict[str, list[Instance]]:
    """The instances of some stacks, by stack."""
    found: dict[str, list[Instance]] = {}
    for one in rows_of(Instance, tx.all(SELECT_INSTANCES, ids=stack_ids)):
        found.setdefault(one.stack_id, []).append(one)
    return found


def insert_steps(tx: Transaction, steps: Iterable[Step]) -> None:
    """Insert steps."""
    _run(tx, _INSERT_STEPS, [msgspec.structs.asdict(step) for step in steps])


def update_steps(tx: Transaction, steps: Iterable[Step]) -> None:
    """Write back what of a step can change."""
    rows = []
    for step in steps:
        row: dict[str, object] = {"key_operation": step.operation_id, "key_number": step.number}
        row |= {f"new_{name}": getattr(step, name) for name in (*STEP_FIELDS, *STEP_ERRORS)}
        rows.append(row)
    _run(tx, _UPDATE_STEPS, rows)


def insert_instances(tx: Transaction, instances: Iterable[Instance]) -> None:
    """Insert instances."""
    _run(tx, _INSERT_INSTANCES, [msgspec.structs.asdict(instance) for instance in instances])


def update_instances(tx: Transaction, instances: Iterable[Instance]) -> None:
    """Write back what of an instance can change."""
    rows = [
        _instance_key(instance) | {f"new_{name}": getattr(instance, name) for name in INSTANCE_FIELDS}
        for instance in instances
    ]
    _run(tx, _UPDATE_INSTANCES, rows)


def delete_instances(tx: Transaction, instances: Iterable[Instance]) -> None:
    """Delete the rows of instances that are gone."""
    _run(tx, _DELETE_INSTANCES, [_instance_key(instance) for instance in instances])


def insert_stack(tx: Transaction, stack: Stack) -> None:
    """Insert a stack."""
    tx.execute(_INSERT_STACKS, msgspec.structs.asdict(stack))


def update_stack(tx: Transaction, stack: Stack) -> None:
    """Write back what of a stack can change."""
    tx.execute(_UPDATE_STACK, {"key_id": stack.id} | {f"new_{name}": getattr(stack, name) for name in STACK_FIELDS})


def _instance_key(instance: Instance) -> dict[str, Any]:
    return {
        "key_stack": instance.stack_id,
        "key_logical": instance.logical_id,
        "key_incarnation": instance.incarnation,
    }


def _run(tx: Transaction, statement: sa.Executable, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.execute(statement, rows)
