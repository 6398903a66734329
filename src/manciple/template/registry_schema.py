"""A resource type schema of CloudFormation's registry, and what of it the change set and the checks need.

CloudFormation CLI user guide, "Resource type schema"; the meta-schema is `provider.definition.schema.v1.json` of
https://github.com/aws-cloudformation/cloudformation-resource-schema.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from manciple.template.resource_schemas import ResourceSchema

KEPT_KEYWORDS = (
    *("$ref", "type", "format", "pattern", "enum", "const", "required", "minLength", "maxLength", "minimum"),
    *("maximum", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "additionalProperties"),
)
NESTING_KEYWORDS = ("items", "additionalProperties")
ALTERNATIVE_KEYWORDS = ("oneOf", "anyOf", "allOf")
MAPPING_KEYWORDS = ("properties", "patternProperties")
POINTERS = ("createOnlyProperties", "conditionalCreateOnlyProperties", "readOnlyProperties", "writeOnlyProperties")
HANDLERS = ("create", "read", "update", "delete", "list")

_TYPE_NAME = re.compile(r"[a-zA-Z0-9]{2,64}::[a-zA-Z0-9]{2,64}::[a-zA-Z0-9]{2,64}")
_PREFIX = "/properties/"

Json = Mapping[str, Any]


def resource_schema(document: Json) -> ResourceSchema:
    """The kept part of a schema that has no faults."""
    return msgspec.convert(extract(document), ResourceSchema)


def extract(schema: Json) -> dict[str, Any]:
    """The kept part of one type's schema as JSON; empty members are left out."""
    kept: dict[str, Any] = {
        "create_only": pointers(schema.get("createOnlyProperties")),
        "conditional_create_only": pointers(schema.get("conditionalCreateOnlyProperties")),
        "read_only": pointers(schema.get("readOnlyProperties")),
        "write_only": pointers(schema.get("writeOnlyProperties")),
        "primary_identifier": pointers(schema.get("primaryIdentifier")),
        "additional_identifiers": [pointers(identifier) for identifier in schema.get("additionalIdentifiers", [])],
        "required": sorted(schema.get("required", [])),
        "tag_property": tag_property(schema, schema.get("tagging", {})),
        "replacement_strategy": schema.get("replacementStrategy"),
        "handlers": sorted(schema.get("handlers", {})),
        "properties": {name: simplified(value) for name, value in schema["properties"].items()},
        "pattern_properties": {name: simplified(value) for name, value in schema.get("patternProperties", {}).items()},
        "definitions": {name: simplified(value) for name, value in schema.get("definitions", {}).items()},
        "alternatives": simplified({name: schema[name] for name in ALTERNATIVE_KEYWORDS if name in schema}),
    }
    return {name: value for name, value in kept.items() if value}


def pointers(values: list[str] | None) -> list[str]:
    """`/properties/A/B/*/C` as `A/B/*/C`: the path that the change set walks."""
    return [value.removeprefix(_PREFIX).replace(_PREFIX, "/") for value in values or []]


def tag_property(schema: Json, tagging: Json) -> str | None:
    """The property that carries tags: as declared, or `Tags` where an older schema only has the property."""
    if tagging.get("taggable", schema.get("taggable", True)) is False:
        return None
    declared: str = tagging.get("tagProperty", "/properties/Tags").removeprefix(_PREFIX)
    return declared if declared in schema["properties"] else None


def simplified(value: Any) -> Any:
    """A JSON schema without its prose, at every depth."""
    if not isinstance(value, dict):
        return value
    kept = {name: value[name] for name in KEPT_KEYWORDS if name in value and not isinstance(value[name], dict)}
    kept |= {name: simplified(value[name]) for name in NESTING_KEYWORDS if name in value}
    kept |= {name: [simplified(option) for option in value[name]] for name in ALTERNATIVE_KEYWORDS if name in value}
    for name in MAPPING_KEYWORDS:
        if isinstance(value.get(name), dict):
            kept[name] = {key: simplified(item) for key, item in value[name].items()}
    return kept


def schema_faults(document: Any) -> list[str]:
    """What keeps a document from being the schema of a type, a sentence each; empty if nothing does.

    The rules are the meta-schema's, and those of the CloudFormation CLI's `validate` that handlers depend on.
    """
    if not isinstance(document, dict):
        return ["The schema is no JSON object."]
    shape = [*_wrong_kinds(document), *_missing(document)]
    return shape or [*_wrong_name(document), *_wrong_pointers(document), *_wrong_references(document, "#", document)]


_KINDS: dict[str, type] = {
    "typeName": str,
    "properties": dict,
    "definitions": dict,
    "handlers": dict,
    "tagging": dict,
    "required": list,
    "primaryIdentifier": list,
    "additionalIdentifiers": list,
    **dict.fromkeys(POINTERS, list),
}
_WORDS: dict[type, str] = {str: "a text", dict: "an object", list: "a list"}


def _wrong_kinds(document: Json) -> Iterator[str]:
    for name, kind in _KINDS.items():
        if name in document and not isinstance(document[name], kind):
            yield f"{name} must be {_WORDS[kind]}."
    for name in (*POINTERS, "required", "primaryIdentifier"):
        listed = document.get(name, [])
        if isinstance(listed, list) and not _are_texts(listed):
            yield f"{name} must be a list of texts."
    identifiers = document.get("additionalIdentifiers", [])
    if isinstance(identifiers, list) and not all(_are_texts(item) for item in identifiers):
        yield "additionalIdentifiers must be a list of lists of texts."
    if isinstance(handlers := document.get("handlers"), dict):
        yield from (
            f"handlers has {name}, which is none of {', '.join(HANDLERS)}." for name in handlers.keys() - set(HANDLERS)
        )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _missing(document: Json) -> Iterator[str]:
    for name in ("typeName", "properties", "primaryIdentifier"):
        if not document.get(name):
            yield f"{name} is missing or empty."
    if document.get("additionalProperties") is not False:
        yield "additionalProperties must be false."
    handlers = document.get("handlers")
    for name in ("create", "read", "delete"):
        if isinstance(handlers, dict) and name not in handlers:
            yield f"handlers lacks {name}."
    if handlers is None:
        yield "handlers is missing."


def _wrong_name(document: Json) -> Iterator[str]:
    if not _TYPE_NAME.fullmatch(document["typeName"]):
        yield f"typeName is {document['typeName']!r} but must be three words of letters and digits joined by `::`."


def _wrong_pointers(document: Json) -> Iterator[str]:
    named = {name: document.get(name, []) for name in (*POINTERS, "primaryIdentifier")}
    named["additionalIdentifiers"] = [item for listed in document.get("additionalIdentifiers", []) for item in listed]
    for member, listed in named.items():
        for pointer in listed:
            if not _leads_somewhere(document, pointer):
                yield f"{member} names {pointer}, which is no property."
    read_only = set(pointers(document.get("readOnlyProperties")))
    for name in document.get("required", []):
        if name not in document["properties"]:
            yield f"required names {name}, which is no property."
        if name in read_only:
            yield f"{name} is required and read-only; nobody can give it."
    both = read_only.intersection(pointers(document.get("writeOnlyProperties")))
    yield from (f"{name} is read-only and write-only." for name in sorted(both))


def _leads_somewhere(document: Json, pointer: str) -> bool:
    if not pointer.startswith(_PREFIX):
        return False
    rules: Any = document
    for step in pointers([pointer])[0].split("/"):
        rules = _followed(document, rules)
        if not isinstance(rules, dict):
            return False
        rules = rules.get("items") if step == "*" else rules.get("properties", {}).get(step)
    return rules is not None


def _followed(document: Json, rules: Any) -> Any:
    """The rules behind a reference, however often it is passed on."""
    for _ in range(len(document.get("definitions", {})) + 1):
        if not (isinstance(rules, dict) and isinstance(rules.get("$ref"), str)):
            break
        rules = _referred(document, rules["$ref"])
    return rules


def _referred(document: Json, reference: str) -> Any:
    section, _, name = reference.removeprefix("#/").partition("/")
    return document.get(section, {}).get(name) if section in ("definitions", "properties") else None


def _wrong_references(value: Any, path: str, document: Json) -> Iterator[str]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _wrong_references(item, f"{path}/{number}", document)
    elif isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and _referred(document, reference) is None:
            yield f"{path} refers to {reference}, which is not there."
        for name, item in value.items():
            yield from _wrong_references(item, f"{path}/{name}", document)
