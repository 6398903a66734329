"""What identifiers and attributes look like: a table by type, and rules by the property's name for all other types.

The table is data (`data/shapes.json`; AWS CloudFormation template reference, "Return values" of each type). Every value
is made from the client token, so that it is unique and the same however often it is asked for.
"""

from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import regex  # type: ignore[import-untyped]

from manciple.catalog.ids import url_suffix_of
from manciple.engine.providers.pattern_text import matching_text
from manciple.engine.providers.provider import HandlerRequest
from manciple.store.sealed import Seal
from manciple.template.java_pattern import finds
from manciple.template.resource_schemas import ResourceSchema, schema_of
from manciple.template.values import Value


class _Table(msgspec.Struct, frozen=True):
    source: str
    services: dict[str, str]
    generic: list[tuple[str, str]]
    types: dict[str, dict[str, str | list[str]]]


_TABLE = msgspec.json.decode((files(__package__) / "data" / "shapes.json").read_bytes(), type=_Table)
_GENERIC = [(regex.compile(name), shape) for name, shape in _TABLE.generic]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_REFERENCE = "Ref"
"""The member of a type's row that shapes what `Ref` gives, where it is not the identifier's properties."""
_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    str.lower,
    lambda name: name.replace("-", ""),
    lambda name: name.replace("-", "").lower(),
    lambda name: name.replace("-", "").upper(),
)
_LONGEST_NAME = 128
_SHORTER_NAMES = (50, 32, 20)
_LONGEST_TEXT = 2048
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
        rules = _rules(schema, name)
        wanted = _kind(rules)
        if wanted == "array":
            return self._list(request, schema, name, words["seed"])
        if wanted in ("integer", "number"):
            return str(max(1, rules.get("minimum", 1)))
        if wanted in _PLAIN:
            return _PLAIN[wanted]
        return _permitted(_generic(schema, name).format_map(words), rules, words)

    def _list(self, request: HandlerRequest, schema: ResourceSchema, name: str, token: str) -> Value:
        """A few items, each made as the attribute of one would be."""
        shape = _generic(schema, _PLURAL.sub("", name))
        numbers = range(1, _LIST_LENGTH + 1)
        return [shape.format_map(self._words(request, schema, f"{token}/{name}/{number}")) for number in numbers]

    def _words(self, request: HandlerRequest, schema: ResourceSchema, token: str) -> dict[str, str]:
        """What shapes are written with."""
        digest = self._seal.digest(token.encode())
        number = int(digest, 16)
        letters = _letters(number)
        _, service, kind = [*request.type.split("::"), "", ""][:3]
        words = {
            "partition": request.place.partition,
            "account": request.place.account,
            "region": request.place.region,
            "suffix": url_suffix_of(request.place.partition),
            "service": _TABLE.services.get(service, service.lower()),
            "kind": kind.lower(),
            "logical": request.logical_id,
            "upper": letters[:13],
            "uuid": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
            "digits": str(number % 10**9),
            "digits12": f"{number % 10**12:012d}",
            "byte": str(number % 250 + 2),
            "byte2": str(number // 250 % 250 + 2),
            "hex64": digest,
            "seed": token,
        }
        words |= {f"hex{size}": digest[:size] for size in (10, 16, 17, 26, 32, 40)}
        words |= {f"token{size}": letters[:size].lower() for size in (6, 9, 10, 13, 16)}
        words["token"] = words["token13"]
        words["name"] = _name(request, schema, letters[:12], number)
        words["short"] = words["name"][:32].strip("-")
        words["id"] = words["name"] if _is_named_by_identifier(request.type, schema) else words["uuid"]
        return words


def has_attribute(type_: str, name: str) -> bool:
    """May a thing of the type have an attribute of this name? Anything may be one of a type of open names."""
    schema = schema_of(type_)
    if schema is None or schema.pattern_properties or _open_names(schema):
        return True
    return name.partition(".")[0] in schema.properties or name in _tabled(type_)


def is_made_up(value: Value) -> bool:
    """Does the text come from an attribute whose name the template chose, of which nothing is known?"""
    return isinstance(value, str) and _MADE_UP in value


_MADE_UP = "simulated-"
_SECONDS = 0.05
_PLURAL = regex.compile(r"(?<=[sx])es$|s$")
_PLAIN: dict[str, Value] = {"boolean": "false", "object": {}}


def _name(request: HandlerRequest, schema: ResourceSchema, letters: str, seed: int) -> str:
    """The name that the template gives, else one made as CloudFormation makes it: stack, logical id, 12 characters.

    Where the schema does not permit that, it is shortened or written otherwise, at last made from the pattern alone.
    """
    named = _name_property(request.type, schema)
    given = request.model.get(named) if named else None
    if isinstance(given, str) and given:
        return given
    rules = _rules(schema, named) if named else {}
    longest = min(int(rules.get("maxLength", _LONGEST_NAME)), _LONGEST_NAME)
    pattern: str | None = rules.get("pattern")
    lengths = [longest, *(length for length in _SHORTER_NAMES if length < longest)]
    names = [_made_name(request, letters, length) for length in lengths]
    if not pattern:
        return names[0]
    forms = (write(name) for write in _FORMS for name in names)
    fitting = (form for form in forms if finds(pattern, form, _SECONDS))
    return next(fitting, None) or matching_text(pattern, seed, most=longest) or names[0]


def _letters(number: int) -> str:
    """26 letters and digits."""
    found = []
    for _ in range(26):
        number, place = divmod(number, 36)
        found.append(_LETTERS[place])
    return "".join(found)


def _made_name(request: HandlerRequest, letters: str, longest: int) -> str:
    room = max(longest - len(letters) - 1, 0)
    return f"{f'{request.stack_name}-{request.logical_id}'[:room]}-{letters}".lstrip("-")[:longest]


def _tabled(type_: str) -> dict[str, str | list[str]]:
    """The row of the table for a type, or for all types of its namespace."""
    return _TABLE.types.get(type_) or _TABLE.types.get(f"{type_.partition('::')[0]}::*", {})


def _generic(schema: ResourceSchema, name: str) -> str:
    """The shape of an attribute of any type, by its name; the `Id` of types without handlers is a name."""
    if name == "Id" and not schema.handlers:
        return "{name}"
    return next(shape for pattern, shape in _GENERIC if pattern.search(name))


def _open_names(schema: ResourceSchema) -> list[str]:
    """`Outputs.*` for each read-only property whose members are named by whoever uses the resource."""
    return [f"{name}.*" for name in schema.read_only if "patternProperties" in schema.properties.get(name, {})]


def _name_property(type_: str, schema: ResourceSchema) -> str | None:
    """The property that names things of the type: a writable identifier, else `TopicName` of a Topic, else `Name`.

    Of an identifier of several parts none is taken for a name: most name what the thing belongs to.
    """
    identifier = schema.primary_identifier if len(schema.primary_identifier) == 1 else ()
    kind = type_.rpartition("::")[2]
    candidates = [*identifier, f"{kind}Name", "Name", f"{kind}Identifier"]
    return next((name for name in candidates if name in schema.properties and name not in schema.read_only), None)


def _is_named_by_identifier(type_: str, schema: ResourceSchema) -> bool:
    """Does the name of a thing tell it from all others of its type?"""
    identifiers = (schema.primary_identifier, *schema.additional_identifiers)
    return (_name_property(type_, schema),) in identifiers


def _permitted(text: str, rules: dict[str, Any], words: dict[str, str]) -> str:
    """The text if the schema permits it, else one made from the schema: of its enumeration, or of its pattern."""
    if allowed := rules.get("enum"):
        return text if text in allowed else str(allowed[0])
    least, most = int(rules.get("minLength", 0)), int(rules.get("maxLength", _LONGEST_TEXT))
    pattern = rules.get("pattern")
    sized = text[:most] if len(text) >= least else (text + words["hex64"])[:least]
    if not pattern or finds(pattern, sized, _SECONDS):
        return sized
    made = matching_text(pattern, int(words["hex64"], 16), least, most) or sized
    return next(one for one in _placed(made, words) if one == made or finds(pattern, one, _SECONDS))


def _placed(text: str, words: dict[str, str]) -> Iterator[str]:
    """An ARN with service, partition, region and account as they would be here; with its own service; as it is."""
    parts = text.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn":
        region, account = (
            words[name] if part else "" for name, part in zip(("region", "account"), parts[3:5], strict=True)
        )
        thing = parts[5] + (words["token"] if parts[5].endswith(("/", ":")) else "")
        for service in (words["service"], parts[2]):
            yield ":".join(["arn", words["partition"], service, region, account, thing])
    yield text


def _rules(schema: ResourceSchema, name: str) -> dict[str, Any]:
    """What the schema says of a property."""
    if "." not in name:
        return _followed(schema, schema.properties.get(name, {}))
    rules: dict[str, Any] = {"properties": schema.properties}
    for part in name.split("."):
        rules = _followed(schema, rules.get("properties", {}).get(part, {}))
    return rules


def _kind(rules: dict[str, Any]) -> str:
    """The JSON type of a property; text if the schema leaves it open."""
    kind = rules.get("type", "string")
    return str(kind[0] if isinstance(kind, list) else kind)


def _followed(schema: ResourceSchema, rules: dict[str, Any]) -> dict[str, Any]:
    reference = rules.get("$ref")
    return schema.definitions.get(reference.rpartition("/")[2], {}) if isinstance(reference, str) else rules
