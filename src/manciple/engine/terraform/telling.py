"""What happens to each resource, told as events and kept as instances in the transaction that tells it.

Instances are the journal of what was really made: a state that a killed run could not save does not lose them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from manciple.engine.rows import Instance
from manciple.engine.terraform.causes import plain
from manciple.engine.terraform.changes import logical_id_of
from manciple.engine.terraform.job import Handle
from manciple.engine.terraform.stream import Json, said
from manciple.engine.work import Work

_STATUSES: Mapping[tuple[str, str], str] = {
    ("apply_start", "create"): "CREATE_IN_PROGRESS",
    ("apply_complete", "create"): "CREATE_COMPLETE",
    ("apply_errored", "create"): "CREATE_FAILED",
    ("apply_start", "update"): "UPDATE_IN_PROGRESS",
    ("apply_complete", "update"): "UPDATE_COMPLETE",
    ("apply_errored", "update"): "UPDATE_FAILED",
    ("apply_start", "delete"): "DELETE_IN_PROGRESS",
    ("apply_complete", "delete"): "DELETE_COMPLETE",
    ("apply_errored", "delete"): "DELETE_FAILED",
}
"""Statuses of events by the type of a message and the action that it is about; reads are not told."""


def tell(work: Work, handle: Handle, messages: Iterable[Json]) -> None:
    """Tell what messages say."""
    for message in messages:
        kind = message.get("type")
        work.now = _millis(message) or work.now
        if kind == "diagnostic":
            _hear_fault(work, handle, message["diagnostic"])
        elif kind in ("apply_start", "apply_complete", "apply_errored"):
            _hear(work, handle, str(kind), message["hook"])


def tell_failures(work: Work, handle: Handle) -> None:
    """Tell of resources whose failure has no reason."""
    for address, status in handle.failing.items():
        _tell(work, address, _type_of(address), status, None, None)
    handle.failing = {}


def _millis(message: Json) -> int | None:
    """When the program said it."""
    try:
        return int(datetime.fromisoformat(str(message.get("@timestamp"))).timestamp() * 1000)
    except ValueError:
        return None


def _hear(work: Work, handle: Handle, kind: str, hook: Mapping[str, Any]) -> None:
    resource, action = hook["resource"], hook.get("action", "")
    address, type_ = resource["addr"], resource["resource_type"]
    status = _STATUSES.get((kind, action))
    if status is None:
        return
    if kind == "apply_errored":
        handle.failing = {**handle.failing, address: status}
        return
    physical_id = hook.get("id_value") or None
    if kind == "apply_complete":
        _journal(work, address, type_, action, physical_id)
    _tell(work, address, type_, status, physical_id, None)


def _hear_fault(work: Work, handle: Handle, diagnostic: Json) -> None:
    if diagnostic.get("severity") != "error":
        return
    reason, address = said(diagnostic), diagnostic.get("address")
    handle.cause = handle.cause or work.mask.hide(reason)
    if address in handle.failing:
        failing = dict(handle.failing)
        status = failing.pop(address)
        handle.failing = failing
        _tell(work, address, _type_of(address), status, None, reason)


def _tell(work: Work, address: str, type_: str, status: str, physical_id: str | None, reason: str | None) -> None:
    hide = work.mask.hide
    logical_id = logical_id_of(address)
    known = physical_id or next((one.physical_id for one in _instances(work, logical_id)), None)
    work.log.add(
        work.root.stack.id,
        work.now,
        status,
        logical_id=logical_id,
        type_=type_,
        physical_id=known and hide(known),
        reason=reason and hide(reason),
    )


def _type_of(address: str) -> str:
    """The type in an address: what stands before the name."""
    parts = plain(address).split(".")
    while len(parts) > 2 and parts[0] == "module":
        parts = parts[2:]
    return parts[0]


def _instances(work: Work, logical_id: str) -> list[Instance]:
    """The live instances of an address, the newest first."""
    found = [one for one in work.root.instances.values() if one.logical_id == logical_id and one.state == "live"]
    return sorted(found, key=lambda one: -one.incarnation)


def _journal(work: Work, address: str, type_: str, action: str, physical_id: str | None) -> None:
    """Keep what was made or changed; what was deleted, the oldest of its address, goes."""
    logical_id = logical_id_of(address)
    found = _instances(work, logical_id)
    if action == "delete":
        forget(work, found[-1:])
    elif action == "create" or not found:
        keep(work, logical_id, type_, physical_id)
    elif physical_id is not None:
        found[0].physical_id = physical_id
        work.touch_instance(found[0])


def keep(work: Work, logical_id: str, type_: str, physical_id: str | None) -> None:
    """Have one more live instance."""
    scope = work.root
    instance = Instance(
        stack_id=scope.stack.id,
        logical_id=logical_id,
        incarnation=scope.next_incarnation(logical_id),
        type=type_,
        physical_id=physical_id,
        state="live",
    )
    work.add_instance(scope, instance)


def forget(work: Work, instances: Iterable[Instance]) -> None:
    """Have instances no more."""
    for instance in instances:
        instance.state = "deleted"
        work.touch_instance(instance)


def leave(work: Work, instances: Iterable[Instance]) -> None:
    """Have instances as left behind: they are, and no state knows of them."""
    for instance in instances:
        instance.state = "leftover"
        work.touch_instance(instance)
