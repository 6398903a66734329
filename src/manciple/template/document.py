"""A template as read: its body as values, and where in the source each of them stands."""

from collections.abc import Mapping

import msgspec

from manciple.template.values import Value

TRANSFORM = "Fn::Transform"


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A template's body and positions.

    `positions` maps a path (keys and indexes joined by `/`, as in `TemplateError.path`) to its 1-based line.
    """

    body: dict[str, Value]
    positions: Mapping[str, int] = {}

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
        """The macros that the template asks for, each with the path where: of the whole template, then inside it."""
        declared = self.body.get("Transform", [])
        found = {_macro_name(name): "Transform" for name in (declared if isinstance(declared, list) else [declared])}
        for path in self.positions:
            if path.endswith(TRANSFORM):
                found.setdefault(_macro_name(self._at(path)), path)
        return found

    def _at(self, path: str) -> Value:
        """What stands at `path`, as far as its keys hold no `/` themselves."""
        value: Value = self.body
        for key in path.split("/"):
            if isinstance(value, list) and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            else:
                value = value.get(key, "") if isinstance(value, dict) else ""
        return value


def _macro_name(declared: Value) -> str:
    name = declared.get("Name") if isinstance(declared, dict) else declared
    return name if isinstance(name, str) and name else TRANSFORM
