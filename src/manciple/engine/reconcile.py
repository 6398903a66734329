"""`reconcile`: one slice of one operation. Whoever calls it again moves the work on; the rows say where it is.

A slice claims the operation, does all that can be done now, and gives it back with the time of the next slice. It may
be called at any time, by anyone, twice at once: the lease lets one in, the epoch keeps out whoever lost it.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import sqlalchemy as sa

from manciple.engine import adoption, discard, exports, rows
from manciple.engine.launch import Launch, Termination
from manciple.engine.lease import Fenced, Lease, Unclaimed, abandon, claim
from manciple.engine.memory import Memory
from manciple.engine.operation import forget_stack
from manciple.engine.planned import encode_planned
from manciple.engine.rows import Stack
from manciple.engine.scope import Scope
from manciple.engine.service_actions import carry
from manciple.engine.settlement import Settlement
from manciple.engine.slice import Parts, Slice
from manciple.engine.targets.target import Ended, Failed, Made, Target, Wake
from manciple.engine.work import Work
from manciple.store.database import Transaction
from manciple.store.tables.engine import INSTANCE, STACK

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """The operation has ended."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Carries operations out on its targets."""

    parts: Parts
    targets: Mapping[str, Target]
    memory: Memory = field(default_factory=Memory)

    def reconcile(self, operation_id: str) -> Done | Wake:
        """Do all that can be done now for an operation; answers when to be called again."""
        parts = self.parts
        lease = claim(parts.database, parts.limits, operation_id)
        if isinstance(lease, Unclaimed):
            return Done() if lease.at is None else Wake(lease.at)
        try:
            return self._carry_on(lease)
        except Fenced:
            return Wake(lease.now + parts.limits.lease)
        except Exception:  # noqa: BLE001 (whatever it is, the operation is tried again)
            _LOG.exception("A slice of operation %s failed.", operation_id)
            return Wake(abandon(parts.database, parts.limits, lease))

    def _carry_on(self, lease: Lease) -> Done | Wake:
        work = self.memory.take(lease.operation)
        is_new = work is None
        work = work or Work(lease.operation, self.parts.objects)
        current = Slice(self.parts, lease, work)
        advance, give_up = _WAYS.get(lease.operation.kind, (_advance, _give_up))
        if lease.operation.claims > self.parts.limits.claims:
            give_up(current)
            return Done()
        if is_new:
            with self.parts.database.read() as tx:
                work.load(tx)
        while True:
            wake = advance(current, self.targets[lease.operation.target])
            if lease.release(wake):
                return self._put_down(work, wake)
            current.commit()

    def _put_down(self, work: Work, wake: int | None) -> Done | Wake:
        if wake is None:
            return Done()
        self.memory.keep(work)
        return Wake(wake)


def _advance(slice: Slice, target: Target) -> int | None:
    """Go through the operation's phases as far as possible; returns when to go on, None once it is done."""
    operation = slice.work.operation
    if operation.phase == "plan":
        wake = _plan(slice, target)
        if wake is not None or operation.phase == "done":
            return wake
    if operation.phase == "begin":
        _begin(slice, target)
    if operation.phase == "done":
        return None
    ended = target.execute(slice)
    if isinstance(ended, Wake):
        return ended.at
    _settle(slice, target, ended)
    return None


def _plan(slice: Slice, target: Target) -> int | None:
    """Have the plan made; it ends the operation if that was all, or if it cannot be made."""
    _open_stack(slice)
    answer = target.plan(slice)
    if isinstance(answer, Wake):
        return answer.at
    if isinstance(answer, Failed):
        _refuse(slice, answer)
    else:
        _keep_plan(slice, answer)
    return None


def _open_stack(slice: Slice) -> None:
    """Find the product's stack, or make its row: it is in review until it is executed."""
    work = slice.work
    if work.scopes:
        return
    with slice.parts.database.read() as tx:
        launch: Launch = slice.parts.objects.get_value(tx, work.operation.request_digest, Launch)
        found = _product_stack(tx, work)
    if found is None:
        found = _new_stack(launch, slice.now())
        work.add_stack(found)
        scope = Scope(found, None, ())
        work.add_scope(scope)
        work.tell_stack(scope, "REVIEW_IN_PROGRESS", "User Initiated")
    else:
        with slice.parts.database.read() as tx:
            work.open(tx, found)
    work.operation.stack_id = found.id
    slice.commit()


def _product_stack(tx: Transaction, work: Work) -> Stack | None:
    operation = work.operation
    keys = {"account": operation.account, "region": operation.region, "product": operation.provisioned_product_id}
    found = rows.rows_of(Stack, tx.all(rows.SELECT_PRODUCT_STACK, **keys))
    return found[0] if found else None


def _new_stack(launch: Launch, now: int) -> Stack:
    stack_id = str(uuid.uuid4())
    place = launch.place
    arn = f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/{launch.stack_name}/{stack_id}"
    return Stack(
        id=stack_id,
        account=launch.account,
        region=launch.region,
        provisioned_product_id=launch.provisioned_product_id,
        parent_id=None,
        path="",
        name=launch.stack_name,
        arn=arn,
        status="REVIEW_IN_PROGRESS",
        status_reason=None,
        revision=0,
        place=msgspec.to_builtins(place),
        deployed_digest=None,
        created_time=now,
        updated_time=now,
    )


def _keep_plan(slice: Slice, made: Made) -> None:
    """Keep the plan; a launch or update without a plan to look at first goes on at once."""
    work, objects = slice.work, slice.parts.objects
    content = encode_planned(made.planned)
    work.operation.planned_digest = objects.digest(content, sealed=True)
    work.operation.phase = "done" if work.operation.kind == "plan" else "begin"
    work.operation.claims = 0

    def settle(tx: Transaction) -> None:
        digest = objects.put(tx, content, sealed=True)
        objects.put_all(tx, made.templates)
        if work.operation.kind == "plan":
            settlement = Settlement(tx, objects, work.operation, work.now)
            settlement.plan_made(made, digest, _base_of(work))
            _forget_unwanted(tx, work, settlement)

    slice.commit(settle)
    work.adopt(made.planned)


def _base_of(work: Work) -> str | None:
    """The digest of what was deployed when the plan was made, nested stacks too; None if nothing was."""
    root = work.root.stack.deployed_digest
    inner = {path: scope.stack.deployed_digest or "" for path, scope in work.scopes.items() if path}
    return work.objects.seal.digest(f"{root} {sorted(inner.items())}".encode()) if root and inner else root


def _refuse(slice: Slice, failed: Failed) -> None:
    work = slice.work
    failed = msgspec.structs.replace(failed, message=work.mask.hide(failed.message))
    work.operation.phase, work.operation.reason = "done", failed.message
    status = work.root.stack.status

    def settle(tx: Transaction) -> None:
        settlement = Settlement(tx, slice.parts.objects, work.operation, work.now)
        if work.operation.kind == "plan":
            settlement.plan_failed(failed)
            _forget_unwanted(tx, work, settlement)
        else:
            settlement.refused(failed, status)
            _forget_stack(tx, work)

    slice.commit(settle)


def _forget_unwanted(tx: Transaction, work: Work, settlement: Settlement) -> None:
    """The plan was deleted while it was made, and its new product with it."""
    if not settlement.is_wanted():
        _forget_stack(tx, work)


def _forget_stack(tx: Transaction, work: Work) -> None:
    operation = work.operation
    forget_stack(tx, operation.account, operation.region, operation.provisioned_product_id)


def _begin(slice: Slice, target: Target) -> None:
    """Write the steps and set the record going, in one transaction."""
    work = slice.work
    _open_planned_stack(slice)
    if work.operation.kind == "terminate":
        if not _begin_termination(slice, target):
            return
    else:
        if lost := _claim_imports(slice):
            _refuse(slice, Failed(code=None, message=lost))
            return
        target.begin(slice)
    slice.commit(lambda tx: Settlement(tx, slice.parts.objects, work.operation, work.now).under_way())


def _claim_imports(slice: Slice) -> str | None:
    """Claim what the plan imports before anything is done; answers why that cannot be."""
    work, planned = slice.work, slice.work.planned
    if planned is None or not exports.imported(planned):
        return None
    try:
        slice.commit(first=lambda tx: exports.claim(tx, work.root.stack, planned, work.operation.id))
    except exports.ExportError as error:
        return str(error)
    return None


def _open_planned_stack(slice: Slice) -> None:
    work = slice.work
    if work.scopes:
        return
    with slice.parts.database.read() as tx:
        found = _product_stack(tx, work)
        if found is not None:
            work.open(tx, found)
            work.operation.stack_id = found.id


def _termination(slice: Slice) -> Termination:
    with slice.parts.database.read() as tx:
        found: Termination = slice.parts.objects.get_value(tx, slice.work.operation.request_digest, Termination)
    return found


def _begin_termination(slice: Slice, target: Target) -> bool:
    """False if it is over: nothing is to be deleted and the product goes at once, or an export is in use.

    The stack of such an export stays as it is, and tells why.
    """
    termination = _termination(slice)
    if not termination.retain and (refusal := _withdraw_exports(slice)):
        root = slice.work.root
        slice.work.tell_stack(root, root.stack.status, refusal)
        _end_termination(slice, Ended(status="DELETE_FAILED", reason=refusal))
        return False
    if slice.work.scopes and not termination.retain:
        _enter(slice.work, termination.role_arn)
        target.delete(slice)
        return True
    _end_termination(slice, None)
    return False


def _enter(work: Work, role_arn: str | None) -> None:
    """Go on under a role, where there is one, in every stack of the operation."""
    for scope in work.scopes.values():
        if role_arn is not None:
            scope.enter(msgspec.structs.replace(scope.place, role_arn=role_arn))
            work.touch_stack(scope.stack)


def _withdraw_exports(slice: Slice) -> str | None:
    """Take back what the product's stacks export, so that nobody imports it any more; answers who does."""
    scopes = slice.work.scopes

    def withdraw(tx: Transaction) -> None:
        for scope in scopes.values():
            exports.withdraw(tx, scope.stack, slice.work.root.stack)

    try:
        slice.commit(first=withdraw)
    except exports.ExportError as error:
        return str(error)
    return None


def _end_termination(slice: Slice, ended: Ended | None) -> None:
    work, termination = slice.work, _termination(slice)
    work.operation.phase, work.operation.reason = "done", ended.reason if ended else None

    def settle(tx: Transaction) -> None:
        settlement = Settlement(tx, slice.parts.objects, work.operation, work.now)
        settlement.terminated(ended, ignore_errors=termination.ignore_errors)
        if (ended is None or ended.reason is None) and not termination.retain:
            for scope in work.scopes.values():
                exports.settle_claims(tx, scope.stack, ())

    slice.commit(settle)


def _settle(slice: Slice, target: Target, ended: Ended) -> None:
    """The end: rows of the catalog and of the engine in one transaction."""
    work = slice.work
    if work.operation.kind == "terminate":
        _end_termination(slice, ended)
        return
    work.operation.reason = ended.reason
    found = target.outputs(slice) if ended.reason is None else []
    arn = work.root.stack.arn

    def settle(tx: Transaction) -> None:
        settlement = Settlement(tx, slice.parts.objects, work.operation, work.now)
        settlement.ended(ended, found, arn, work.planned)
        if ended.reason is not None:
            exports.abandon_claims(tx, work.operation.id)

    slice.commit(settle)


def _give_up(slice: Slice) -> None:
    """Slice after slice died: end the operation as it stands, so that it cannot take the worker down for ever."""
    work, operation = slice.work, slice.work.operation
    operation.phase = "done"
    operation.reason = f"Operation {operation.id} was given up after {operation.claims - 1} slices that did not end."
    status = _GIVEN_UP[operation.kind]

    def settle(tx: Transaction) -> None:
        settlement = Settlement(tx, slice.parts.objects, operation, work.now)
        settlement.given_up(status, operation.reason or "")
        exports.abandon_claims(tx, operation.id)
        if operation.stack_id is not None and operation.kind != "plan":
            tx.execute(_FAIL_STACK, {"of_id": operation.stack_id, "failed": status, "because": operation.reason})
            product = (operation.account, operation.region, operation.provisioned_product_id)
            tx.execute(_LEAVE, dict(zip(("of_account", "of_region", "of_product"), product, strict=True)))

    slice.commit(settle)


_WAYS: dict[str, tuple[Callable[[Slice, Target], int | None], Callable[[Slice], None]]] = {
    carry.KIND: (carry.advance, carry.give_up),
    adoption.KIND: (adoption.adopt, _give_up),
    discard.KIND: (discard.advance, discard.give_up),
}
"""How kinds of operations that are no deployment are carried on, and given up."""

_GIVEN_UP = {
    "plan": "CREATE_FAILED",
    "provision": "CREATE_FAILED",
    "update": "UPDATE_FAILED",
    "execute": "UPDATE_FAILED",
    "terminate": "DELETE_FAILED",
    "import": "CREATE_FAILED",
}
_FAIL_STACK = (
    sa.update(STACK)
    .where(STACK.c.id == sa.bindparam("of_id"))
    .values(status=sa.bindparam("failed"), status_reason=sa.bindparam("because"))
)
_LEAVE = (
    sa.update(INSTANCE)
    .where(
        INSTANCE.c.stack_id.in_(
            sa.select(STACK.c.id).where(
                STACK.c.account == sa.bindparam("of_account"),
                STACK.c.region == sa.bindparam("of_region"),
                STACK.c.provisioned_product_id == sa.bindparam("of_product"),
            )
        ),
        INSTANCE.c.state.in_(("creating", "replaced", "removed")),
        INSTANCE.c.physical_id.is_not(None),
    )
    .values(state="leftover")
)
"""What was half made or half deleted is offered to the next plan."""
