"""The sandbox seen from outside: what exists in it, and the faults that it is asked for.

Operations come here and never to the provider itself. Models are shown as the Cloud Control API shows them: typed by
the resource's schema, with its read-only properties and the stack's tags, without write-only ones; what came from a
secret is four stars.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from manciple.engine.providers import faults, world
from manciple.engine.providers.faults import Fault
from manciple.engine.providers.world import Thing
from manciple.store.database import Transaction
from manciple.store.sealed import Seal
from manciple.template.resource_schemas import ResourceSchema, schema_of
from manciple.template.resource_tags import with_tags
from manciple.template.typed_values import typed_properties
from manciple.template.values import MASK, Value

Place: TypeAlias = tuple[str, str]
"""Account and region."""

Properties: TypeAlias = dict[str, Any]

__all__ = ["Fault", "Place", "find_resource", "list_faults", "list_resources", "set_faults"]

list_faults = faults.list_faults
set_faults = faults.set_faults


def find_resource(tx: Transaction, seal: Seal, place: Place, type_: str, identifier: str) -> Properties | None:
    """The properties of what exists under a primary identifier."""
    view = world.World(tx, seal, now=0)
    key = (*place, type_, identifier)
    view.look_up([key])
    found = view.find(key)
    return None if found is None else _shown(type_, found.thing)


def list_resources(
    tx: Transaction, seal: Seal, place: Place, type_: str, *, after: str = "", limit: int
) -> dict[str, Properties]:
    """What exists of a type, by primary identifier, in their order: the first `limit` after one of them."""
    things = world.page_of_things(tx, seal, place, type_, after, limit)
    return {identifier: _shown(type_, thing) for identifier, thing in things.items()}


def _shown(type_: str, thing: Thing) -> Properties:
    schema = schema_of(type_) or ResourceSchema()
    properties: dict[str, Value] = {**_nested(thing.attributes), **thing.model}
    properties = with_tags(properties, thing.tags, schema)
    for path in schema.write_only:
        _remove(properties, path.split("/"))
    masked = _hidden(properties, thing.sensitive)
    return typed_properties(masked, schema)


def _nested(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """`Endpoint.Address` as a member of `Endpoint`; attributes of any name (`Outputs.*`) cannot be listed."""
    found: dict[str, Any] = {}
    for name, value in attributes.items():
        *outer, last = name.split(".")
        if last == "*":
            continue
        members = found
        for step in outer:
            inner = members.setdefault(step, {})
            members = inner if isinstance(inner, dict) else {}
        members[last] = value
    return found


def _remove(value: Any, path: list[str]) -> None:
    """Take a property out; `*` is every item of a list."""
    first, *rest = path
    if not rest:
        if isinstance(value, dict):
            value.pop(first, None)
        return
    for member in _members(value, first):
        _remove(member, rest)


def _members(value: Any, step: str) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value if step == "*" else ()
    elif isinstance(value, dict):
        yield from value.values() if step == "*" else [value[step]] if step in value else ()


def _hidden(value: Any, secrets: tuple[str, ...]) -> Any:
    """A value with every secret as four stars, wherever it stands in a text."""
    if not secrets:
        return value
    if isinstance(value, dict):
        return {name: _hidden(member, secrets) for name, member in value.items()}
    if isinstance(value, list):
        return [_hidden(item, secrets) for item in value]
    for secret in secrets:
        value = value.replace(secret, MASK)
    return value
