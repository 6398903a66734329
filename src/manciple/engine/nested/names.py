"""How nested stacks are named: their paths, their stack names and ARNs."""

import uuid

from msgspec.structs import replace

from manciple.engine.rows import Instance, Stack
from manciple.engine.scope import Scope
from manciple.template.evaluation import Facts
from manciple.template.stack_paths import joined

_LONGEST_NAME = 128
"""Characters of a stack's name (CloudFormation user guide, "Understand CloudFormation quotas")."""

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SUFFIX = 12
_LEFT = "~"


def inner_path(scope: Scope, instance: Instance) -> str:
    """The path of the stack that an instance stands for.

    One that an earlier operation could not delete gives its name up to the next one: it is told by its incarnation.
    """
    left = f"{_LEFT}{instance.incarnation}" if instance.state == "leftover" else ""
    return joined(scope.path, instance.logical_id + left)


def name_of(outer: str, logical_id: str, arn_id: uuid.UUID) -> str:
    """`<stack around it>-<logical id>-<12 letters and digits>`, shortened to what a name may have."""
    number, suffix = arn_id.int, ""
    for _ in range(_SUFFIX):
        number, digit = divmod(number, len(_LETTERS))
        suffix += _LETTERS[digit]
    return f"{f'{outer}-{logical_id}'[: _LONGEST_NAME - _SUFFIX - 1]}-{suffix}"


def arn_of(outer: str, name: str, arn_id: uuid.UUID) -> str:
    """The ARN of a stack nested in one with the ARN `outer`."""
    return f"{outer.partition(':stack/')[0]}:stack/{name}/{arn_id}"


def id_of(root: Stack, path: str) -> uuid.UUID:
    """The id of a nested stack that a plan is to make: the same in every plan made while the stack stays as it is."""
    return uuid.uuid5(uuid.UUID(root.id), f"{root.revision}/{root.updated_time}/{path}")


def new_stack(outer: Stack, path: str, facts: Facts, now: int) -> Stack:
    """The row of a nested stack that is about to be made."""
    return replace(
        outer,
        id=facts.stack_id.rpartition("/")[2],
        parent_id=outer.id,
        path=path,
        name=facts.stack_name,
        arn=facts.stack_id,
        status="CREATE_IN_PROGRESS",
        status_reason=None,
        revision=0,
        deployed_digest=None,
        created_time=now,
        updated_time=now,
    )
