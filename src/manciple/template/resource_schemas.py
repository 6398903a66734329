"""What CloudFormation's published schemas say of each resource type.

The knowledge is data: `data/resource_schemas.bin` (all types, extracted by `scripts/gen_resource_schemas.py`)
and `data/resource_overrides.json` (where AWS's documentation says otherwise, a source page for each row).
Loading reads the index only; a type is unpacked when it is first asked for.

An operator's own types join them with `register`, once a process, before it works.
"""

import zlib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

import msgspec

Recreation: TypeAlias = Literal["Never", "Conditionally", "Always"]
CUSTOM_NAMED = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
    "Rename {} and update the stack again."
)
"""Told before anything is created (CloudFormation's words, as in convox/rack issue 2941; of a name with several parts
cdk-cosmos/cosmos issue 65)."""

TagAttribute: TypeAlias = Literal["Properties", "Tags"]
Path: TypeAlias = tuple[str, ...]

_DEEPEST = 40
_DATA = files("manciple.template") / "data"


class ResourceSchema(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One resource type, by the words of its provider schema.

    Paths are written `Rule/Transitions/*/StorageClass`: property names and, for the items of a list, `*`.
    `properties`, `pattern_properties`, `definitions` and `alternatives` (the `oneOf`, `anyOf`, `allOf` of the whole)
    are JSON schemas without their prose. `handlers` is empty for the oldest types, whose schemas do not tell.
    `holds` is what an operator's own type keeps data as, with its article.
    """

    create_only: tuple[str, ...] = ()
    conditional_create_only: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    write_only: tuple[str, ...] = ()
    primary_identifier: tuple[str, ...] = ()
    additional_identifiers: tuple[tuple[str, ...], ...] = ()
    required: tuple[str, ...] = ()
    tag_property: str | None = None
    replacement_strategy: Literal["create_then_delete", "delete_then_create"] = "create_then_delete"
    handlers: tuple[str, ...] = ()
    properties: dict[str, Any] = {}
    pattern_properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    alternatives: dict[str, Any] = {}
    reference: tuple[str, ...] = ()
    custom_name: tuple[str, ...] = ()
    tag_attribute: TagAttribute = "Properties"
    holds: str | None = None

    @property
    def replaces_by_deleting_first(self) -> bool:
        """Is the old thing deleted before its replacement is created?"""
        return self.replacement_strategy == "delete_then_create"

    @property
    def is_taggable(self) -> bool:
        """Do the stack's tags reach resources of this type?"""
        return self.tag_property is not None

    @property
    def reference_properties(self) -> tuple[str, ...]:
        """The properties that `Ref` gives, joined by `|`; mostly the primary identifier."""
        return self.reference or self.primary_identifier

    @property
    def naming_properties(self) -> tuple[str, ...]:
        """The properties that name a thing so that no second one can stand beside it; empty if AWS names it itself."""
        if self.custom_name:
            return self.custom_name
        names = self.primary_identifier
        return names if all(name in self.properties and name not in self.read_only for name in names) else ()

    def kept_name(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
        """The name that `after` gives and the thing has already; parts of a name are joined by `|`."""
        wanted = self.naming_properties
        kept = [after[name] for name in wanted if isinstance(after.get(name), str) and after[name] == before.get(name)]
        return "|".join(kept) if kept and len(kept) == len(wanted) else None

    def requires_recreation(self, path: str) -> Recreation:
        """Must the resource be replaced when the value at `path` changes (`KeyName`, `Ebs/0/Size`)?

        A path that leads to a create-only one without reaching it is `Conditionally`: its change may touch
        it. A type that has handlers, but none to update, is replaced by any change.
        """
        if self.handlers and "update" not in self.handlers:
            return "Always"
        steps = tuple(path.split("/"))
        reached = [_reach(pattern, steps) for pattern in self._create_only]
        if "whole" in reached:
            return "Always"
        if any(reached) or any(_reach(pattern, steps) for pattern in self._conditional_create_only):
            return "Conditionally"
        return "Never"

    def followed(self, rules: Any) -> dict[str, Any]:
        """The rules that a reference leads to, however often it is passed on."""
        for _ in range(_DEEPEST):
            reference = rules.get("$ref") if isinstance(rules, dict) else None
            if not isinstance(reference, str):
                break
            section, _, name = reference.removeprefix("#/").partition("/")
            rules = (self.properties if section == "properties" else self.definitions).get(name, {})
        return rules if isinstance(rules, dict) else {}

    @cached_property
    def _create_only(self) -> tuple[Path, ...]:
        return tuple(tuple(path.split("/")) for path in self.create_only)

    @cached_property
    def _conditional_create_only(self) -> tuple[Path, ...]:
        return tuple(tuple(path.split("/")) for path in self.conditional_create_only)


def _reach(pattern: Path, steps: Path) -> Literal["whole", "part"] | None:
    """Does a change at `steps` lie in what `pattern` names (whole), around it (part) or elsewhere?"""
    if any(expected not in ("*", step) for expected, step in zip(pattern, steps, strict=False)):
        return None
    return "whole" if len(steps) >= len(pattern) else "part"


_REGISTERED: dict[str, ResourceSchema] = {}
"""The operator's own types; they are the same for all that a process does."""


def register(schemas: Mapping[str, ResourceSchema]) -> None:
    """Make an operator's types known; one of a published name takes that one's place."""
    _REGISTERED.update(schemas)
    known_types.cache_clear()


def schema_of(resource_type: str) -> ResourceSchema | None:
    """The schema of a type, None if nobody published or registered one; `Custom::…` has that of a custom resource."""
    if resource_type in _REGISTERED:
        return _REGISTERED[resource_type]
    return _unpacked(resource_type) if resource_type in _index() else _stand_in(resource_type)


def is_known(resource_type: str) -> bool:
    """Can a template use this type?"""
    return resource_type in known_types() or _stand_in(resource_type) is not None


@cache
def known_types() -> frozenset[str]:
    """Every type with a schema."""
    return frozenset(_REGISTERED) | _index().keys()


class _Head(msgspec.Struct, frozen=True):
    source: dict[str, str]
    dictionary: int
    types: dict[str, tuple[int, int]]


class _Archive(msgspec.Struct, frozen=True):
    head: _Head
    dictionary: bytes
    body: bytes


class _Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of the override table: for the types that match, these members replace or join the schema's."""

    types: tuple[str, ...]
    source: str
    schema_as: str | None = None
    create_only: tuple[str, ...] = ()
    conditional_create_only: tuple[str, ...] = ()
    mutable: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    custom_name: tuple[str, ...] = ()
    tag_attribute: TagAttribute | None = None

    def matches(self, resource_type: str) -> bool:
        return any(fnmatchcase(resource_type, pattern) for pattern in self.types)


@cache
def _archive() -> _Archive:
    content = (_DATA / "resource_schemas.bin").read_bytes()
    line = content.index(b"\n")
    head = msgspec.json.decode(content[:line], type=_Head)
    start = line + 1 + head.dictionary
    return _Archive(head, content[line + 1 : start], content[start:])


def _index() -> Mapping[str, tuple[int, int]]:
    return _archive().head.types


@cache
def _overrides() -> tuple[_Override, ...]:
    return msgspec.json.decode((_DATA / "resource_overrides.json").read_bytes(), type=tuple[_Override, ...])


@lru_cache(maxsize=512)
def _unpacked(resource_type: str) -> ResourceSchema:
    archive = _archive()
    offset, length = archive.head.types[resource_type]
    unpacker = zlib.decompressobj(wbits=-15, zdict=archive.dictionary)
    text = unpacker.decompress(archive.body[offset : offset + length])
    return _corrected(resource_type, msgspec.json.decode(text, type=ResourceSchema))


def _stand_in(resource_type: str) -> ResourceSchema | None:
    """The schema of a type that has none of its own but is treated as another."""
    others = (row.schema_as for row in _overrides() if row.schema_as and row.matches(resource_type))
    return next((_unpacked(other) for other in others), None)


def _corrected(resource_type: str, schema: ResourceSchema) -> ResourceSchema:
    for row in _overrides():
        if row.matches(resource_type):
            schema = msgspec.structs.replace(
                schema,
                create_only=_joined(schema.create_only, row.create_only, row.mutable),
                conditional_create_only=_joined(
                    schema.conditional_create_only, row.conditional_create_only, row.mutable
                ),
                reference=row.reference or schema.reference,
                custom_name=row.custom_name or schema.custom_name,
                tag_attribute=row.tag_attribute or schema.tag_attribute,
            )
    return schema


def _joined(published: tuple[str, ...], added: tuple[str, ...], removed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path for path in dict.fromkeys((*published, *added)) if path not in removed)
