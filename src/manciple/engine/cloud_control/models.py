"""A resource as Cloud Control takes and gives it: typed by its schema, with the stack's tags among its properties.

User guide, "Composing the desired state of the resource", "Using a resource's primary identifier".
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from manciple.template.resource_schemas import ResourceSchema
from manciple.template.resource_tags import with_tags
from manciple.template.typed_values import typed_properties
from manciple.template.values import Value

Model = dict[str, Any]


def desired_state(model: Mapping[str, Value], tags: Mapping[str, str], schema: ResourceSchema) -> Model:
    """What a resource shall be. Only AWS itself may set tags under `aws:`; the AutoTags lose that beginning."""
    allowed = {key.removeprefix("aws:"): value for key, value in tags.items()}
    return typed_properties(with_tags(model, allowed, schema), schema)


def identifier_in(model: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The identifier that a model gives by itself; None if a part of it is missing, for the endpoint to make up."""
    values = [_at(model, name) for name in names]
    if not values or any(not isinstance(value, str | int) for value in values):
        return None
    return "|".join(_text(value) for value in values)


def attributes_of(live: Mapping[str, Any], model: Mapping[str, Value], schema: ResourceSchema) -> dict[str, Value]:
    """What `Fn::GetAtt` can read beside the model: what the endpoint has added to it, every scalar as a text."""
    found: dict[str, Value] = {name: as_text(value) for name, value in live.items() if name not in model}
    for path in schema.read_only:
        value = None if "*" in path else _at(live, path)
        if value is not None:
            found[path.replace("/", ".")] = as_text(value)
    return found


def as_text(value: Any) -> Value:
    """A JSON value with every scalar as templates have it."""
    if isinstance(value, dict):
        return {name: as_text(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _at(model: Mapping[str, Any], path: str) -> Any:
    """The value at a path without `*`; None where there is none."""
    value: Any = model
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
