"""rpc-v2-cbor: bytes to input, output to bytes."""

import struct
from datetime import UTC, datetime

import cbor2
import pytest

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.errors import ResourceNotFoundException, SerializationException, ValidationException
from manciple.wire import rpc_cbor
from tests.unit.wire.asgi import Reply, Scripted, make_router, send

PATH = "/service/AWS242ServiceCatalogService/operation/"
SPOKEN = {"Smithy-Protocol": "rpc-v2-cbor", "Accept": "application/cbor"}
DESCRIBE = shapes.OPERATIONS["DescribePortfolio"]
SCAN = shapes.OPERATIONS["ScanProvisionedProducts"]


def call(below: Scripted, path: str, body: bytes, method: str = "POST") -> Reply:
    return send(make_router(below), body, SPOKEN, method, path)


def test_a_successful_answer_names_its_protocol() -> None:
    detail = shapes.PortfolioDetail(created_time=Timestamp(1_536_221_931_782), id="port-1")
    output = shapes.DescribePortfolioOutput(portfolio_detail=detail, tags=[])

    reply = call(Scripted(lambda *_: output), f"{PATH}DescribePortfolio", cbor2.dumps({"Id": "port-1"}))

    assert reply.status == 200
    assert reply.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert reply.headers["content-type"] == "application/cbor"
    assert cbor2.loads(reply.body) == {
        "PortfolioDetail": {"CreatedTime": datetime(2018, 9, 6, 8, 18, 51, 782000, UTC), "Id": "port-1"},
        "Tags": [],
    }
    assert b"\xc1\xfb" + struct.pack(">d", 1536221931.782) in reply.body


def test_a_whole_second_is_an_integer_under_tag_1() -> None:
    detail = shapes.PortfolioDetail(created_time=Timestamp(1_536_051_613_000))

    assert rpc_cbor.encode(detail) == b"\xa1\x6bCreatedTime\xc1\x1a" + struct.pack(">I", 1_536_051_613)


def test_an_output_without_members_is_an_empty_map() -> None:
    assert rpc_cbor.encode(shapes.DeletePortfolioOutput()) == b"\xa0"


def test_an_error_carries_its_absolute_name_and_its_text_in_both_spellings() -> None:
    def refuse(*_: object) -> shapes.DescribeProductOutput:
        raise ResourceNotFoundException("not there")

    reply = call(Scripted(refuse), f"{PATH}DescribeProduct", b"\xa0")

    assert reply.status == 400
    assert reply.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert cbor2.loads(reply.body) == {
        "__type": "com.amazonaws.servicecatalog#ResourceNotFoundException",
        "Message": "not there",
        "message": "not there",
    }


def test_indefinite_lengths_are_read() -> None:
    body = b"\xbf\x62Id\x7f\x64port\x62-1\xff\xff"

    assert rpc_cbor.decode(DESCRIBE, body) == shapes.DescribePortfolioInput(id="port-1")


@pytest.mark.parametrize("body", [b"", b"\xa0", b"\xbf\xff", b"\xa1\x68PageSize\xf6"])
def test_no_body_and_nulls_are_absent_members(body: bytes) -> None:
    assert rpc_cbor.decode(SCAN, body) == shapes.ScanProvisionedProductsInput()


def test_all_faults_are_told_as_in_json() -> None:
    body = cbor2.dumps({"Tags": [{"Key": "k", "Value": ""}]})

    with pytest.raises(ValidationException) as caught:
        rpc_cbor.decode(shapes.OPERATIONS["CreatePortfolio"], body)

    assert caught.value.message.startswith("4 validation errors detected: ")
    assert "Value '' at 'tags.1.member.value'" in caught.value.message


HUGE = struct.pack(">Q", 2**62)


@pytest.mark.parametrize(
    "body",
    [
        b"\x81" * 100_000,
        b"\xa1\x61a" * 100_000,
        b"\xa1\x61a" + b"\x81" * 40 + b"\xf6",
        b"\x9b" + HUGE,
        b"\xbb" + HUGE,
        b"\x7b" + HUGE,
        b"\x5b" + HUGE,
        b"\xa1\x62Id\x7b" + HUGE + b"port",
        b"\xa0\xa0",
        b"\xff",
        b"\xbf\x62Id",
        b"\xa1\x62Id\x61\xff",
        b"\xa1\x62Id\xc4\x82\x1a\x7f\xff\xff\xff\x01",
        b"\xa1\x61x\xc2\x41\x01",
        b"\xa1\x61x\xd8\x23\x61(",
        b"\xa1\x61x\xd8\x1c\x81\xd8\x1d\x00",
        b"\xa1\x61x\xd9\xff\x00\x00",
        b"\xd9\xd9\xf7\xa0",
        b"\xa1\x61x\xc1\xfb" + struct.pack(">d", 1e300),
        b"\xa1\x80\x01",
        b"\xa1\x62Id\x42ab",
        b"\xa1\x62Id\xf7",
        b"\xa1\x62Id\xf9\x7e\x00",
        b"\xa1\x62Id\xc1\x00",
        b"\x80",
        b"\x61a",
        b"\x07",
        b"\xf6",
        b"{}",
    ],
    ids=lambda body: body[:12].hex(),
)
def test_a_body_that_is_no_structure_in_cbor_is_a_serialization_exception(body: bytes) -> None:
    with pytest.raises(SerializationException):
        rpc_cbor.decode(DESCRIBE, body)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (f"{PATH}NoSuchOperation", "POST"),
        (f"{PATH}DescribePortfolio", "GET"),
        (f"{PATH}DescribePortfolio/x", "POST"),
        ("/service/Other/operation/DescribePortfolio", "POST"),
        ("/service", "POST"),
        ("/service/", "PUT"),
    ],
)
def test_what_is_no_operation_is_refused_in_cbor(path: str, method: str) -> None:
    reply = call(Scripted(lambda *_: DESCRIBE), path, b"", method)

    assert reply.status == 400
    assert cbor2.loads(reply.body)["__type"] == "com.amazonaws.servicecatalog#UnknownOperationException"


def test_the_protocol_header_is_demanded() -> None:
    below = Scripted(lambda *_: shapes.DescribePortfolioOutput())

    reply = send(make_router(below), b"\xa0", {}, "POST", f"{PATH}DescribePortfolio")

    assert (reply.status, below.seen) == (400, [])
    assert "smithy-protocol" in cbor2.loads(reply.body)["Message"]


def test_a_body_over_the_limit_is_refused_in_the_protocol() -> None:
    reply = call(Scripted(lambda *_: DESCRIBE), f"{PATH}DescribePortfolio", b"\x00" * 10_001)

    assert reply.status == 413
    assert cbor2.loads(reply.body)["__type"].endswith("#RequestTooLargeException")
