"""Paths that configurations write for functions to read: do they provably begin in the package, and stay there?

A path is inside if it begins with a plain relative text, or with `path.module`, `path.root` or `path.cwd` and a `/`,
and no `..` leads out. Local values are looked up. Where more is interpolated further on the path is open: `..` may come
to stand there (docs/decisions/terraform-packages.md).
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TypeAlias

from manciple.engine.terraform.hcl.constants import NotConstantError, constant_written
from manciple.engine.terraform.hcl.syntax import Conditional, Expression, JsonText, Literal, Reference, Template

MOST = 16
"""Ways in which a path may be put together; more are not looked at."""

LONGEST = 4096
"""Characters of a path that is looked at (PATH_MAX on Linux)."""

_ROOTS = ("module", "root", "cwd")


class Root(str):
    """The directory of the module, or of the root module, at the beginning of a path."""

    __slots__ = ()


Part: TypeAlias = str | None
"""A text, a `Root`, or None for what is not known."""

Path: TypeAlias = tuple[Part, ...]
UNKNOWN: Path = (None,)


class Paths:
    """What is known where paths are written: the local values of a module, and its directory."""

    def __init__(self, local_values: Mapping[str, Expression], directory: str) -> None:
        self._local_values = local_values
        self._depth = len(directory.split("/")) if directory else 0
        self._known: dict[str, list[Path]] = {}

    def leaves(self, written: Expression) -> str | None:
        """Why a path may lead out of the package; None if it does not."""
        found = (self._path_leaves(path) for path in self._read(written))
        return next(filter(None, found), None)

    def is_open(self, written: Expression) -> bool:
        """Is a part of it known only when it runs?"""
        return any(part is None for path in self._read(written) for part in path)

    def climbs(self, written: Expression) -> str | None:
        """Why something that is looked up in a directory may lead out; None if it does not."""
        found = (_climbs(path, 0) for path in self._read(written))
        return next(filter(None, found), None)

    def _path_leaves(self, path: Path) -> str | None:
        first, rest = (path[0], path[1:]) if path else ("", ())
        if first is None:
            return "where its path begins is known only when it runs"
        if not isinstance(first, Root):
            return f"{first!r} is not in the package" if first.startswith(("/", "~", "\\")) else _climbs(path, 0)
        if rest and not (rest[0] or "").startswith("/"):
            return "what follows the directory does not begin with /"
        return _climbs(rest, self._depth if first == "module" else 0)

    def _read(self, written: Expression) -> list[Path]:
        """The ways in which a path may be put together; `UNKNOWN` among them where there is more than is looked at."""
        match written:
            case JsonText(template=Expression() as template) | Template(parts=(Expression() as template,)):
                return self._read(template)
            case Template(parts=parts, directives=False):
                return self._joined(parts)
            case Reference(name="path", steps=(str() as root,)) if root in _ROOTS:
                return [(Root(root),)]
            case Reference(name="local", steps=(str() as name,)) if name in self._local_values:
                return self._local(name)
            case Conditional(if_true=first, if_false=second):
                return _bounded(iter([*self._read(first), *self._read(second)]))
            case Literal():
                return [_plain(written)]
        return [UNKNOWN]

    def _local(self, name: str) -> list[Path]:
        if name not in self._known:
            self._known[name] = [UNKNOWN]  # until it is read: one that needs itself is never known
            self._known[name] = self._read(self._local_values[name])
        return self._known[name]

    def _joined(self, parts: tuple[str | Expression, ...]) -> list[Path]:
        ways: list[Path] = [()]
        for part in parts:
            more: list[Path] = [(part,)] if isinstance(part, str) else self._read(part)
            ways = _bounded(_join(way, other) for way, other in product(ways, more))
        return ways


def _plain(literal: Literal) -> Path:
    try:
        return (constant_written(literal),)
    except NotConstantError:
        return UNKNOWN


def _join(way: Path, other: Path) -> Path:
    if way and other and _is_text(way[-1]) and _is_text(other[0]):
        return (*way[:-1], f"{way[-1]}{other[0]}", *other[1:])
    return (*way, *other) if other != ("",) else way


def _is_text(part: Part) -> bool:
    return part is not None and not isinstance(part, Root)


def _bounded(ways: Iterator[Path]) -> list[Path]:
    found = list(dict.fromkeys(ways))
    is_long = any(len(way) > MOST or sum(len(part or "") for part in way) > LONGEST for way in found)
    return [UNKNOWN] if is_long or len(found) > MOST else found


def _climbs(path: Path, depth: int) -> str | None:
    """Does a path climb above the package, where it begins so many directories deep in it?"""
    whole = "".join("…" if part is None or isinstance(part, Root) else part for part in path)
    for part in whole.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return f"{whole[:100]!r} leads out of the package"
    return None
