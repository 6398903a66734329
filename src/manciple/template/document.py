"""A template as read: its body as values, and where in the source each of them stands."""

from collections.abc import Iterator, Mapping

import msgspec

from manciple.template.paths import extend
from manciple.template.values import Value

TRANSFORM = "Fn::Transform"


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A template's body and positions.

    `positions` maps a path (keys and indexes joined by `/`, as in `TemplateError.path`) to its 1-based line.
    `extended` says that AWS::LanguageExtensions was carried out: its functions are part of the language.
    """

    body: dict[str, Value]
    positions: Mapping[str, int] = {}
    extended: bool = False

    def section(self, name: str) -> dict[str, Value]:
        """The members of a top-level section, empty when it is absent."""
        section = self.body.get(name, {})
        return section if isinstance(section, dict) else {}

    def line(self, path: str) -> int | None:
        """The line of `path`, or of the nearest thing around it."""
        while path and path not in self.positions:
            path = path.rpartition("/")[0]
        return self.positions.get(path)

    @property
    def transforms(self) -> dict[str, str]:
        """The macros that the template still asks for, each with the path where: of the whole, then inside it."""
        found = {macro_name(name): "Transform" for name in flattened(self.body.get("Transform", []))}
        for section, value in self.body.items():
            for path, declared in _embedded(value, section):
                for name in flattened(declared):
                    found.setdefault(macro_name(name), path)
        return found


def flattened(declared: Value) -> list[Value]:
    """The macros of a declaration: one, a list, or a list in a list."""
    if not isinstance(declared, list):
        return [declared]
    return [item for one in declared for item in flattened(one)]


def macro_name(declared: Value) -> str:
    """The name in a declaration, as text or as its `Name`."""
    name = declared.get("Name") if isinstance(declared, dict) else declared
    return name if isinstance(name, str) and name else TRANSFORM


def _embedded(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    """Every Fn::Transform in `value`, with its path."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key == TRANSFORM:
                yield extend(path, key), member
            elif not isinstance(member, str):
                yield from _embedded(member, extend(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if not isinstance(item, str):
                yield from _embedded(item, extend(path, index))
