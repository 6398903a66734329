"""A directory is a registry: import a package's modules and collect what they declare."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def modules(package: str) -> list[ModuleType]:
    """Import and return every module of `package`, sub-packages included, in order of name."""
    root = importlib.import_module(package)
    names = sorted(found.name for found in pkgutil.walk_packages(root.__path__, f"{package}."))
    return [importlib.import_module(name) for name in names]


def collect(package: str, kind: type[T]) -> list[T]:
    """Return every module-level value of type `kind` that the modules of `package` declare, each once."""
    found: dict[int, T] = {}
    for module in modules(package):
        for value in vars(module).values():
            if isinstance(value, kind):
                found.setdefault(id(value), value)
    return list(found.values())
