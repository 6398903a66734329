"""All 90 operations of AWS's model answer in both protocols: each checks its input, those not there yet say so."""

import re
from collections.abc import Iterator
from typing import Any

import cbor2
import msgspec
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from manciple.api import shapes
from manciple.api.model import full_match
from manciple.app import Server
from manciple.operations.call import Operation
from manciple.registry import collect
from tests.contract.raw import Answer, send

PREFIX = "AWS242ServiceCatalogService."
THERE = {found.name for found in collect("manciple.operations", Operation)} & set(shapes.OPERATIONS)
OTHERS = sorted(set(shapes.OPERATIONS) - THERE)
MODEL: Any = ServiceModel(Loader().load_service_model("servicecatalog", "service-2"))


def required(name: str) -> dict[str, Any]:
    """The least input of an operation that the model allows."""
    return _least(MODEL.operation_model(name).input_shape) or {}


def _least(shape: Any) -> Any:
    match shape.type_name:
        case "structure":
            return {name: _least(shape.members[name]) for name in shape.required_members}
        case "list":
            return [_least(shape.member)]
        case "map":
            return {_least(shape.key): _least(shape.value)}
        case "string":
            return str(shape.enum[0]) if shape.enum else _text(shape)
        case "boolean":
            return True
        case _:
            return 1


def _text(shape: Any) -> str:
    if "arn" in str(shape.metadata.get("pattern", "")):
        return "arn:aws:iam::123456789012:role/any"
    return "a" * max(1, int(shape.metadata.get("min", 1)))


def call(server: Server, protocol: str, name: str, input: Any) -> tuple[int, str, str]:
    """Call an operation; the status, the error's type and its message."""
    if protocol == "json":
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": PREFIX + name}
        return _error(send(server, "POST", "/", headers, msgspec.json.encode(input)), msgspec.json.decode)
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    path = f"/service/AWS242ServiceCatalogService/operation/{name}"
    return _error(send(server, "POST", path, headers, cbor2.dumps(input)), cbor2.loads)


def _error(answer: Answer, decode: Any) -> tuple[int, str, str]:
    body = decode(answer.body)
    return answer.status, str(body.get("__type", "")).rpartition("#")[2], str(body.get("Message", ""))


def test_the_model_has_90_operations() -> None:
    assert len(shapes.OPERATIONS) == 90
    assert len(THERE) + len(OTHERS) == 90


@pytest.mark.parametrize("protocol", ["json", "cbor"])
def test_an_operation_that_is_not_there_yet_says_so_by_name(sqlite_server: Server, protocol: str) -> None:
    answers = {name: call(sqlite_server, protocol, name, required(name)) for name in OTHERS}

    assert answers == {
        name: (400, "OperationNotSupportedException", f"{name} is not supported by this version of Manciple.")
        for name in OTHERS
    }


@pytest.mark.parametrize("protocol", ["json", "cbor"])
def test_every_operation_refuses_members_of_a_wrong_type(sqlite_server: Server, protocol: str) -> None:
    wrong = {name: members for name in shapes.OPERATIONS if (members := of_wrong_type(name))}

    answers = {name: call(sqlite_server, protocol, name, members)[:2] for name, members in wrong.items()}

    assert len(wrong) == 87  # three operations take nothing
    assert answers == dict.fromkeys(wrong, (400, "SerializationException"))


@pytest.mark.parametrize("protocol", ["json", "cbor"])
def test_every_operation_names_the_members_that_it_misses(sqlite_server: Server, protocol: str) -> None:
    missing = {name: len(MODEL.operation_model(name).input_shape.required_members) for name in shapes.OPERATIONS}

    answers = {name: call(sqlite_server, protocol, name, {}) for name, number in missing.items() if number}

    assert {kind for _, kind, _ in answers.values()} == {"ValidationException"}
    assert {name: message.count("Member must not be null") for name, (_, _, message) in answers.items()} == {
        name: number for name, number in missing.items() if number
    }


def of_wrong_type(name: str) -> dict[str, Any]:
    """An input with an object for every member that is none."""
    members = MODEL.operation_model(name).input_shape.members
    return {member: {"not": "this"} for member, shape in members.items() if shape.type_name not in ("map", "structure")}


@pytest.mark.parametrize("protocol", ["json", "cbor"])
def test_every_limit_of_every_member_is_held_by_its_clause(sqlite_server: Server, protocol: str) -> None:
    wrong = [
        (name, members, clause)
        for name in shapes.OPERATIONS
        for members, clause in beyond(MODEL.operation_model(name).input_shape)
    ]

    answers = [call(sqlite_server, protocol, name, required(name) | members) for name, members, _ in wrong]

    assert len(wrong) > 500
    told = zip(wrong, answers, strict=True)
    assert [
        (name, clause, answer)
        for (name, _, clause), answer in told
        if answer[:2] != (400, "ValidationException") or clause not in answer[2]
    ] == []


def beyond(shape: Any) -> Iterator[tuple[Any, str]]:
    """Values of a shape that are just beyond one of its limits, or hold one that is, with the clause that says so."""
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                yield from (({**(_least(shape) or {}), name: value}, clause) for value, clause in beyond(member))
        case "list":
            yield from _too_many(shape)
            yield from (([value], clause) for value, clause in beyond(shape.member))
        case "string":
            yield from _wrong_texts(shape)
        case "integer":
            for limit, step in (("min", -1), ("max", 1)):
                if limit in shape.metadata:
                    yield shape.metadata[limit] + step, f"Member must have value {_OR[limit]} {shape.metadata[limit]}"


_OR = {"min": "greater than or equal to", "max": "less than or equal to"}


def _too_many(shape: Any) -> Iterator[tuple[Any, str]]:
    for limit, step in (("min", -1), ("max", 1)):
        if number := shape.metadata.get(limit):
            yield [_least(shape.member)] * (number + step), f"Member must have length {_OR[limit]} {number}"


def _wrong_texts(shape: Any) -> Iterator[tuple[str, str]]:
    if shape.enum:
        yield "NONE-OF-THEM", "Member must satisfy enum value set: ["
        return
    for limit, step in (("min", -1), ("max", 1)):
        if number := shape.metadata.get(limit):
            yield "a" * (number + step), f"Member must have length {_OR[limit]} {number}"
    if pattern := shape.metadata.get("pattern"):
        for text in ("\t!", "\n"):
            if not re.search(full_match(pattern), text):
                yield text, "Member must satisfy regular expression pattern: "
