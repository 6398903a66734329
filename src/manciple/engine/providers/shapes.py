"""What identifiers and attributes look like: a table by type, and rules by the property's name for all other types.

The table is data (`data/shapes.json`; AWS CloudFormation template reference, "Return values" of each type). Every value
is made from the client token, so that it is unique and the same however often it is asked for.
"""

from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import regex  # type: ignore[import-untyped]

from manciple.catalog.ids import url_suffix_of
from manciple.engine.providers.provider import HandlerRequest
from manciple.store.sealed import Seal
from manciple.template.resource_schemas import ResourceSchema, schema_of
from manciple.template.values import Value


class _Table(msgspec.Struct, frozen=True):
    services: dict[str, str]
    generic: list[tuple[str, str]]
    types: dict[str, dict[str, str | list[str]]]


_TABLE = msgspec.json.decode((files(__package__) / "data" / "shapes.json").read_bytes(), type=_Table)
_GENERIC = [(regex.compile(name), shape) for name, shape in _TABLE.generic]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_REFERENCE = "Ref"
"""The member of a type's row that shapes what `Ref` gives, where it is not the identifier's properties."""
_LONGEST_NAME = 128
_LIST_LENGTH = 2
"""Members of an attribute that is a list: templates select the first and the second of DNS addresses."""


class _Words(dict[str, str]):
    """The words of a table's shapes; `{EventBusName/}` is the property and a slash, nothing where it is not given."""

    def __init__(self, words: dict[str, str], model: dict[str, Any]) -> None:
        super().__init__(words)
        self._model = model

    def __missing__(self, key: str) -> str:
        given = str(self._model.get(key[:-1], "")).rpartition("/")[2]
        return "" if given in ("", "default") else given + key[-1]


class Shape(NamedTuple):
    """What a resource is known by.

    The primary identifier (its properties joined by `|`), what `Ref` gives, and the read-only properties by their
    `Fn::GetAtt` names, with the name if the template gave none.
    """

    physical_id: str
    reference: str
    attributes: dict[str, Value]


class Shapes:
    """Makes identifiers and attributes; the seal's key makes them unguessable and different in every installation."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def shape(self, request: HandlerRequest, token: str) -> Shape:
        """What a create of this model under this token gives; for an update, the token that created the resource."""
        schema = schema_of(request.type) or ResourceSchema()
        words = self._words(request, schema, token)
        reference = _tabled(request.type).get(_REFERENCE)
        return Shape(
            self._joined(request, schema, schema.primary_identifier, words),
            reference.format_map(_Words(words, request.model))
            if isinstance(reference, str)
            else self._joined(request, schema, schema.reference_properties, words),
            self._attributes(request, schema, words),
        )

    def _attributes(self, request: HandlerRequest, schema: ResourceSchema, words: dict[str, str]) -> dict[str, Value]:
        read_only = (path.replace("/", ".") for path in schema.read_only if "*" not in path)
        tabled = (name for name in _tabled(request.type) if name != _REFERENCE and name not in request.model)
        names = dict.fromkeys((*read_only, *tabled, *_open_names(schema)))
        values = {name: self._shaped(request, schema, name, words) for name in names}
        named = _name_property(request.type, schema)
        if named and named not in request.model:
            values[named] = words["name"]
        return values

    def _joined(
        self, request: HandlerRequest, schema: ResourceSchema, names: tuple[str, ...], words: dict[str, str]
    ) -> str:
        return "|".join(self._identifier(request, schema, name, words) for name in names) or words["name"]

    def _identifier(self, request: HandlerRequest, schema: ResourceSchema, name: str, words: dict[str, str]) -> str:
        given = request.model.get(name)
        if isinstance(given, str):
            return given
        if name in schema.read_only:
            return str(self._shaped(request, schema, name.replace("/", "."), words))
        return words["name"]

    def _shaped(self, request: HandlerRequest, schema: ResourceSchema, name: str, words: dict[str, str]) -> Value:
        shape = _tabled(request.type).get(name)
        if isinstance(shape, list):
            return [one.format_map(words) for one in shape]
        if shape is not None:
            return shape.format_map(_Words(words, request.model))
        wanted = _kind(schema, name)
        if wanted == "array":
            return self._list(request, schema, name, words["seed"])
        return _PLAIN[wanted] if wanted in _PLAIN else _generic(name).format_map(words)

    def _list(self, request: HandlerRequest, schema: ResourceSchema, name: str, token: str) -> Value:
        """A few items, each made as the attribute of one would be."""
        shape = _generic(_PLURAL.sub("", name))
        numbers = range(1, _LIST_LENGTH + 1)
        return [shape.format_map(self._words(request, schema, f"{token}/{name}/{number}")) for number in numbers]

    def _words(self, request: HandlerRequest, schema: ResourceSchema, token: str) -> dict[str, str]:
        """What shapes are written with."""
        digest = self._seal.digest(token.encode())
        number = int(digest, 16)
        letters = "".join(_LETTERS[number // 36**place % 36] for place in range(13))
        _, service, kind = [*request.type.split("::"), "", ""][:3]
        words = {
            "partition": request.place.partition,
            "account": request.place.account,
            "region": request.place.region,
            "suffix": url_suffix_of(request.place.partition),
            "service": _TABLE.services.get(service, service.lower()),
            "kind": kind.lower(),
            "logical": request.logical_id,
            "upper": letters,
            "uuid": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
            "digits": str(number % 10**9),
            "byte": str(number % 250 + 2),
            "byte2": str(number // 250 % 250 + 2),
            "hex64": digest,
            "seed": token,
        }
        words |= {f"hex{size}": digest[:size] for size in (16, 17, 26, 40)}
        words |= {f"token{size}": letters[:size].lower() for size in (6, 9, 10, 13)}
        words["token"] = words["token13"]
        words["name"] = _name(request, schema, letters[:12])
        words["short"] = words["name"][:32].strip("-")
        words["id"] = words["name"] if _is_named_by_identifier(request.type, schema) else words["uuid"]
        return words


def is_made_up(value: Value) -> bool:
    """Does the text come from an attribute whose name the template chose, of which nothing is known?"""
    return isinstance(value, str) and _MADE_UP in value


_MADE_UP = "simulated-"
_PLURAL = regex.compile(r"(?<=[sx])es$|s$")
_PLAIN: dict[str, Value] = {"boolean": "false", "integer": "1", "number": "1", "object": {}}


def _name(request: HandlerRequest, schema: ResourceSchema, letters: str) -> str:
    """The name that the template gives, else one made as CloudFormation makes it: stack, logical id, 12 characters."""
    named = _name_property(request.type, schema)
    given = request.model.get(named) if named else None
    if isinstance(given, str) and given:
        return given
    rules = schema.properties.get(named, {}) if named else {}
    longest = min(int(rules.get("maxLength", _LONGEST_NAME)), _LONGEST_NAME)
    room = max(longest - len(letters) - 1, 0)
    name = f"{f'{request.stack_name}-{request.logical_id}'[:room]}-{letters}".lstrip("-")
    return next((form for form in _forms(name) if _fits(form, rules.get("pattern"))), name)


def _forms(name: str) -> tuple[str, ...]:
    plain = name.replace("-", "")
    return name, name.lower(), plain, plain.lower(), plain.upper()


def _fits(name: str, pattern: str | None) -> bool:
    """Does the name match the schema's pattern? One that cannot be read or takes too long counts as matched."""
    if pattern is None:
        return True
    try:
        return regex.search(pattern, name, timeout=0.05) is not None
    except (regex.error, TimeoutError):
        return True


def _tabled(type_: str) -> dict[str, str | list[str]]:
    """The row of the table for a type, or for all types of its namespace."""
    return _TABLE.types.get(type_) or _TABLE.types.get(f"{type_.partition('::')[0]}::*", {})


def _generic(name: str) -> str:
    """The shape of an attribute of any type, by its name."""
    return next(shape for pattern, shape in _GENERIC if pattern.search(name))


def _open_names(schema: ResourceSchema) -> list[str]:
    """`Outputs.*` for each read-only property whose members are named by whoever uses the resource."""
    return [f"{name}.*" for name in schema.read_only if "patternProperties" in schema.properties.get(name, {})]


def _name_property(type_: str, schema: ResourceSchema) -> str | None:
    """The property that names things of the type: a writable identifier, else `TopicName` of a Topic, else `Name`.

    Of an identifier of several parts none is taken for a name: most name what the thing belongs to.
    """
    identifier = schema.primary_identifier if len(schema.primary_identifier) == 1 else ()
    candidates = [*identifier, f"{type_.rpartition('::')[2]}Name", "Name"]
    return next((name for name in candidates if name in schema.properties and name not in schema.read_only), None)


def _is_named_by_identifier(type_: str, schema: ResourceSchema) -> bool:
    """Does the name of a thing tell it from all others of its type?"""
    identifiers = (schema.primary_identifier, *schema.additional_identifiers)
    return (_name_property(type_, schema),) in identifiers


def _kind(schema: ResourceSchema, name: str) -> str:
    """The JSON type of a property; text if the schema leaves it open."""
    rules: dict[str, Any] = {"properties": schema.properties}
    for part in name.split("."):
        rules = _followed(schema, rules.get("properties", {}).get(part, {}))
    kind = rules.get("type", "string")
    return str(kind[0] if isinstance(kind, list) else kind)


def _followed(schema: ResourceSchema, rules: dict[str, Any]) -> dict[str, Any]:
    reference = rules.get("$ref")
    return schema.definitions.get(reference.rpartition("/")[2], {}) if isinstance(reference, str) else rules
