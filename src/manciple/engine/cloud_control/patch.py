"""An update as the JSON patch (RFC 6902) that Cloud Control applies to a resource as it finds it.

Cloud Control reads the resource, applies the patch and hands the result to the type's update handler (user guide, "How
Cloud Control API updates resources"). What cannot be read, the write-only properties, is missing from that result
unless the patch names it: so every patch does, whether it changed or not, but for what is create-only.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from manciple.template.resource_schemas import ResourceSchema

Patch = list[dict[str, Any]]
Path = tuple[str, ...]


def patch_of(before: Mapping[str, Any], after: Mapping[str, Any], schema: ResourceSchema) -> Patch:
    """The operations that make one model of another; empty if there is nothing to change in place.

    `add` stands for changes, too: it replaces what is there (RFC 6902, 4.1), and what is there is only believed to be
    known. Inside an object whose members the schema declares only what differs is set; all else is set as a whole.
    """
    unread = [name for name in _unreadable(after, schema) if not _is_fixed((name,), schema)]
    rules = {"properties": schema.properties}
    found = _changes(_without(unread, before), _without(unread, after), rules, schema, ())
    changed = [one for path, operations in found if not _is_fixed(path, schema) for one in operations]
    if not changed and all(before.get(name) == after[name] for name in unread):
        return []
    return [*changed, *(_operation("add", (name,), after[name]) for name in unread)]


def _without(names: list[str], model: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in model.items() if name not in names}


def _unreadable(model: Mapping[str, Any], schema: ResourceSchema) -> list[str]:
    """The properties of a model that a read does not give, or not all of."""
    paths = [path.split("/") for path in schema.write_only]
    return list(dict.fromkeys(path[0] for path in paths if _holds(model, path)))


def _holds(value: Any, path: list[str]) -> bool:
    if not path:
        return True
    first, *rest = path
    if isinstance(value, list):
        return first == "*" and any(_holds(item, rest) for item in value)
    return isinstance(value, Mapping) and first in value and _holds(value[first], rest)


def _is_fixed(path: Path, schema: ResourceSchema) -> bool:
    return schema.requires_recreation("/".join(path)) == "Always"


def _changes(
    before: Mapping[str, Any], after: Mapping[str, Any], rules: Mapping[str, Any], schema: ResourceSchema, path: Path
) -> Iterator[tuple[Path, Patch]]:
    """The operations of each place that differs."""
    declared = rules.get("properties", {})
    for name in {**before, **after}:
        here, old, new = (*path, name), before.get(name), after.get(name)
        inner = schema.followed(declared.get(name))
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and inner.get("properties"):
            yield from _changes(old, new, inner, schema, here)
        elif name in after:
            yield here, [_operation("add", here, new)]
        else:
            yield here, _removal(here, old, schema)


def _removal(path: Path, value: Any, schema: ResourceSchema) -> Patch:
    """Only what is there can be removed: what cannot be read is put there first."""
    is_unread = any(_covers(unread.split("/"), path) for unread in schema.write_only)
    return [*([_operation("add", path, value)] if is_unread else []), {"op": "remove", "path": _pointer(path)}]


def _covers(pattern: list[str], path: Path) -> bool:
    return len(pattern) <= len(path) and all(name in ("*", step) for name, step in zip(pattern, path, strict=False))


def _operation(kind: str, path: Path, value: Any) -> dict[str, Any]:
    return {"op": kind, "path": _pointer(path), "value": value}


def _pointer(path: Path) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)
