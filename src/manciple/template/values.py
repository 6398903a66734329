"""What a template's values are made of.

CloudFormation treats every scalar as text (change-sets reference, rule 12: "all scalars are strings"), so the loader
turns numbers, booleans and dates into the text they were written as, and everything above knows three kinds of value:
text, list, object. A reference to a resource that is not known yet stays in the tree as the function it was written as
(`{"Ref": "Queue"}`, `{"Fn::GetAtt": ["Queue", "Arn"]}`): a half-evaluated value is again a value, and evaluating it
once more, with the resource known, finishes it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    Value: TypeAlias = "str | list[Value] | dict[str, Value]"
else:
    Value = Any  # msgspec cannot decode a type that holds itself
T = TypeVar("T")

MASK = "****"
"""What stands for a secret wherever people or logs can see it (CloudFormation's own four stars)."""


KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""CloudFormation's text for a value that only execution can know."""


class Secret(str):
    """Text that came from a NoEcho parameter, or was made from one: it prints as four stars.

    Only a provider sees the text itself, through `reveal`. Joining, cutting or encoding a secret gives a secret
    (`taint`); a secret is equal to the plain text of the same characters, so change sets compare it as any value.
    """

    __slots__ = ()

    def __new__(cls, text: str = "") -> "Secret":
        """Make a secret; one made of a secret is that secret, not its mask."""
        return super().__new__(cls, "".join(text))

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return MASK

    def reveal(self) -> str:
        """The text itself, for a provider's request."""
        return "".join(self)


def taint(text: str, *sources: Value) -> str:
    """Return `text` as a secret if any of the values it was made from holds one."""
    return Secret(text) if any(holds_secret(source) for source in sources) else text


def holds_secret(value: Value) -> bool:
    """Is there a secret anywhere in `value`?"""
    return any(isinstance(text, Secret) for text in texts(value))


def texts(value: Value) -> Iterator[str]:
    """Every text in `value`, keys of objects left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        for item in value.values():
            yield from texts(item)


def masked(value: Value) -> Value:
    """`value` with every secret replaced by four stars."""
    if isinstance(value, str):
        return MASK if isinstance(value, Secret) else value
    if isinstance(value, list):
        return [masked(item) for item in value]
    return {key: masked(item) for key, item in value.items()}


def revealed(value: Value) -> Value:
    """`value` with every secret as plain text: only for what a provider is sent and for sealed storage."""
    if isinstance(value, str):
        return value.reveal() if isinstance(value, Secret) else value
    if isinstance(value, list):
        return [revealed(item) for item in value]
    return {key: revealed(item) for key, item in value.items()}


def untyped(value: Any) -> Value:
    """JSON as a template's value: every scalar is text, and a null is left out."""
    if isinstance(value, dict):
        return {key: untyped(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [untyped(item) for item in value if item is not None]
    return value if isinstance(value, str) else json.dumps(value)


Bindings: TypeAlias = Mapping[str, "Bound"]


class Bound:
    """A resource that exists: what `Ref` gives, and its attributes by name (`Fn::GetAtt`).

    Or a nested stack's parameter whose value is known by now: what `Ref` gives, perhaps a list.
    """

    __slots__ = ("attributes", "reference")

    def __init__(self, reference: Value, attributes: Mapping[str, Value]) -> None:
        self.reference = reference
        self.attributes = attributes
