"""The directory of a resource type: `schema.json` says what it is, `type.toml` how its handlers are run."""

import shutil
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from manciple.template.registry_schema import resource_schema, schema_faults
from manciple.template.resource_schemas import ResourceSchema

SCHEMA = "schema.json"
MANIFEST = "type.toml"
RUN_ENTRY_POINT = Path(__file__).with_name("entry_point.py")

_AWS = ("AWS", "Alexa", "Custom")
"""Namespaces that are not an operator's (CloudFormation CLI user guide, "Resource type schema", typeName)."""
_ENTRY_POINT = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
_LARGEST = 1_000_000


class TypeFault(Exception):
    """What is wrong with the directory of a type: one sentence that names it."""


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How handlers are run: by a `command` (never a shell) or a Python `entry_point`, in the type's directory.

    They see the variables of `environment` and what a program needs to run, and each call has to be answered in
    `seconds`. A type of AWS's own name has to say that it `overrides` the published one. What keeps data says what it
    is in `holds` ("a database"): plans then warn of what would be lost.
    """

    command: tuple[str, ...] = ()
    entry_point: Annotated[str, Meta(pattern=_ENTRY_POINT)] | None = None
    environment: tuple[str, ...] = ()
    seconds: Annotated[float, Meta(gt=0, le=900)] = 60.0
    overrides: bool = False
    holds: Annotated[str, Meta(min_length=1, max_length=80)] | None = None

    def __post_init__(self) -> None:
        """Refuse a manifest with both ways to run, or none."""
        if bool(self.command) == (self.entry_point is not None):
            raise ValueError("it must have either command or entry_point")


class ResourceType(Struct, frozen=True, kw_only=True):
    """A type as its directory has it; `minutes` is how long each action may take in all, callbacks included."""

    name: str
    directory: Path
    manifest: Manifest
    schema: ResourceSchema
    document: dict[str, Any]
    minutes: dict[str, int]

    @property
    def argv(self) -> list[str]:
        """The command that answers one call."""
        if self.manifest.entry_point is not None:
            return [sys.executable, str(RUN_ENTRY_POINT), self.manifest.entry_point]
        program, *arguments = self.manifest.command
        return [str(self.directory / program) if "/" in program else program, *arguments]


def read_type(directory: Path) -> ResourceType:
    """The type of a directory. Raises TypeFault for the first of its files that will not do."""
    directory = directory.expanduser().resolve()
    document, manifest = _read_schema(directory), _read_manifest(directory)
    name: str = document["typeName"]
    if name.partition("::")[0] in _AWS and not manifest.overrides:
        raise TypeFault(
            f"{directory / SCHEMA}: {name} has a name of AWS's; choose another namespace, or say in {MANIFEST} that it "
            "overrides = true."
        )
    found = ResourceType(
        name=name,
        directory=directory,
        manifest=manifest,
        schema=msgspec.structs.replace(resource_schema(document), holds=manifest.holds),
        document=document,
        minutes={action: _minutes(handler) for action, handler in document.get("handlers", {}).items()},
    )
    if shutil.which(found.argv[0]) is None:
        raise TypeFault(f"{directory / MANIFEST}: the program {found.argv[0]} is not there, or cannot be executed.")
    return found


def name_in(directory: Path) -> str | None:
    """The name of a directory's type; None if that cannot be read any more."""
    try:
        return read_type(directory).name
    except TypeFault:
        return None


def read_types(directories: Iterable[Path]) -> dict[str, ResourceType]:
    """The types of several directories, by name. Raises TypeFault, for a name that two of them have too."""
    types: dict[str, ResourceType] = {}
    for directory in directories:
        found = read_type(directory)
        if (other := types.get(found.name)) is not None and other.directory != found.directory:
            raise TypeFault(
                f"{found.name} is both in {other.directory} and in {found.directory}; leave one of them out."
            )
        types[found.name] = found
    return types


def _read_schema(directory: Path) -> dict[str, Any]:
    path = directory / SCHEMA
    try:
        document = msgspec.json.decode(_content(path))
    except (msgspec.DecodeError, RecursionError) as error:
        raise TypeFault(f"{path} is no JSON: {error}.") from error
    if faults := schema_faults(document):
        raise TypeFault(f"{path}: {' '.join(faults)}")
    checked: dict[str, Any] = document
    return checked


def _read_manifest(directory: Path) -> Manifest:
    path = directory / MANIFEST
    try:
        return msgspec.convert(tomllib.loads(_content(path).decode()), Manifest)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TypeFault(f"{path} is no TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise TypeFault(f"{path}: {error}.") from error


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise TypeFault(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise TypeFault(f"{path} is larger than {_LARGEST:,} bytes.")
    return content


def _minutes(handler: Any) -> int:
    """`timeoutInMinutes` of a handler: from 2 to 2160, 120 unless it is given (user guide, "Resource type schema")."""
    given = handler.get("timeoutInMinutes") if isinstance(handler, dict) else None
    return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else 120
