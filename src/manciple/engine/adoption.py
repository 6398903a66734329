"""An import: a stack that exists becomes a provisioned product's. Nothing in the world changes.

On the stack target the rows of the stack change hands, and its resources with them; on another target the stack gets a
row here. Either way the next plan, update or termination works on it as on any other.
"""

import uuid

import msgspec
import sqlalchemy as sa

from manciple.engine.found_stack import FoundStack, StackAway
from manciple.engine.launch import Adoption
from manciple.engine.place import place_of
from manciple.engine.rows import Stack
from manciple.engine.settlement import Settlement
from manciple.engine.slice import Slice
from manciple.engine.stacks import own_stack
from manciple.engine.targets.target import Target
from manciple.store.database import Transaction
from manciple.store.tables.engine import STACK

KIND = "import"
_LATER = 1000
"""Milliseconds until a target that gave no answer is asked again."""

_HAND_OVER = (
    sa.update(STACK)
    .where(
        STACK.c.account == sa.bindparam("of_account"),
        STACK.c.region == sa.bindparam("of_region"),
        STACK.c.provisioned_product_id == sa.bindparam("of_product"),
    )
    .values(provisioned_product_id=sa.bindparam("to_product"))
)


def adopt(slice: Slice, target: Target) -> int | None:
    """Make the stack the product's; answers when to try again, None once it is done."""
    work = slice.work
    with slice.parts.database.read() as tx:
        request = slice.parts.objects.get_value(tx, work.operation.request_digest, Adoption)
    try:
        found = target.find_stack(slice.parts, place_of(request.account, request.region), request.stack_arn)
    except StackAway as away:
        return _ask_again(slice, request, away)
    if found is None:
        _fail(slice, f"Stack {request.stack_arn} is not there any more.")
    else:
        _take(slice, request, found)
    return None


def _ask_again(slice: Slice, request: Adoption, away: StackAway) -> int | None:
    """When a target that gave no answer is asked again; it is given up once it was away as long as a step may take."""
    longest = slice.parts.limits.deadline
    if slice.now() - slice.work.operation.created_time < longest:
        return slice.now() + _LATER
    _fail(slice, f"Stack {request.stack_arn} could not be asked for within {longest // 60_000} minutes: {away}")
    return None


def _fail(slice: Slice, reason: str) -> None:
    operation = slice.work.operation
    operation.phase, operation.reason = "done", reason
    slice.commit(lambda tx: _settlement(slice, tx).given_up("CREATE_FAILED", reason))


def _take(slice: Slice, request: Adoption, found: FoundStack) -> None:
    work, objects = slice.work, slice.parts.objects
    with slice.parts.database.read() as tx:
        own = own_stack(tx, request.account, request.region, request.stack_arn)
    stack = own or _stack_of(request, found, slice.now())
    before = stack.provisioned_product_id
    stack.provisioned_product_id = request.provisioned_product_id
    with slice.parts.database.read() as tx:
        scope = work.open(tx, stack)
    if own is None:
        work.add_stack(stack)
    work.tell_stack(scope, stack.status, f"Imported as {request.provisioned_product_id}")
    work.operation.stack_id, work.operation.phase = stack.id, "done"

    def settle(tx: Transaction) -> None:
        keys = {"of_account": request.account, "of_region": request.region, "of_product": before}
        tx.execute(_HAND_OVER, keys | {"to_product": request.provisioned_product_id})
        parameters = objects.put_value(tx, found.parameters)
        _settlement(slice, tx).imported(list(found.outputs), found.arn, parameters)

    slice.commit(settle)


def _settlement(slice: Slice, tx: Transaction) -> Settlement:
    return Settlement(tx, slice.parts.objects, slice.work.operation, slice.work.now)


def _stack_of(request: Adoption, found: FoundStack, now: int) -> Stack:
    place = place_of(request.account, request.region, request.role_arn, found.name)
    return Stack(
        id=str(uuid.uuid4()),
        account=request.account,
        region=request.region,
        provisioned_product_id=request.provisioned_product_id,
        parent_id=None,
        path="",
        name=found.name,
        arn=found.arn,
        status=found.status,
        status_reason=None,
        revision=0,
        place=msgspec.to_builtins(place),
        deployed_digest=None,
        created_time=now,
        updated_time=now,
    )
