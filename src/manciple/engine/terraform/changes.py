"""A plan of Terraform as a change set of ours (terraform reference, 2.1): tables, and one rule for all types."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from manciple.engine.terraform.causes import Causes
from manciple.engine.terraform.values import Secrets, secrets_of, value_of
from manciple.template.change_set import Change, ChangeSet, Detail, PathChange, Replacement, ValueChange, holds_unknown
from manciple.template.change_set.model import Action, Attribute, ChangeType, PolicyAction, Source
from manciple.template.change_set.path_changes import shown
from manciple.template.values import Secret, Value

Json = Mapping[str, Any]

LONGEST_ID = 255
"""Longer addresses are cut: a logical id is at most so long."""


class _Kind(NamedTuple):
    action: Action
    replacement: Replacement | None
    policy: PolicyAction | None
    words: str | None = None


_KINDS: Mapping[tuple[str, ...], _Kind] = {
    ("create",): _Kind("Add", None, None),
    ("update",): _Kind("Modify", "False", None),
    ("delete", "create"): _Kind("Modify", "True", "ReplaceAndDelete", "replacement: the old one goes first"),
    ("create", "delete"): _Kind("Modify", "True", "ReplaceAndDelete", "replacement: the new one comes first"),
    ("create", "forget"): _Kind("Modify", "True", "ReplaceAndRetain", "replacement: the old one is forgotten"),
    ("delete",): _Kind("Remove", None, "Delete"),
    ("forget",): _Kind("Remove", None, "Retain", "forgotten, not destroyed"),
}
"""What Terraform's actions are called here; what it only reads, or leaves as it is, is no change."""

_REASONS: Mapping[str, str] = {
    "replace_because_cannot_update": "replacement: it cannot be updated in place",
    "replace_because_tainted": "replacement: it is tainted, its creation or a provisioner failed",
    "replace_by_request": "replacement: it was asked for",
    "replace_by_triggers": "replacement: replace_triggered_by",
    "delete_because_no_resource_config": "removed: it is not in the package any more",
    "delete_because_no_module": "removed: its module is not in the package any more",
    "delete_because_wrong_repetition": "removed: count or for_each came or went",
    "delete_because_count_index": "removed: count is smaller",
    "delete_because_each_key": "removed: for_each has not its key any more",
    "delete_because_no_move_target": "removed: what it was moved to is not in the package",
}
"""Terraform's action_reason in words; https://developer.hashicorp.com/terraform/internals/json-format."""

_TAGS = ("tags", "tags_all")
_ABSENT: Json = {}


def change_set_of(
    plan: Json, *, is_new: bool, sensitive: frozenset[str] = frozenset(), parameters: tuple[PathChange, ...] = ()
) -> ChangeSet:
    """What a plan changes. `sensitive` names the sensitive variables, `parameters` what changes of the given ones."""
    secrets = secrets_of(plan, sensitive)
    entries = [one for one in plan.get("resource_changes") or () if tuple(one["change"]["actions"]) in _KINDS]
    changing = {one["address"]: _forcing(one["change"]) for one in entries}
    given = frozenset(one.path.rpartition("/")[2] for one in parameters)
    causes = Causes(plan.get("configuration") or _ABSENT, changing, given)
    changes = [_change(one, causes, secrets) for one in entries]
    outputs = tuple(_outputs(plan, secrets))
    notes = list(_notes(plan, secrets))
    others = bool(plan.get("applyable")) and not changes
    return ChangeSet(
        changes={one.logical_id: one for one in sorted(changes, key=lambda one: one.logical_id)},
        outputs_changed=bool(outputs) or others,
        creates_stack=is_new,
        parameter_changes=parameters,
        output_changes=outputs,
        warning=" ".join(notes) or None,
    )


def logical_id_of(address: str, deposed: str | None = None) -> str:
    """An address as a logical id; a deposed object of it is another one."""
    named = f"{address} (deposed {deposed})" if deposed else address
    if len(named) <= LONGEST_ID:
        return named
    tail = named[-100:]
    return f"{named[: LONGEST_ID - len(tail) - 1]}…{tail}"


def _change(entry: Json, causes: Causes, secrets: Secrets) -> Change:
    change, address = entry["change"], entry["address"]
    kind = _KINDS[tuple(change["actions"])]
    before = side_of(change, "before", secrets)
    after = side_of(change, "after", secrets)
    details = tuple(_details(entry, kind, before, after, causes)) if kind.action == "Modify" else ()
    bare = tuple(_without_values(one) for one in details)
    is_open = kind.replacement == "False" and all(one.evaluation == "Dynamic" for one in details)
    return Change(
        action=kind.action,
        logical_id=logical_id_of(address, entry.get("deposed")),
        resource_type=entry["type"],
        physical_id=physical_id_of(before),
        replacement=kind.replacement,
        policy_action=kind.policy,
        details=bare,
        value_details=details,
        before=before,
        after=after,
        certainty="if changed" if details and is_open else "certain",
        cause=tuple(_cause(entry, kind, details, causes)),
    )


def side_of(change: Json, side: str, secrets: Secrets) -> dict[str, Value] | None:
    """One side of a change, None where there is nothing."""
    known = change.get(side)
    unknown = change.get("after_unknown") if side == "after" else None
    if known is None and not unknown:
        return None
    mask = change.get(f"{side}_sensitive")
    found = secrets.mark(value_of(known or {}, unknown, mask) or {})
    return found if isinstance(found, dict) else {"*": found}


def physical_id_of(before: Mapping[str, Value] | None) -> str | None:
    """The id of what is there: `id`, else `arn` or `name`."""
    found = [(before or {}).get(name) for name in ("id", "arn", "name")]
    text = next((one for one in found if isinstance(one, str) and one), None)
    return None if text is None else str(text)


def _details(
    entry: Json, kind: _Kind, before: Mapping[str, Value] | None, after: Mapping[str, Value] | None, causes: Causes
) -> Iterator[Detail]:
    """One detail for every leaf that changes, and one for a replacement that no leaf forces."""
    forcing = _forcing(entry["change"])
    is_forced = False
    for path, old, new in leaves_of(dict(before or {}), dict(after or {}), ()):
        head = path[0]
        forces = kind.replacement == "True" and head in forcing
        is_forced = is_forced or forces
        source, cause = _source(entry["address"], head, causes)
        attribute: Attribute = "Tags" if head in _TAGS else "Properties"
        yield Detail(
            section="Properties",
            property="/".join(path),
            attribute=attribute,
            name=".".join(path),
            requires_recreation="Always" if forces else "Never",
            evaluation="Dynamic" if holds_unknown(new) else "Static",
            source=source,
            causing_entity=cause,
            values=ValueChange(old, new),
        )
    if kind.replacement == "True" and not is_forced:
        yield Detail(
            section="Metadata",
            attribute="Metadata",
            requires_recreation="Always",
            source="Automatic",
            causing_entity=entry.get("action_reason"),
        )


def _forcing(change: Json) -> frozenset[str]:
    """The attributes whose change cannot be made in place."""
    return frozenset(str(path[0]) for path in change.get("replace_paths") or () if path)


def leaves_of(
    before: Value | None, after: Value | None, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Value | None, Value | None]]:
    """The places at which two values differ; a value that comes, goes or becomes another kind is one as a whole."""
    if before == after and _is_secret(before) == _is_secret(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from leaves_of(before.get(name), after.get(name), (*path, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from leaves_of(old, new, (*path, str(number)))
    elif path:
        yield path, before, after


def _is_secret(value: Value | None) -> bool:
    return isinstance(value, Secret)


def _source(address: str, head: str, causes: Causes) -> tuple[Source, str | None]:
    """Where a change comes from: a parameter, another resource, the package itself, or the provider."""
    if not causes.has_expression(address, head):
        return "Automatic", None
    reference = causes.reference(address, head)
    if reference is None:
        return "DirectModification", None
    parameter = causes.parameter(address, reference)
    if parameter is not None:
        return "ParameterReference", parameter
    return "ResourceAttribute", reference


def _without_values(detail: Detail) -> Detail:
    return Detail(**{name: getattr(detail, name) for name in Detail.__struct_fields__} | {"values": None})


def _cause(entry: Json, kind: _Kind, details: tuple[Detail, ...], causes: Causes) -> Iterator[str]:
    """The story of a change from its beginning."""
    told = [one for one in details if one.source != "Automatic"]
    first = sorted(told, key=lambda one: (one.requires_recreation != "Always", one.source == "DirectModification"))
    if first:
        yield from causes.chain(entry["address"], first[0].property.partition("/")[0])
    if reason := _REASONS.get(entry.get("action_reason") or ""):
        yield reason
    if kind.words:
        yield kind.words
    if moved := entry.get("previous_address"):
        yield f"moved from {moved}"
    if imported := (entry["change"].get("importing") or {}).get("id"):
        yield f"import of {imported}"


def _outputs(plan: Json, secrets: Secrets) -> Iterator[PathChange]:
    for name, change in (plan.get("output_changes") or {}).items():
        if change["actions"] in (["no-op"], ["read"]):
            continue
        before = value_of(change.get("before"), None, change.get("before_sensitive"))
        after = value_of(change.get("after"), change.get("after_unknown"), change.get("after_sensitive"))
        marked = [None if one is None else secrets.mark(one) for one in (before, after)]
        kind: ChangeType = "Add" if before is None else "Remove" if after is None else "Modify"
        yield PathChange(
            path=f"/Outputs/{name}/Value",
            change_type=kind,
            before_value=shown(marked[0]),
            after_value=shown(marked[1]),
        )


def _notes(plan: Json, secrets: Secrets) -> Iterator[str]:
    """What a plan does beside changes of resources, and what it found."""
    for entry in plan.get("resource_changes") or ():
        actions, address = entry["change"]["actions"], entry["address"]
        if actions == ["no-op"] and entry.get("previous_address"):
            yield f"{entry['previous_address']} moves to {address}."
        if actions == ["no-op"] and entry["change"].get("importing"):
            yield f"{address} is imported as it is."
        if actions == ["read"]:
            yield f"{address} is read during the execution."
    for check in plan.get("checks") or ():
        for instance in check.get("instances") or () if check["status"] == "fail" else ():
            for problem in instance.get("problems") or ():
                text = secrets.mark(problem["message"])
                yield f"{instance['address']['to_display']} does not hold: {text}."
