"""What an operator can set: flags, then environment, then a TOML file, then defaults, as one frozen value.

A setting has one name everywhere: `quota.resources_per_template` is `[quota] resources_per_template = 5000`
in TOML and `MANCIPLE_QUOTA__RESOURCES_PER_TEMPLATE=5000` in the environment; flags are given by it too.
"""

import ipaddress
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_origin

import msgspec
from msgspec import Struct
from msgspec.inspect import type_info

from manciple.settings.sections import Settings
from manciple.settings.wording import describe_type, masked, printed

PREFIX = "MANCIPLE_"
CONFIG_VARIABLE = "MANCIPLE_CONFIG"  # names the TOML file; the only variable of ours that is no setting


class SettingsError(Exception):
    """A setting that cannot be used; one sentence says which, where it was given, and what is allowed."""


class Loaded(NamedTuple):
    """The settings, and by name where each came from: a flag, a variable, a file, `default`."""

    settings: Settings
    origins: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Give name, value and origin of every setting as text; the database URL's password as `****`."""
        for name, value in _flatten(msgspec.structs.asdict(self.settings)):
            yield name, masked(printed(value)), self.origins[name]


class _Given(NamedTuple):
    name: str
    value: object
    origin: str


def load(flags: Mapping[str, object], environ: Mapping[str, str], file: Path | None = None) -> Loaded:
    """Join all sources of settings.

    `flags` are values by setting's name, None where not given; `file` is a TOML file, else the one that the
    variable MANCIPLE_CONFIG names. Raises SettingsError at the first value that cannot be used.
    """
    file = file or (Path(environ[CONFIG_VARIABLE]) if CONFIG_VARIABLE in environ else None)
    given = [_Given("data", _default_data(environ), "default")]
    given += _from_toml(file) if file else []
    given += _from_environment(environ)
    given += _from_flags(flags)
    values = {item.name: _convert(item) for item in given}
    settings = msgspec.convert(_nest(values), Settings, dec_hook=_to_path)
    origins = dict.fromkeys(_TYPES, "default") | {item.name: item.origin for item in given}
    return Loaded(settings, origins)


def check_serving(settings: Settings) -> None:
    """Raise SettingsError where a server with these settings would be open to all or unreachable."""
    if settings.auth == "open" and not is_loopback(settings.host) and not settings.insecure:
        raise SettingsError(
            f"host {settings.host} is reachable from elsewhere and auth is open: "
            "use --auth sigv4, a loopback address, or --insecure if that is meant"
        )
    if is_postgresql(settings) and settings.public_url is None:
        raise SettingsError(
            "with PostgreSQL public_url must be given (--public-url): the address under which all servers are reached"
        )
    check_secret_key(settings)


def check_secret_key(settings: Settings) -> None:
    """Raise SettingsError where several processes share a database and no key for its secrets is given."""
    if is_postgresql(settings) and settings.secret_key_file is None:
        raise SettingsError(
            "with PostgreSQL secret_key_file must be given (MANCIPLE_SECRET_KEY_FILE): "
            "the key that all servers and workers share"
        )


def is_postgresql(settings: Settings) -> bool:
    """Is the database a PostgreSQL?"""
    return (settings.database or "").startswith("postgres")


def is_loopback(host: str) -> bool:
    """Is `host`, a name or an address, reached from this machine only?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _types(structure: type[Struct], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for item in msgspec.structs.fields(structure):
        if isinstance(item.type, type) and issubclass(item.type, Struct):
            yield from _types(item.type, f"{prefix}{item.name}.")
        else:
            yield prefix + item.name, item.type


_TYPES: dict[str, Any] = dict(_types(Settings))


def _is_table(name: str) -> bool:
    """Are the keys of this setting the operator's own?"""
    return get_origin(_TYPES.get(name)) is dict


def _default_data(environ: Mapping[str, str]) -> Path:
    """The user's data directory by the XDG base directory specification."""
    base = environ.get("XDG_DATA_HOME") or Path(environ.get("HOME", "~")) / ".local" / "share"
    return Path(base) / "manciple"


def _from_toml(file: Path) -> Iterator[_Given]:
    try:
        content = tomllib.loads(file.read_text())
    except OSError as error:
        raise SettingsError(f"the settings file {file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {file} is not TOML: {error}") from error
    for name, value in _flatten(content):
        yield _Given(name, value, str(file))


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Given]:
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX) and variable != CONFIG_VARIABLE:
            name = variable.removeprefix(PREFIX).lower().replace("__", ".")
            yield _Given(name, _parse(name, text), variable)


def _from_flags(flags: Mapping[str, object]) -> Iterator[_Given]:
    for name, value in flags.items():
        if value is not None:
            flag = f"--no-{name}" if value is False else f"--{name}"
            yield _Given(name, value, flag.replace("_", "-"))


def _parse(name: str, text: str) -> object:
    """Read a variable's text as the setting's type wants it; what cannot be read is refused by `_convert`."""
    wanted = _TYPES.get(name)
    if wanted == tuple[str, ...]:
        return [part.strip() for part in text.split(",") if part.strip()]
    if _is_table(name):
        pairs = (part.partition("=") for part in text.split(",") if part.strip())
        return {key.strip(): value.strip() for key, _, value in pairs}
    try:
        return msgspec.convert(text, wanted, strict=False, dec_hook=_to_path)
    except msgspec.ValidationError:
        return text


def _convert(given: _Given) -> object:
    if given.name not in _TYPES:
        known = ", ".join(_siblings(given.name))
        raise SettingsError(f"{given.origin}: there is no setting {given.name!r}; there are {known}")
    try:
        return msgspec.convert(given.value, _TYPES[given.name], dec_hook=_to_path)
    except msgspec.ValidationError as error:
        allowed = describe(given.name)
        raise SettingsError(f"{given.origin}: {given.name} is {given.value!r} but must be {allowed}") from error


def _siblings(name: str) -> Iterable[str]:
    """The names that stand beside `name`: those of its section where there is one, else all at the top."""
    section = name.rpartition(".")[0]
    beside = [known for known in _TYPES if known.rpartition(".")[0] == section]
    return beside or [known for known in _TYPES if "." not in known]


def describe(name: str) -> str:
    """What the setting of a name may be, in words."""
    return describe_type(type_info(_TYPES[name]))


def _to_path(wanted: type, value: object) -> object:
    """Decode what msgspec does not know: paths."""
    if wanted is Path and isinstance(value, str | Path):
        return Path(value).expanduser()
    raise ValueError("not a path")


def _flatten(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        if _is_table(prefix + key):
            yield prefix + key, value
        elif isinstance(value, Struct):
            yield from _flatten(msgspec.structs.asdict(value), f"{prefix}{key}.")
        elif isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _nest(values: Mapping[str, object]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in values.items():
        *sections, key = name.split(".")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return tree
