"""What the contract's rules give to handlers: models from the type's `inputs/`, else made up from its schema.

The files are those of the CloudFormation CLI ("Specifying input data using input files"): `inputs_1_create.json`,
`inputs_1_update.json`, `inputs_1_invalid.json`. In a text `{{random}}` stands for letters that differ each time.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from manciple.engine.providers.pattern_text import matching_text
from manciple.engine.registered.directory import ResourceType, TypeFault
from manciple.engine.registered.model import with_member, without
from manciple.template.resource_schemas import ResourceSchema

DIRECTORY = "inputs"
RANDOM = "{{random}}"

_DEEPEST = 8
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LONGEST = 40

Model = dict[str, Any]


class Inputs:
    """The inputs of one type. Raises TypeFault for a file that holds no object."""

    def __init__(self, type: ResourceType) -> None:
        self._schema = type.schema
        folder = type.directory / DIRECTORY
        self._create, self._update, self._invalid = (
            _read(folder / f"inputs_1_{name}.json") for name in ("create", "update", "invalid")
        )
        self.last: Model = {}

    def create(self) -> Model:
        """A model to create, another one each time; it is `last` from then on."""
        made = _filled(self._create) if self._create is not None else _made_up(self._schema)
        self.last = without(made, self._schema.read_only)
        return self.last

    def invalid(self) -> Model:
        """A model that sets a read-only property."""
        if self._invalid is not None:
            return _filled(self._invalid)
        (name, *_) = _settable(self._schema)
        return with_member(self.create(), name, _value(_rules(self._schema, name), self._schema, 0))

    def update(self, before: Mapping[str, Any]) -> Model:
        """The model of an update: what was created, with every property changed that can be."""
        schema = self._schema
        kept = without(before, schema.read_only) | _identifier(before, schema)
        if self._update is not None:
            fixed = {name: before[name] for name in schema.create_only if name in before}
            return _filled(self._update) | fixed | _identifier(before, schema)
        for name in self._changeable:
            kept[name] = _other(kept.get(name), _rules(schema, name), schema)
        return kept

    def other_create_only(self, before: Mapping[str, Any]) -> Model:
        """The model of an update that changes a create-only property."""
        schema = self._schema
        kept = without(before, schema.read_only) | _identifier(before, schema)
        name = self._create_only[0]
        return kept | {name: _other(kept.get(name), _rules(schema, name), schema)}

    @property
    def has_invalid(self) -> bool:
        """Can a read-only property be set?"""
        return self._invalid is not None or bool(_settable(self._schema))

    @property
    def has_update(self) -> bool:
        """Can anything be updated?"""
        return self._update is not None or bool(self._changeable)

    @property
    def has_create_only(self) -> bool:
        """Is a property, which is no part of the identifier, create-only?"""
        return bool(self._create_only)

    @property
    def _changeable(self) -> list[str]:
        schema = self._schema
        fixed = {path.split("/")[0] for path in (*schema.create_only, *schema.read_only, *schema.primary_identifier)}
        fixed |= {path.split("/")[0] for path in schema.conditional_create_only}
        return [
            name
            for name in schema.properties
            if name not in fixed and name != schema.tag_property and _can_differ(_rules(schema, name))
        ]

    @property
    def _create_only(self) -> list[str]:
        schema = self._schema
        fixed = {*schema.primary_identifier, *schema.read_only}
        return [name for name in schema.create_only if "/" not in name and name not in fixed]


def _read(path: Path) -> Model | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Model)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise TypeFault(f"{path} holds no JSON object: {error}.") from error


def _filled(value: Model) -> Model:
    """A model with `{{random}}` filled in, the same in all of it."""
    text = msgspec.json.encode(value).decode()
    return msgspec.json.decode(text.replace(RANDOM, _random(8)), type=Model)


def _identifier(model: Mapping[str, Any], schema: ResourceSchema) -> Model:
    return {path: model[path] for path in schema.primary_identifier if path in model}


def _settable(schema: ResourceSchema) -> list[str]:
    """Read-only properties that a caller could set by mistake: no part of the identifier, at the top."""
    return [path for path in schema.read_only if "/" not in path and path not in schema.primary_identifier]


def _made_up(schema: ResourceSchema) -> Model:
    """A model of every property that is not read-only."""
    read_only = set(schema.read_only)
    rules = {name: _rules(schema, name) for name in schema.properties if name not in read_only}
    return {name: _value(rule, schema, 0) for name, rule in rules.items() if name != schema.tag_property}


def _rules(schema: ResourceSchema, name: str) -> Model:
    return _followed(schema.properties.get(name, {}), schema)


def _followed(rules: Model, schema: ResourceSchema) -> Model:
    for _ in range(_DEEPEST):
        reference = rules.get("$ref")
        if not isinstance(reference, str):
            break
        section, _, name = reference.removeprefix("#/").partition("/")
        rules = (schema.properties if section == "properties" else schema.definitions).get(name, {})
    return rules


def _value(rules: Model, schema: ResourceSchema, depth: int) -> Any:
    """A value that the rules permit."""
    rules = _followed(rules, schema)
    for chosen in ("const", "enum"):
        if chosen in rules:
            return rules[chosen][0] if chosen == "enum" else rules[chosen]
    kind = rules.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    return _KINDS.get(kind, _text)(rules, schema, depth)


def _text(rules: Model, _schema: ResourceSchema, _depth: int) -> str:
    least, most = int(rules.get("minLength", 1)), int(rules.get("maxLength", _LONGEST))
    if "pattern" in rules:
        found = matching_text(rules["pattern"], secrets.randbits(60), max(1, least), most)
        if found is not None:
            return found
    return _random(max(least, min(most, 12)))


def _number(rules: Model, _schema: ResourceSchema, _depth: int) -> int:
    return int(max(rules.get("minimum", 1), min(1, rules.get("maximum", 1))))


def _boolean(_rules: Model, _schema: ResourceSchema, _depth: int) -> bool:
    return False


def _list(rules: Model, schema: ResourceSchema, depth: int) -> list[Any]:
    wanted = max(int(rules.get("minItems", 1)), 0 if depth > _DEEPEST else 1)
    return [_value(rules.get("items", {}), schema, depth + 1) for _ in range(wanted)]


def _object(rules: Model, schema: ResourceSchema, depth: int) -> Model:
    members = rules.get("properties", {})
    names = rules.get("required", []) if depth > _DEEPEST else members
    return {name: _value(members.get(name, {}), schema, depth + 1) for name in names}


_KINDS = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": _boolean,
    "array": _list,
    "object": _object,
}


def _can_differ(rules: Model) -> bool:
    return "const" not in rules and len(rules.get("enum", "ab")) > 1


def _other(value: Any, rules: Model, schema: ResourceSchema) -> Any:
    """Another value that the rules permit."""
    if "enum" in rules:
        return next(one for one in rules["enum"] if one != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1 if value + 1 <= rules.get("maximum", value + 1) else value - 1
    return _value(rules, schema, 0)


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
