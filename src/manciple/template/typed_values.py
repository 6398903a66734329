"""A resource's properties as the types that its schema gives them: in templates every scalar is text."""

from typing import Any

import msgspec

from manciple.template.resource_schemas import ResourceSchema
from manciple.template.values import Value

_BOOLEANS = {"true": True, "false": False}
_DEEPEST = 40


def typed_properties(properties: dict[str, Value], schema: ResourceSchema) -> dict[str, Any]:
    """The properties with numbers and booleans where the schema asks for them.

    What does not fit its type, and what the schema leaves open, stays as it is.
    """
    rules = {"type": "object", "properties": schema.properties, "patternProperties": schema.pattern_properties}
    typed: dict[str, Any] = _typed(properties, rules, schema, 0)
    return typed


def _typed(value: Any, rules: dict[str, Any], schema: ResourceSchema, depth: int) -> Any:
    rules = schema.followed(rules)
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        return {name: _typed(member, _rules_of(name, rules), schema, depth + 1) for name, member in value.items()}
    if isinstance(value, list):
        return [_typed(item, rules.get("items", {}), schema, depth + 1) for item in value]
    return _scalar(value, rules.get("type"))


def _rules_of(name: str, rules: dict[str, Any]) -> dict[str, Any]:
    named = rules.get("properties", {}).get(name)
    if named is None:
        named = next(iter(rules.get("patternProperties", {}).values()), {})
    return named if isinstance(named, dict) else {}


def _scalar(text: Any, kind: Any) -> Any:
    if not isinstance(text, str):
        return text
    if kind == "boolean":
        return _BOOLEANS.get(text.lower(), text)
    if kind in ("integer", "number"):
        return _number(text, int if kind == "integer" else float)
    return text


def _number(text: str, kind: type[int] | type[float]) -> Any:
    try:
        return msgspec.json.decode(text.encode(), type=kind)
    except msgspec.DecodeError:
        return text
