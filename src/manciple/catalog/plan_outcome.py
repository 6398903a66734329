"""What became of a plan: once it has been carried out, each change is compared with what was really done."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from msgspec.structs import replace

from manciple.catalog.plan_document import DocumentedChange, Done, PlanDocument, Summary

Deed: TypeAlias = Literal["Add", "Modify", "Replace", "Remove", "Retain", "Leave"]


class Told(NamedTuple):
    """One event of the execution; `replaces` says that it tells of a new physical resource."""

    stack_path: str
    logical_id: str
    status: str
    replaces: bool = False


def with_outcome(document: PlanDocument, events: Iterable[Told]) -> PlanDocument:
    """The document of a plan that was carried out, with what was done beside what was planned.

    Where no event tells of a resource (a target that keeps its own story) nothing is said of what was done.
    """
    planned = {_key(change) for change in document.changes}
    deeds = {key: deed for key, deed in _deeds(events).items() if key[:2] in planned}
    if not deeds:
        return document
    changes = tuple(replace(change, done=_done(change, deeds)) for change in document.changes)
    forward = [deed for (*_, part), deed in deeds.items() if part == "forward"]
    removed = [change for change in changes if change.done == "removed"]
    summary = Summary(forward.count("Add"), forward.count("Modify"), forward.count("Replace"), len(removed))
    return replace(document, changes=changes, done=summary)


_FORWARD: Mapping[str, Deed] = {"CREATE_COMPLETE": "Add", "UPDATE_COMPLETE": "Modify"}
_CLEANUP: Mapping[str, Deed] = {"DELETE_COMPLETE": "Remove", "DELETE_SKIPPED": "Retain", "DELETE_FAILED": "Leave"}


def _deeds(events: Iterable[Told]) -> dict[tuple[str, str, str], Deed]:
    """What was done to each resource on the way forward and in the clean-up."""
    deeds: dict[tuple[str, str, str], Deed] = {}
    replaced = set()
    for event in events:
        key = (event.stack_path, event.logical_id)
        if event.replaces:
            replaced.add(key)
        if deed := _FORWARD.get(event.status):
            deeds[*key, "forward"] = "Replace" if deed == "Modify" and key in replaced else deed
        elif deed := _CLEANUP.get(event.status):
            deeds[*key, "cleanup"] = deed
    return deeds


def _key(change: DocumentedChange) -> tuple[str, str]:
    return change.stack_path, change.resource_change["LogicalResourceId"]


def _done(change: DocumentedChange, deeds: Mapping[tuple[str, str, str], Deed]) -> Done:
    """What was done of one change, in words."""
    planned = change.resource_change["Action"]
    key = _key(change)
    if planned == "Remove":
        return _REMOVALS[deeds.get((*key, "cleanup"), "Leave")]
    deed = deeds.get((*key, "forward"))
    if deed is None:
        return "not needed"
    if planned == "Add" or change.resource_change.get("Replacement") == "False":
        return "as planned"
    return "replaced" if deed == "Replace" else "updated in place"


_REMOVALS: Mapping[Deed, Done] = {"Remove": "removed", "Retain": "retained", "Leave": "left over"}
