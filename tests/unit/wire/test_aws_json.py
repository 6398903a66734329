"""AWS JSON 1.1: bytes to input, output to bytes."""

import pytest

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.errors import (
    ResourceNotFoundException,
    SerializationException,
    UnknownOperationException,
    ValidationException,
)
from manciple.wire import aws_json
from tests.unit.wire.asgi import Reply, Scripted, make_router, send

TARGET = "AWS242ServiceCatalogService."
DESCRIBE = shapes.OPERATIONS["DescribePortfolio"]
SCAN = shapes.OPERATIONS["ScanProvisionedProducts"]


def call(below: Scripted, operation: str, body: bytes, method: str = "POST") -> Reply:
    headers = {"X-Amz-Target": TARGET + operation, "Content-Type": "application/x-amz-json-1.1"}
    return send(make_router(below), body, headers, method)


def test_a_successful_answer_is_as_recorded() -> None:
    detail = shapes.ProvisionedProductDetail(
        arn="arn:aws:servicecatalog:us-east-1:200278856672:stack/a/pp-u2tepcnttldko",
        created_time=Timestamp(1_536_221_931_782),
        status="AVAILABLE",
        type="CFN_STACK",
    )
    output = shapes.DescribeProvisionedProductOutput(provisioned_product_detail=detail, cloud_watch_dashboards=[])

    reply = call(Scripted(lambda *_: output), "DescribeProvisionedProduct", b'{"Id":"pp-u2tepcnttldko"}')

    assert reply.status == 200
    assert reply.body == (
        b'{"CloudWatchDashboards":[],"ProvisionedProductDetail":{'
        b'"Arn":"arn:aws:servicecatalog:us-east-1:200278856672:stack/a/pp-u2tepcnttldko",'
        b'"CreatedTime":1.536221931782E9,"Status":"AVAILABLE","Type":"CFN_STACK"}}'
    )
    assert list(reply.headers) == ["x-amzn-requestid", "content-type", "content-length"]
    assert reply.headers["content-type"] == "application/x-amz-json-1.1"


def test_an_error_is_as_recorded() -> None:
    def refuse(*_: object) -> shapes.DescribeProductOutput:
        raise ResourceNotFoundException("prod-4v6rc4hwaiiha does not exist or access was denied")

    reply = call(Scripted(refuse), "DescribeProduct", b'{"Id":"prod-4v6rc4hwaiiha"}')

    assert reply.status == 400
    assert reply.body == (
        b'{"__type":"ResourceNotFoundException","Message":"prod-4v6rc4hwaiiha does not exist or access was denied"}'
    )
    assert list(reply.headers) == ["x-amzn-requestid", "content-type", "connection", "content-length"]
    assert reply.headers["content-length"] == "105"
    assert reply.headers["connection"] == "close"


def test_an_unforeseen_failure_tells_nothing_but_the_request_id() -> None:
    def fail(*_: object) -> shapes.DescribeProductOutput:
        raise KeyError("the secret is 42")

    reply = call(Scripted(fail), "DescribeProduct", b"{}")

    assert reply.status == 500
    request_id = reply.headers["x-amzn-requestid"]
    assert reply.json == {
        "__type": "InternalFailure",
        "Message": f"The server failed on request {request_id}.",
    }


def test_the_keys_of_maps_are_sorted_too() -> None:
    output = shapes.CreateProvisioningArtifactOutput(info={"b": "1", "a": "2"})

    assert aws_json.encode(output) == b'{"Info":{"a":"2","b":"1"}}'


def test_null_counts_as_absent() -> None:
    assert aws_json.decode(SCAN, b'{"PageSize":null}') == shapes.ScanProvisionedProductsInput()


def test_unknown_members_are_ignored() -> None:
    body = b'{"Id":"port-1","NoSuch":{"deep":[1,2,{"x":null}]}}'

    assert aws_json.decode(DESCRIBE, body) == shapes.DescribePortfolioInput(id="port-1")


def test_of_a_member_given_twice_the_last_counts() -> None:
    assert aws_json.decode(DESCRIBE, b'{"Id":"a","Id":"b"}') == shapes.DescribePortfolioInput(id="b")


def test_a_body_of_no_bytes_is_an_empty_input() -> None:
    assert aws_json.decode(SCAN, b"") == shapes.ScanProvisionedProductsInput()
    with pytest.raises(ValidationException, match="Value null at 'id'"):
        aws_json.decode(DESCRIBE, b"")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"no json",
        b'{"Id":"a"} x',
        b'{"Id":NaN}',
        b'{"Id":"\xff"}',
        b'{"Id":"\\ud800"}',
        b'{"Id":"a\n"}',
        b'\xef\xbb\xbf{"Id":"a"}',
        '{"Id":"a"}'.encode("utf-16"),
        b"null",
        b"[]",
        b'"Id"',
        b"7",
        b'{"x":' + b"[" * 100_000,
        b'{"Id":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"Id":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"Id":' + b"1" * 10_000 + b"}",
        b'{"Id":1e999}',
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)
def test_a_body_that_is_no_structure_in_json_is_a_serialization_exception(body: bytes) -> None:
    with pytest.raises(SerializationException):
        aws_json.decode(DESCRIBE, body)


@pytest.mark.parametrize("operation", ["", "NoSuchOperation", "describeportfolio", "DescribePortfolio2"])
def test_an_unknown_operation_is_named(operation: str) -> None:
    reply = call(Scripted(lambda *_: DESCRIBE), operation, b"{}")

    assert reply.status == 400
    assert reply.json == {
        "__type": "UnknownOperationException",
        "Message": f"X-Amz-Target '{TARGET}{operation}' names no operation of Service Catalog.",
    }


def test_an_operation_is_posted() -> None:
    reply = call(Scripted(lambda *_: DESCRIBE), "DescribePortfolio", b"", method="GET")

    assert (reply.status, reply.json["__type"]) == (400, UnknownOperationException.__name__)


def test_who_calls_is_asked_before_the_input_is_read() -> None:
    class Refusing(Scripted):
        def identify(self, request: object) -> str:
            raise ResourceNotFoundException("asked first")

    reply = call(Refusing(lambda *_: DESCRIBE), "DescribePortfolio", b"no json")

    assert reply.json["Message"] == "asked first"


@pytest.mark.parametrize("chunks", [1, 2, 7])
def test_a_body_over_the_limit_is_refused_in_the_protocol(chunks: int) -> None:
    headers = {"X-Amz-Target": TARGET + "DescribePortfolio"}

    reply = send(make_router(Scripted(lambda *_: DESCRIBE)), b" " * 10_001, headers, chunks=chunks)

    assert reply.status == 413
    assert reply.json == {
        "__type": "RequestTooLargeException",
        "Message": "The request's body is larger than 10000 bytes; send a smaller one.",
    }


def test_a_length_far_over_the_limit_is_refused_before_the_body_is_read() -> None:
    headers = {"X-Amz-Target": TARGET + "DescribePortfolio", "Content-Length": "9" * 5_000}

    assert send(make_router(Scripted(lambda *_: DESCRIBE)), b"{}", headers).status == 413


def test_a_body_that_comes_in_pieces_is_joined() -> None:
    below = Scripted(lambda *_: shapes.DescribePortfolioOutput())
    headers = {"X-Amz-Target": TARGET + "DescribePortfolio"}

    reply = send(make_router(below), b'{"Id":"port-1"}', headers, chunks=5)

    assert reply.status == 200
    assert below.seen == [("DescribePortfolio", shapes.DescribePortfolioInput(id="port-1"))]
