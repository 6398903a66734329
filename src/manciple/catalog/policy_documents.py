"""What the policy documents inside a resource's properties say, read for what they allow.

Policies are found wherever they stand: as objects and as JSON text, in roles, buckets, queues, keys, endpoints.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple, TypeAlias

from manciple.template.change_set import holds_unknown, parsed_json
from manciple.template.values import Value

Members: TypeAlias = Mapping[str, Value]

EVERYTHING = "*"
EXCEPT = "everything except "
"""How a NotAction or NotResource is read: `everything except s3:*`."""


class Grant(NamedTuple):
    """One action on one resource, allowed under conditions or without."""

    action: str
    resource: str
    is_conditional: bool = False

    def covers(self, other: "Grant") -> bool:
        """Is what `other` allows allowed by this one?"""
        if self.is_conditional and not other.is_conditional:
            return False
        return _covers(self.action.lower(), other.action.lower()) and _covers(self.resource, other.resource)


def _covers(pattern: str, text: str) -> bool:
    return pattern == text or (not pattern.startswith(EXCEPT) and fnmatchcase(text, pattern.replace("[", "[[]")))


class Reading:
    """A resource's properties on one side of a change, walked through once.

    `objects` are all objects inside, with the names that lead to them (JSON text is looked into), `statements` those of
    every policy document. Where there is no such side, all is empty.
    """

    def __init__(self, properties: Members | None) -> None:
        self.properties: Members = properties or {}
        self.exists = properties is not None
        self.objects = list(_objects(properties))
        self._statements = [one for _, document in self.objects if "Statement" in document for one in _items(document)]

    def statements(self, effect: str) -> list[Members]:
        """The statements with that effect: Allow, Deny."""
        return [statement for statement in self._statements if statement.get("Effect") == effect]

    def grants(self) -> set[Grant]:
        """Everything that is allowed. A resource that is not named counts as the one that the policy is attached to."""
        return {
            Grant(action, resource, "Condition" in statement)
            for statement in self.statements("Allow")
            for action in _named(statement, "Action")
            for resource in (*_named(statement, "Resource"),) or ("",)
        }

    def denials(self) -> set[str]:
        """The actions that are denied."""
        return {action for statement in self.statements("Deny") for action in _named(statement, "Action")}

    def admitted(self) -> set[str]:
        """The principals that are let in."""
        return {name for statement in self.statements("Allow") for name in principals(statement)}


def _objects(value: Members | Value | None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Members]]:
    if isinstance(value, str):
        value = parsed_json(value)
    if isinstance(value, dict):
        yield path, value
        for name, member in value.items():
            yield from _objects(member, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item, path)


def _items(document: Members) -> Iterator[Members]:
    found = document["Statement"]
    yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict))


def principals(statement: Members) -> Iterable[str]:
    """The AWS principals that a statement names, `*` among them; services are none."""
    named = statement.get("Principal")
    if isinstance(named, dict):
        return [one for kind in ("AWS", "CanonicalUser", "Federated") for one in texts_of(named.get(kind))]
    return texts_of(named)


def texts_of(value: Value | None) -> list[str]:
    """One text or a list of texts, as a list."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def is_known(grant: Grant) -> bool:
    """Is what a grant names known before execution?"""
    return not holds_unknown(grant.resource) and not holds_unknown(grant.action)


def _named(statement: Members, member: str) -> list[str]:
    excluded = texts_of(statement.get(f"Not{member}"))
    return [*texts_of(statement.get(member)), *([f"{EXCEPT}{', '.join(map(format, excluded))}"] if excluded else [])]
