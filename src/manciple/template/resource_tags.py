"""The tags of a resource: its own and, beside them, the stack's; its own win."""

from collections.abc import Mapping
from typing import Any

from manciple.template.resource_schemas import ResourceSchema
from manciple.template.values import Value


def with_tags(properties: Mapping[str, Value], tags: Mapping[str, str], schema: ResourceSchema) -> dict[str, Value]:
    """The properties with both, where the type has tags; they are a list or an object as the schema says."""
    name = schema.tag_property
    if name is None or not tags:
        return dict(properties)
    given, rules = properties.get(name), schema.followed(schema.properties.get(name))
    if isinstance(given, dict) or (given is None and _is_map(rules)):
        return {**properties, name: {**tags, **(given or {})}}
    own = given if isinstance(given, list) else []
    named = {tag.get("Key") for tag in own if isinstance(tag, dict)}
    more = _demanded(schema.followed(rules.get("items")), schema)
    added: list[Value] = [{"Key": key, "Value": value, **more} for key, value in tags.items() if key not in named]
    return {**properties, name: [*own, *added]}


def _is_map(rules: Mapping[str, Any]) -> bool:
    kind = rules.get("type")
    return "object" in (kind if isinstance(kind, list) else [kind])


def _demanded(item: Mapping[str, Any], schema: ResourceSchema) -> dict[str, Value]:
    """What a tag must say beside key and value: that it is passed on (`PropagateAtLaunch`), as CloudFormation does."""
    members = item.get("properties", {})
    return {
        name: "true" for name in item.get("required", ()) if schema.followed(members.get(name)).get("type") == "boolean"
    }
