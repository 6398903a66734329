"""Laws of both protocols, over every shape of the API."""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import cbor2
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from manciple.api import shapes
from manciple.api.model import Operation, Shape
from manciple.api.timestamps import Timestamp
from manciple.errors import SerializationException, ValidationException
from manciple.wire import aws_json, rpc_cbor
from manciple.wire.explain import refusal

PROTOCOLS: list[Any] = [aws_json, rpc_cbor]
STRUCTURES: list[type[Shape]] = [
    value for value in vars(shapes).values() if isinstance(value, type) and Shape in value.__mro__[1:]
]
INPUTS = [operation.input for operation in shapes.OPERATIONS.values()]

moments = st.integers(-62_135_596_800_000, 253_402_300_799_999).map(Timestamp)
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")  # U+0000 is refused


def values(described: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a type that msgspec describes."""
    return STRATEGIES[type(described)](described)


def texts(described: inspect.StrType) -> st.SearchStrategy[str]:
    low, high = described.min_length or 0, described.max_length or 10_000
    if described.pattern is None:
        return st.text(letters, min_size=low, max_size=min(high, 20))
    return st.from_regex(described.pattern).filter(lambda text: low <= len(text) <= high and "\0" not in text)


def maps(described: inspect.DictType) -> st.SearchStrategy[dict[Any, Any]]:
    key, value = values(described.key_type), values(described.value_type)
    return st.dictionaries(key, value, min_size=described.min_length or 0, max_size=3)


STRATEGIES: dict[type, Callable[[Any], st.SearchStrategy[Any]]] = {
    inspect.Metadata: lambda described: values(described.type),
    inspect.UnionType: lambda described: st.one_of([values(one) for one in described.types]),
    inspect.NoneType: lambda described: st.none(),
    inspect.StrType: texts,
    inspect.IntType: lambda described: st.integers(described.ge, described.le),
    inspect.BoolType: lambda described: st.booleans(),
    inspect.LiteralType: lambda described: st.sampled_from(described.values),
    inspect.CustomType: lambda described: moments,
    inspect.ListType: lambda described: st.lists(
        values(described.item_type), min_size=described.min_length or 0, max_size=3
    ),
    inspect.DictType: maps,
    inspect.StructType: lambda described: st.builds(
        described.cls, **{field.name: values(field.type) for field in described.fields}
    ),
}


def fullest(described: Any) -> Any:
    """Return the value of a type in which every member is there."""
    return FULLEST[type(described)](described)


CANDIDATES = ("a", "1" * 12, "arn:aws:iam::1:role/a", "arn:aws:codestar-connections:::a", "arn:aws:sns:::a")

FULLEST: dict[type, Callable[[Any], Any]] = {
    inspect.Metadata: lambda described: fullest(described.type),
    inspect.UnionType: lambda described: fullest(described.types[0]),
    inspect.StrType: lambda described: next(text for text in CANDIDATES if holds(described, text)),
    inspect.IntType: lambda described: 7,
    inspect.BoolType: lambda described: True,
    inspect.LiteralType: lambda described: described.values[-1],
    inspect.CustomType: lambda described: Timestamp(1_536_221_931_782),
    inspect.ListType: lambda described: [fullest(described.item_type)],
    inspect.DictType: lambda described: {fullest(described.key_type): fullest(described.value_type)},
    inspect.StructType: lambda described: described.cls(
        **{field.name: fullest(field.type) for field in described.fields}
    ),
}


def holds(described: inspect.StrType, text: str) -> bool:
    limits = msgspec.Meta(min_length=described.min_length, max_length=described.max_length, pattern=described.pattern)
    try:
        msgspec.convert(text, Annotated[str, limits])
    except msgspec.ValidationError:
        return False
    return True


@cache
def instances_of(shape: type[Shape]) -> st.SearchStrategy[Any]:
    return values(inspect.type_info(shape))


instances = st.sampled_from(STRUCTURES).flatmap(instances_of)
# Drawing Unicode text begins slowly, on a busy machine above all: no test of ours is timed.
unhurried = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def reading(shape: type[Shape]) -> Operation:
    """Return an operation that takes any shape, so that an output can be read like an input."""
    return Operation("Any", shape, shape, ())


@settings(unhurried, max_examples=60)
@given(instances)
def test_decode_after_encode_is_the_identity(instance: Shape) -> None:
    for protocol in PROTOCOLS:
        assert protocol.decode(reading(type(instance)), protocol.encode(instance)) == instance


@pytest.mark.parametrize("shape", STRUCTURES, ids=lambda shape: shape.__name__)
def test_every_member_of_every_shape_crosses_both_protocols(shape: type[Shape]) -> None:
    instance = fullest(inspect.type_info(shape))

    written = msgspec.json.decode(aws_json.encode(instance))
    carried = cbor2.loads(rpc_cbor.encode(instance))

    names = [field.encode_name for field in msgspec.structs.fields(shape)]
    assert list(written) == names
    assert list(carried) == names
    for protocol in PROTOCOLS:
        assert protocol.decode(reading(shape), protocol.encode(instance)) == instance


scraps = st.none() | st.booleans() | st.integers(-1, 30) | st.sampled_from(["", "a", "a b", "é!", "a" * 101])
anything = st.recursive(
    scraps,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Key", "Value", "Id", "x"]), inner),
)


@st.composite
def near_misses(draw: st.DrawFn) -> tuple[type[Shape], dict[str, Any]]:
    """Draw an input shape and a raw body for it, some of whose members are right, some anything."""
    shape = draw(st.sampled_from(INPUTS))
    right: dict[str, Any] = msgspec.json.decode(aws_json.encode(fullest(inspect.type_info(shape))))
    names = st.sampled_from([*right, "Unknown"])
    return shape, right | draw(st.dictionaries(names, anything, max_size=3))


def outcome(protocol: Any, shape: type[Shape], body: bytes) -> str | None:
    """Return the text by which a protocol refuses a body, or None."""
    try:
        protocol.decode(reading(shape), body)
    except (ValidationException, SerializationException) as refused:
        return refused.message
    return None


@unhurried
@given(near_misses())
def test_what_is_explained_is_exactly_what_is_refused(case: tuple[type[Shape], dict[str, Any]]) -> None:
    shape, raw = case

    by_json = outcome(aws_json, shape, msgspec.json.encode(raw))
    by_cbor = outcome(rpc_cbor, shape, cbor2.dumps(raw))

    unexplained = f"The body cannot be read as {shape.__name__}."
    explained = refusal(raw, shape).message
    assert by_json == by_cbor == (None if explained == unexplained else explained)


@unhurried
@given(st.binary(max_size=60), st.sampled_from(INPUTS))
def test_no_bytes_make_a_decoder_fail(body: bytes, shape: type[Shape]) -> None:
    for protocol in PROTOCOLS:
        outcome(protocol, shape, body)
