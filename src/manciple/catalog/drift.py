"""Drift: where a resource is not what it was last deployed as, by property path (API DescribeStackResourceDrifts).

Only properties that the template gives are compared (user guide, "Detect unmanaged configuration changes"): what a
service adds by itself is no drift. What cannot be read (write-only), and what only its provider resolved (a dynamic
reference), is not compared.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from manciple.template.resource_schemas import ResourceSchema
from manciple.template.values import MASK

DriftStatus: TypeAlias = Literal["IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED"]
DifferenceType: TypeAlias = Literal["ADD", "REMOVE", "NOT_EQUAL"]

_REFERENCE = "{{resolve:"
_OURS = ("aws:", "servicecatalog:")
"""How the keys of tags begin that are put on resources and are no property of theirs."""


class PropertyDifference(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One place: what was last deployed there, what is there, what the plan wants. Values are JSON, texts bare."""

    property_path: str
    difference_type: DifferenceType
    expected_value: str | None = None
    actual_value: str | None = None
    desired_value: str | None = None


class ResourceDrift(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A resource that is not, or may not be, what it was deployed as; `reason` says why it could not be looked at."""

    stack_path: str = ""
    logical_resource_id: str
    physical_resource_id: str
    resource_type: str
    stack_resource_drift_status: DriftStatus
    property_differences: tuple[PropertyDifference, ...] = ()
    reason: str | None = None


class Drift(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What was found: how many resources were looked at and are in sync, and all others."""

    in_sync: int = 0
    resources: tuple[ResourceDrift, ...] = ()

    @property
    def status(self) -> str:
        """CloudFormation's StackDriftStatus."""
        found = {one.stack_resource_drift_status for one in self.resources}
        return "DRIFTED" if found & {"MODIFIED", "DELETED"} else "UNKNOWN" if found else "IN_SYNC"


class Place(msgspec.Struct, frozen=True):
    """A place that differs, with its values."""

    path: tuple[str, ...]
    kind: DifferenceType
    expected: Any = None
    actual: Any = None


def differing_places(expected: Mapping[str, Any], actual: Mapping[str, Any], schema: ResourceSchema) -> list[Place]:
    """Where what is there is not what was deployed; both typed by the schema."""
    rules = {"properties": schema.properties}
    return list(_members(_untagged(expected, schema), _untagged(actual, schema), rules, schema, ()))


def difference(place: Place, desired: str | None, secrets: tuple[str, ...]) -> PropertyDifference:
    """A place as it is told; where a secret was deployed, or may have been, nothing of what is there is told either."""
    before, after = as_told(place.expected), as_told(place.actual)
    hidden = any(secret in (text or "") for secret in (*secrets, _REFERENCE) for text in (before, after, desired))
    shown = (MASK if hidden and text is not None else text for text in (before, after, desired))
    before, after, desired = shown
    return PropertyDifference(
        property_path="".join("/" + name.replace("~", "~0").replace("/", "~1") for name in place.path),
        difference_type=place.kind,
        expected_value=before,
        actual_value=after,
        desired_value=desired,
    )


def drift_without_values(drift: Drift) -> Drift:
    """Which places differ, and not from what to what."""
    return msgspec.structs.replace(drift, resources=tuple(_without_values(one) for one in drift.resources))


def _without_values(resource: ResourceDrift) -> ResourceDrift:
    bare = tuple(
        PropertyDifference(property_path=one.property_path, difference_type=one.difference_type)
        for one in resource.property_differences
    )
    return msgspec.structs.replace(resource, property_differences=bare)


def as_told(value: Any) -> str | None:
    """A value as text: JSON, but for texts."""
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def _members(
    expected: Mapping[str, Any], actual: Mapping[str, Any], rules: Mapping[str, Any], schema: ResourceSchema, path: Any
) -> Iterator[Place]:
    declared = rules.get("properties", {})
    for name, value in expected.items():
        here = (*path, name)
        if not _is_unreadable(value, schema, here):
            yield from _differences(value, actual.get(name), schema.followed(declared.get(name)), schema, here)
    if not declared:
        yield from (Place((*path, name), "ADD", None, actual[name]) for name in actual if name not in expected)


def _differences(
    expected: Any, actual: Any, rules: Mapping[str, Any], schema: ResourceSchema, path: tuple[str, ...]
) -> Iterator[Place]:
    if isinstance(expected, dict | list) and isinstance(actual, str):
        actual = _parsed(actual)
    if _are_same(expected, actual) or (actual is None and _is_unreadable(expected, schema, path)):
        return
    if actual is None:
        yield Place(path, "REMOVE", expected)
    elif isinstance(expected, dict) and isinstance(actual, dict):
        yield from _members(expected, actual, rules, schema, path)
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _items(expected, actual, rules, schema, path)
    else:
        yield Place(path, "NOT_EQUAL", expected, actual)


def _items(
    expected: list[Any], actual: list[Any], rules: Mapping[str, Any], schema: ResourceSchema, path: tuple[str, ...]
) -> Iterator[Place]:
    """Items side by side; those of a set, and tags, in any order."""
    inner = schema.followed(rules.get("items"))
    if rules.get("uniqueItems") or path == (schema.tag_property,):
        actual = _aligned(expected, actual, inner, schema, path)
    if len(expected) != len(actual):
        yield Place(path, "NOT_EQUAL", expected, actual)
        return
    for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
        yield from _differences(one, other, inner, schema, (*path, str(number)))


def _aligned(
    expected: list[Any], actual: list[Any], rules: Mapping[str, Any], schema: ResourceSchema, path: tuple[str, ...]
) -> list[Any]:
    """The items in the order of those that they are the same as; the others fill the places that are left."""
    left = list(actual)
    found: list[Any] = []
    for one in expected:
        same = next((other for other in left if not any(_differences(one, other, rules, schema, path))), None)
        found.append(same)
        if same is not None:
            left.remove(same)
    rest = iter(left)
    filled = [next(rest, None) if one is None else one for one in found]
    return [*(one for one in filled if one is not None), *rest]


def _are_same(expected: Any, actual: Any) -> bool:
    if expected == actual or (actual is None and expected in ({}, [], "")):
        return True
    if isinstance(expected, str) and _REFERENCE in expected:
        return True
    scalars = all(isinstance(one, str | int | float) for one in (expected, actual))
    return scalars and as_told(expected) == as_told(actual)


def _is_unreadable(value: Any, schema: ResourceSchema, path: tuple[str, ...]) -> bool:
    """Is there nothing in a value that a read would tell?"""
    if any(_reaches(pattern, path) for pattern in schema.write_only):
        return True
    members = value.items() if isinstance(value, dict) else ()
    return bool(members) and all(_is_unreadable(inner, schema, (*path, name)) for name, inner in members)


def _parsed(text: str) -> Any:
    """A document that its service tells as text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _reaches(pattern: str, path: tuple[str, ...]) -> bool:
    """Does a path lie where a pattern (`Code/ZipFile`, `Rules/*/Prefix`) says?"""
    parts = pattern.split("/")
    if len(parts) > len(path):
        return False
    return all(part == step or (part == "*" and step.isdecimal()) for part, step in zip(parts, path, strict=False))


def _untagged(model: Mapping[str, Any], schema: ResourceSchema) -> dict[str, Any]:
    """The model without the tags that are nobody's property."""
    name = schema.tag_property
    given = model.get(name) if name else None
    if name is None or given is None:
        return dict(model)
    if isinstance(given, dict):
        kept: Any = {key: value for key, value in given.items() if not key.startswith(_OURS)}
    else:
        kept = [tag for tag in given if not str(tag.get("Key", "")).startswith(_OURS)]
    return {**model, name: kept}
