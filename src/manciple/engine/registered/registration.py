"""Which types an operator has registered: those that the settings name, and those that `manciple types add` noted.

A note is made on the machine itself, in the data directory; no network route adds a type.
"""

from pathlib import Path

import msgspec

from manciple.engine.registered.directory import ResourceType, TypeFault, read_types
from manciple.settings import Settings
from manciple.template import resource_schemas

_NOTES = "types.json"


def registered_types(settings: Settings) -> dict[str, ResourceType]:
    """Every registered type by name. Raises TypeFault for the first directory that will not do."""
    return read_types([*map(Path, settings.types), *noted_directories(settings.data)])


def make_known(settings: Settings) -> None:
    """Let templates use the registered types. Raises TypeFault."""
    resource_schemas.register({name: found.schema for name, found in registered_types(settings).items()})


def noted_directories(data: Path) -> list[Path]:
    """The directories of types that were noted, in the order in which they were. Raises TypeFault for a broken note."""
    path = data / _NOTES
    try:
        return [Path(directory) for directory in msgspec.json.decode(path.read_bytes(), type=list[str])]
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as error:
        raise TypeFault(f"{path} cannot be read; mend it, or remove it and add the types again.") from error


def note_directories(data: Path, directories: list[Path]) -> None:
    """Note the directories of types, in place of all that were noted; the next start reads them. Raises OSError."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = data / f"{_NOTES}.new"
    written.write_bytes(msgspec.json.encode([str(directory) for directory in directories]))
    written.replace(data / _NOTES)
