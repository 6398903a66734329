"""What in a plan deserves a second look: lost data, things made public, permissions widened.

Knowledge of types and properties is data (`data/risks.json`), applied by one rule for each kind of risk. A reason names
what happens, never a value that a template or parameter brought in.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

import msgspec

from manciple.template.change_set import Change, ChangeSet
from manciple.template.values import Value

Level: TypeAlias = Literal["high", "medium", "low"]
Statement: TypeAlias = Mapping[str, Value]

_ORDER: Mapping[Level, int] = {"high": 0, "medium": 1, "low": 2}


class Risk(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One thing to look at before executing."""

    level: Level
    logical_resource_id: str
    reason: str


class _Holder(msgspec.Struct, frozen=True):
    types: frozenset[str]
    kind: str


class _Exposure(msgspec.Struct, frozen=True, kw_only=True):
    property: str
    values: frozenset[str]
    reason: str
    except_types: frozenset[str] = frozenset()
    except_under: frozenset[str] = frozenset()


class _Table(msgspec.Struct, frozen=True):
    holds_data: tuple[_Holder, ...]
    public: tuple[_Exposure, ...]
    administrator_policies: tuple[str, ...]


def risks_of(change_set: ChangeSet) -> tuple[Risk, ...]:
    """Every risk of a change set, the gravest first."""
    found = [risk for change in change_set.changes.values() for risk in _risks(change)]
    return tuple(sorted(found, key=lambda risk: (_ORDER[risk.level], risk.logical_resource_id)))


def _risks(change: Change) -> Iterator[Risk]:
    for level, reason in (*_lost_data(change), *_made_public(change), *_widened(change)):
        yield Risk(level=level, logical_resource_id=change.logical_id, reason=reason)


@cache
def _table() -> _Table:
    return msgspec.json.decode((files("manciple.catalog") / "data" / "risks.json").read_bytes(), type=_Table)


@cache
def _kind_of(resource_type: str) -> str | None:
    """What a type holds data as, with its article."""
    return next((holder.kind for holder in _table().holds_data if resource_type in holder.types), None)


_LOSSES: Mapping[tuple[str | None, str | None], tuple[Level, str]] = {
    (None, "Delete"): ("high", "Deletes {}: what it holds is lost."),
    (None, "Snapshot"): ("medium", "Deletes {} after taking a snapshot."),
    (None, "Retain"): ("low", "Leaves {} behind, outside the stack."),
    ("True", "ReplaceAndDelete"): ("high", "Replaces {}: the new one is empty, what the old one holds is lost."),
    ("True", "ReplaceAndSnapshot"): ("medium", "Replaces {} by an empty one after taking a snapshot."),
    ("True", "ReplaceAndRetain"): ("medium", "Replaces {} by an empty one; the old one stays, outside the stack."),
    ("Conditional", "ReplaceAndDelete"): ("high", "May replace {}: what it holds would be lost."),
    ("Conditional", "ReplaceAndSnapshot"): ("medium", "May replace {} after taking a snapshot."),
    ("Conditional", "ReplaceAndRetain"): ("medium", "May replace {}; the old one would stay, outside the stack."),
}


def _lost_data(change: Change) -> Iterator[tuple[Level, str]]:
    kind = _kind_of(change.resource_type)
    loss = _LOSSES.get((change.replacement, change.policy_action))
    if kind and loss:
        yield loss[0], loss[1].format(kind)


def _made_public(change: Change) -> Iterator[tuple[Level, str]]:
    """What is public after the change and was not before."""
    new = _exposures(change, change.after) - _exposures(change, change.before)
    return (("high", reason) for reason in sorted(new))


def _exposures(change: Change, properties: Mapping[str, Value] | None) -> set[str]:
    rows = [row for row in _table().public if change.resource_type not in row.except_types]
    found = {
        row.reason
        for path, value in _members(properties)
        for row in rows
        if path[-1] == row.property and value in row.values and not row.except_under.intersection(path)
    }
    return found | {"Lets every principal in." for statement in _statements(properties) if _admits_everyone(statement)}


def _admits_everyone(statement: Statement) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    return "*" in _listed(named) and "Condition" not in statement


def _widened(change: Change) -> Iterator[tuple[Level, str]]:
    """Permissions that the policies inside a resource give after the change and did not before."""
    old, new = _permissions(change.before), _permissions(change.after)
    for action in sorted(new - old):
        everything = action == "*"
        if everything or action in _table().administrator_policies:
            yield "high", f"Grants {'every action' if everything else action}."
        elif change.before is not None:
            yield ("medium" if "*" in action else "low"), f"Widens permissions: adds {action}."


def _permissions(properties: Mapping[str, Value] | None) -> set[str]:
    actions = {action for statement in _statements(properties) for action in _listed(statement.get("Action"))}
    managed = {text.rpartition("/")[2] for text in _listed((properties or {}).get("ManagedPolicyArns"))}
    return actions | managed


def _statements(properties: Mapping[str, Value] | None) -> Iterator[Statement]:
    """The statements that allow something, of every policy document inside."""
    for path, value in _members(properties):
        if path[-1] == "Statement":
            statements = value if isinstance(value, list) else [value]
            yield from (one for one in statements if isinstance(one, dict) and one.get("Effect") == "Allow")


def _listed(value: Value | None) -> Iterable[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _members(
    value: Mapping[str, Value] | Value | None, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Value]]:
    """Every named member inside a value, with the names that lead to it."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield (*path, name), member
            yield from _members(member, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from _members(item, path)
