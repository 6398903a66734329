"""What in a plan is sure to fail when it is executed.

That is properties that the resource's schema does not permit, and names that a replacement would have to share with
what it replaces. Where a value may be a stand-in for a real one, the sandbox goes on and AWS would not; the plan says
that too.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from manciple.template.change_set import Change, ChangeSet, holds_unknown
from manciple.template.dynamic_references import OPENING
from manciple.template.property_faults import property_faults
from manciple.template.resource_schemas import CUSTOM_NAMED, schema_of
from manciple.template.stack_paths import joined
from manciple.template.values import MASK, Value, holds_secret


class InvalidProperty(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One fault: of which resource, where (`Rules/0/Name`, empty for its properties as a whole), and what is wrong.

    `consequence` is `fails`, or `fails on AWS` for one that the sandbox lets pass.
    """

    logical_resource_id: str
    path: str
    reason: str
    consequence: Literal["fails", "fails on AWS"]


def invalid_properties(change_set: ChangeSet) -> Iterator[InvalidProperty]:
    """The faults of everything that is made or changed in any case, as far as values are known.

    Resources of nested stacks are named with their path.
    """
    for path, one in change_set.stacks.items():
        for change in one.changes.values():
            if change.action != "Remove" and change.certainty == "certain":
                yield from _faults(change, path)
                yield from _kept_names(change, path)


def _faults(change: Change, path: str) -> Iterator[InvalidProperty]:
    found = property_faults(change.resource_type, change.logical_id, change.after or {}, _is_unknown)
    for fault in found.faults if found else ():
        yield InvalidProperty(
            logical_resource_id=joined(path, change.logical_id),
            path=fault.path,
            reason=fault.reason,
            consequence="fails" if fault.is_certain else "fails on AWS",
        )


def _kept_names(change: Change, path: str) -> Iterator[InvalidProperty]:
    schema = schema_of(change.resource_type)
    if schema is None or change.replacement != "True" or schema.replaces_by_deleting_first:
        return
    name = schema.kept_name(change.before or {}, change.after or {})
    if name is not None and not holds_unknown(name):
        yield InvalidProperty(
            logical_resource_id=joined(path, change.logical_id),
            path=schema.naming_properties[-1],
            reason=CUSTOM_NAMED.format(MASK if holds_secret(list((change.after or {}).values())) else name),
            consequence="fails",
        )


def _is_unknown(value: Value) -> bool:
    """Can only execution tell this value itself? Of a list or an object it may be one member only."""
    return isinstance(value, str) and (holds_unknown(value) or OPENING in value)
