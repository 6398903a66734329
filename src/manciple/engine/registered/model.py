"""A resource's model between handlers and templates: its identifier, its attributes, its values as texts."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from manciple.template.resource_schemas import ResourceSchema
from manciple.template.values import Value

SEPARATOR = "|"
"""Between the properties of a compound primary identifier (Cloud Control API user guide, "Identifying resources")."""


def identifier_of(model: Mapping[str, Any], schema: ResourceSchema) -> str | None:
    """The primary identifier in a model; None if a part of it is missing."""
    parts = [next(iter(members_at(model, path)), None) for path in schema.primary_identifier]
    return None if None in parts else SEPARATOR.join(_as_text(part) for part in parts)


def identified(model: Mapping[str, Any], schema: ResourceSchema, physical_id: str | None) -> dict[str, Any]:
    """A model with the primary identifier in it, as handlers of what exists are given."""
    found: dict[str, Any] = dict(model)
    names = schema.primary_identifier
    parts = (physical_id or "").split(SEPARATOR, len(names) - 1)
    if physical_id is None or len(parts) != len(names):
        return found
    for path, part in zip(names, parts, strict=True):
        if not members_at(found, path):
            found = with_member(found, path, part)
    return found


def with_member(model: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A model with a value at a path of a schema."""
    first, _, rest = path.partition("/")
    return {**model, first: with_member(model.get(first, {}), rest, value) if rest else value}


def without(model: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """A model without what stands at paths of a schema; `*` is every item of a list."""
    found: dict[str, Any] = dict(model)
    for path in paths:
        found = _without(found, path)
    return found


def _without(value: Any, path: str) -> Any:
    first, _, rest = path.partition("/")
    if isinstance(value, list):
        return [_without(item, rest) for item in value] if first == "*" and rest else value
    if not isinstance(value, dict) or first not in value:
        return value
    if not rest:
        return {name: member for name, member in value.items() if name != first}
    return {**value, first: _without(value[first], rest)}


def members_at(model: Any, path: str) -> list[Any]:
    """What stands at a path of a schema in a model; `*` is every item of a list."""
    found = [model]
    for step in path.split("/"):
        found = [member for one in found for member in _members(one, step)]
    return found


def _members(value: Any, step: str) -> list[Any]:
    if step == "*":
        return value if isinstance(value, list) else []
    return [value[step]] if isinstance(value, dict) and step in value else []


def read_only_attributes(model: Mapping[str, Value], schema: ResourceSchema) -> dict[str, Value]:
    """What `Fn::GetAtt` reads: the read-only properties, a nested one by its path with dots."""
    plain = (path for path in schema.read_only if "*" not in path)
    found = {path.replace("/", "."): members_at(model, path) for path in plain}
    return {name: values[0] for name, values in found.items() if values}


def as_values(model: Mapping[str, Any]) -> dict[str, Value]:
    """A model with every scalar as the text that a template would have; what is null is left out."""
    return {name: as_value(value) for name, value in model.items() if value is not None}


def as_value(value: Any) -> Value:
    """Likewise a value inside a model."""
    if isinstance(value, Mapping):
        return as_values(value)
    if isinstance(value, list):
        return [as_value(item) for item in value if item is not None]
    return _as_text(value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
