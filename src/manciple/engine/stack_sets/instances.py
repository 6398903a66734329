"""Stack instances as the engine carries them out: each is an operation of its own, begun by the stack set's.

What an operation begins is named after it, so that it finds it again: `<operation>.<account>.<region>`. The stack of an
instance is found by the product's id with its account and region.
"""

import uuid
from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from manciple.catalog.constraints.effects import Effects
from manciple.catalog.ids import partition_of
from manciple.catalog.stack_sets import Change, InstanceStatus, StackInstance, Verb
from manciple.engine import operation
from manciple.engine.launch import Launch, Termination
from manciple.engine.planned import Planned
from manciple.engine.rows import Operation
from manciple.store.database import Transaction
from manciple.store.objects import Objects
from manciple.store.stack_instances import STACK_INSTANCES, of_product
from manciple.store.tables.engine import OPERATION
from manciple.template.values import revealed

TARGET = "stack_set"

_NOTHING_TO_CHANGE = ("The submitted information didn't contain changes.", "No updates are to be performed.")
_PARTS = sa.select(OPERATION.c.id, OPERATION.c.phase, OPERATION.c.reason).where(
    OPERATION.c.id.in_(sa.bindparam("ids", expanding=True))
)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a stack instance's operation: `reason` says why it failed, None while it lasts or went well."""

    is_over: bool
    reason: str | None = None


def parts_of(tx: Transaction, whole: Operation, region: str, accounts: Iterable[str]) -> dict[str, Part]:
    """The operations that were begun in a region, by account."""
    ids = {part_id(whole, account, region): account for account in accounts}
    found = {}
    for row in tx.all(_PARTS, ids=list(ids)):
        went_well = row.reason is None or row.reason.startswith(_NOTHING_TO_CHANGE)
        found[ids[row.id]] = Part(is_over=row.phase == "done", reason=None if went_well else row.reason)
    return found


def part_id(whole: Operation, account: str, region: str) -> str:
    """The id of a stack instance's operation."""
    return f"{whole.id}.{account}.{region}"


def begin_part(tx: Transaction, objects: Objects, whole: Operation, request: Launch | Termination, verb: Verb) -> None:
    """Have a stack instance's operation carried out; a new instance is there from now on."""
    place = (request.account, request.region)
    kinds = {"create": "provision", "update": "update", "delete": "terminate"}
    operation.submit_part(tx, objects, kinds[verb], request, part_id(whole, *place))
    if verb == "create":
        mark(tx, whole, *place, "OUTDATED")


def mark(tx: Transaction, whole: Operation, account: str, region: str, status: InstanceStatus | None) -> None:
    """Keep an instance's status; None for one that is gone."""
    instance = StackInstance(
        account=whole.account,
        region=whole.region,
        provisioned_product_id=whole.provisioned_product_id,
        instance_account=account,
        instance_region=region,
        status=status or "CURRENT",
    )
    if status is None:
        STACK_INSTANCES.delete(tx, instance)
    elif STACK_INSTANCES.change(tx, instance, status=status) is None:
        STACK_INSTANCES.insert(tx, instance)


def instances_of(tx: Transaction, whole: Operation) -> list[StackInstance]:
    """The instances of the operation's product."""
    return STACK_INSTANCES.find(tx, *of_product(whole.account, whole.region, whole.provisioned_product_id))


def launch_of(tx: Transaction, launch: Launch, planned: Planned, change: Change, account: str, region: str) -> Launch:
    """A stack instance's launch: entered by the execution role, with the values that the stack set was given.

    Topics are not told: a stack set has none (CloudFormation API reference, CreateStackSet). Rules held already.
    """
    key = instance_key(launch.provisioned_product_id, account, region)
    given = {*launch.parameters, *launch.use_previous}
    parameters = planned.stacks[""].evaluation.parameters
    return replace(
        launch,
        account=account,
        region=region,
        provisioned_product_id=key,
        target=operation.find_target(tx, account, region, key) or change.target_of(account, region),
        parameters={name: revealed(one.given) for name, one in parameters.items() if name in given},
        use_previous=(),
        notification_arns=(),
        effects=Effects(),
        stack_set=None,
        role_arn=f"arn:{partition_of(region)}:iam::{account}:role/{change.execution_role}",
        instance_stack=f"StackSet-{launch.stack_name}-{uuid.uuid5(uuid.NAMESPACE_URL, key)}",
    )


def termination_of(tx: Transaction, termination: Termination, account: str, region: str) -> Termination:
    """A stack instance's end."""
    key = instance_key(termination.provisioned_product_id, account, region)
    target = operation.find_target(tx, account, region, key) or termination.target
    return replace(
        termination, account=account, region=region, provisioned_product_id=key, target=target, role_arn=None
    )


def instance_key(provisioned_product_id: str, account: str, region: str) -> str:
    """What the rows of a stack instance have in place of a provisioned product's id."""
    return f"{provisioned_product_id}/{account}/{region}"
