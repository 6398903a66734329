"""What the audit keeps of a call that may change something: who, what, when, from where, and how it ended.

Of the input and the answer only identifiers are kept: never a parameter, a tag, a text, or a token.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import msgspec

from manciple.catalog.entities import Entity

_IS_IDENTIFIER = re.compile(r"(.*(Id|Arn|ARN)|.*_id|bucket|key|ProvisionedProductName|arn|id)\Z")
_DEEPEST = 4
_LONGEST = 1224
_MOST = 50


class AuditEntry(Entity, frozen=True, kw_only=True):
    """One call. `outcome` is `OK` or the error's code; `resources` are identifiers by the members that held them."""

    time: int
    request_id: str
    principal: str
    session: str
    operation: str
    resources: dict[str, str]
    source_address: str
    user_agent: str
    outcome: str


class _Place(NamedTuple):
    attribute: str
    label: str
    is_identifier: bool


def identifiers_of(*values: Any) -> dict[str, str]:
    """The identifiers that an input and an output name; several under one member are joined by commas."""
    found: dict[str, list[str]] = {}
    for value in values:
        for label, text in _walk(value, _DEEPEST):
            texts = found.setdefault(label, [])
            if text not in texts and len(texts) < _MOST:
                texts.append(text)
    return {label: ",".join(texts)[:_LONGEST] for label, texts in found.items()}


def _walk(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, list) and depth:
        for item in value:
            yield from _walk(item, depth - 1)
    elif isinstance(value, msgspec.Struct) and depth:
        for place in _places(type(value)):
            member = getattr(value, place.attribute)
            if member is None:
                continue
            if place.is_identifier:
                if isinstance(member, str):
                    yield place.label, member
            else:
                yield from _walk(member, depth - 1)


@cache
def _places(kind: type[msgspec.Struct]) -> tuple[_Place, ...]:
    """Where identifiers may be in a structure: its `Id` is labelled with what it is the id of."""
    named = kind.__name__.removesuffix("Detail").removesuffix("Summary")
    return tuple(_place(field, named) for field in msgspec.structs.fields(kind))


def _place(field: Any, named: str) -> _Place:
    name = field.encode_name
    is_identifier = _IS_IDENTIFIER.match(name) is not None
    own = not named.endswith(("Input", "Output")) and name in ("Id", "ARN", "Arn")
    return _Place(field.name, f"{named}{name}" if own else name, is_identifier)
