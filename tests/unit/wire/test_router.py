"""One port, one routing table."""

import asyncio
import xml.etree.ElementTree as ET

import cbor2
import pytest
import structlog
from structlog.testing import capture_logs

from manciple.errors import InternalFailure, LimitExceededException
from manciple.wire.messages import App, Message, Receive, Request, Response, Scope, Send, respond
from manciple.wire.router import find_route
from tests.unit.wire.asgi import Reply, Scripted, make_router, send

SC = "AWS242ServiceCatalogService."
FORM = "application/x-www-form-urlencoded; charset=utf-8"
S3_SIGNED = "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
SC_SIGNED = S3_SIGNED.replace("/s3/", "/servicecatalog/")


def route(method: str, target: str, **headers: str) -> str:
    path, _, query = target.partition("?")
    named = {"host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return find_route(Request(method, path, path, query, named, "id")).app


@pytest.mark.parametrize(
    ("method", "target", "headers", "app"),
    [
        ("GET", "/_manciple/plans/plan-1", {}, "own_json"),
        ("GET", "/_manciple", {}, "own_json"),
        ("POST", "/_manciple/x", {"x_amz_target": SC + "ListPortfolios"}, "own_json"),
        ("GET", "/health", {}, "health"),
        ("GET", "/livez", {}, "health"),
        ("GET", "/readyz", {"authorization": SC_SIGNED}, "health"),
        ("PUT", "/health", {"authorization": S3_SIGNED}, "s3"),
        ("OPTIONS", "*", {}, "s3"),
        ("GET", "/metrics", {}, "metrics"),
        ("POST", "/service/AWS242ServiceCatalogService/operation/ListPortfolios", {}, "rpc_cbor"),
        ("POST", "/", {"x_amz_target": SC + "ListPortfolios"}, "aws_json"),
        ("GET", "/", {"x_amz_target": SC + "ListPortfolios"}, "aws_json"),
        ("POST", "/", {"x_amz_target": SC + "NoSuch"}, "aws_json"),
        ("POST", "/", {"x_amz_target": "CloudApiService.CreateResource"}, "cloud_control"),
        ("POST", "/", {"x_amz_target": "AmazonSQS.SendMessage"}, "sqs_json"),
        ("POST", "/", {"x_amz_target": "DynamoDB_20120810.ListTables"}, "no_target"),
        ("POST", "/", {"x_amz_target": ""}, "no_target"),
        ("POST", "/", {"content_type": FORM}, "query"),
        ("POST", "/123456789012/queue", {"content_type": FORM}, "query"),
        ("POST", "/bucket/key", {"content_type": FORM}, "s3"),
        ("PUT", "/bucket", {}, "s3"),
        ("GET", "/bucket/key", {"accept": "text/html"}, "s3"),
        ("GET", "/", {"authorization": S3_SIGNED}, "s3"),
        ("GET", "/?X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", {}, "s3"),
        ("GET", "/", {"host": "bucket.localhost:4566", "accept": "text/html"}, "s3"),
        ("GET", "/healthy", {}, "s3"),
        ("GET", "/_manciple2", {}, "s3"),
        ("GET", "/", {"accept": "text/html,*/*"}, "console"),
        ("HEAD", "/", {"accept": "text/html,*/*"}, "console"),
        ("GET", "/", {"accept": "*/*"}, "nothing"),
        ("POST", "/", {"content_type": "application/x-amz-json-1.1"}, "nothing"),
        ("POST", "/", {"authorization": SC_SIGNED}, "nothing"),
    ],
)
def test_the_head_of_a_request_names_its_application(
    method: str, target: str, headers: dict[str, str], app: str
) -> None:
    assert route(method, target, **headers) == app


def refused(target: str = "/", method: str = "POST", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(make_router(Scripted(lambda *_: None)), b"", named, method, target)


def test_json_1_0_is_answered_in_json_1_0() -> None:
    for target in ("CloudApiService.CreateResource", "AmazonSQS.SendMessage"):
        reply = refused(x_amz_target=target, content_type="application/x-amz-json-1.0")

        assert (reply.status, reply.headers["content-type"]) == (400, "application/x-amz-json-1.0")
        assert reply.json == {
            "__type": "UnknownOperationException",
            "message": f"This server does not answer '{target}'.",
        }


def test_the_target_of_another_service_is_answered_in_the_version_that_it_speaks() -> None:
    for version in ("1.0", "1.1"):
        content_type = f"application/x-amz-json-{version}"

        reply = refused(x_amz_target="DynamoDB_20120810.ListTables", content_type=content_type)

        assert (reply.status, reply.headers["content-type"]) == (400, content_type)


def test_a_query_protocol_that_is_not_there_is_answered_in_xml() -> None:
    reply = refused(content_type=FORM)

    error = ET.fromstring(reply.body)
    assert (reply.status, error.findtext("Error/Code")) == (400, "UnknownOperationException")
    assert error.findtext("RequestId") == reply.headers["x-amzn-requestid"]


def test_an_artifact_store_that_is_not_there_is_answered_in_xml() -> None:
    reply = refused("/bucket/<key>", "PUT")

    error = ET.fromstring(reply.body)
    assert (reply.status, error.findtext("Code")) == (400, "UnknownOperationException")
    assert error.findtext("Message") == "This server does not answer 'PUT /bucket/<key>'."


@pytest.mark.parametrize("target", ["/", "/_manciple/nothing", "/metrics"])
def test_what_no_protocol_claims_is_answered_in_json(target: str) -> None:
    reply = refused(target, "DELETE")

    assert (reply.status, reply.headers["content-type"]) == (404, "application/json")
    assert reply.json["Message"] == f"This server does not answer 'DELETE {target}'."


def test_a_misdirected_request_is_refused_in_its_protocol() -> None:
    json = refused(x_amz_target=f"{SC}ListPortfolios", host="evil.example")
    cbor = refused("/service/x", host="evil.example")

    assert (json.status, json.json["__type"]) == (421, "MisdirectedRequestException")
    assert cbor.status == 421
    assert cbor2.loads(cbor.body)["__type"].endswith("#MisdirectedRequestException")


def test_a_foreign_page_reaches_nothing_and_reads_nothing() -> None:
    below = Scripted(lambda *_: None)
    headers = {"X-Amz-Target": f"{SC}ListPortfolios", "Origin": "https://evil.example"}

    reply = send(make_router(below), b"{}", headers)

    assert (reply.status, below.seen) == (403, [])
    assert not [name for name in reply.headers if name.lower().startswith("access-control")]


def test_every_answer_has_its_own_request_id() -> None:
    ids = {refused().headers["x-amzn-requestid"] for _ in range(3)}

    assert len(ids) == 3


def plain(answer: str) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        text = f"{answer} {scope['state']['request'].path} {scope['state']['request_id']}"
        await respond(send, Response(200, (), text.encode()))

    return app


def test_an_application_finds_the_request_in_the_scope() -> None:
    router = make_router(Scripted(lambda *_: None), own_json=plain("own"))

    reply = send(router, method="GET", target="/_manciple/x")

    answer, path, request_id = reply.body.decode().split()
    assert (answer, path, len(request_id)) == ("own", "/_manciple/x", 36)


def test_an_error_of_any_application_is_answered_in_its_protocol() -> None:
    async def full(scope: Scope, receive: Receive, send: Send) -> None:
        raise LimitExceededException("full")

    router = make_router(Scripted(lambda *_: None), s3=full)

    reply = send(router, method="PUT", target="/bucket")

    assert (reply.status, ET.fromstring(reply.body).findtext("Code")) == (400, "LimitExceededException")


def test_a_failure_after_the_answer_began_is_left_to_the_server() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise OSError("the disk is gone")

    router = make_router(Scripted(lambda *_: None), s3=broken)

    with pytest.raises(InternalFailure):
        send(router, method="GET", target="/bucket/key")


def test_a_caller_who_went_away_is_not_answered() -> None:
    router = make_router(Scripted(lambda *_: None))
    sent: list[Message] = []

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def collect(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/", "query_string": b""}
    headers = [(b"host", b"localhost"), (b"x-amz-target", f"{SC}ListPortfolios".encode())]
    asyncio.run(router({**scope, "headers": headers}, gone, collect))

    assert sent == []


def test_a_websocket_is_refused() -> None:
    router = make_router(Scripted(lambda *_: None))
    sent: list[Message] = []

    async def collect(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    asyncio.run(router({"type": "websocket", "path": "/"}, receive, collect))

    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_failure_is_logged_with_its_request_id_and_without_the_path() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise OSError("the disk is gone")

    router = make_router(Scripted(lambda *_: None), own_json=broken)

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        reply = send(router, method="PUT", target="/_manciple/callback/token-5b1e")

    assert lines == [
        {
            "event": "request failed",
            "log_level": "error",
            "exc_info": True,
            "route": "own_json",
            "method": "PUT",
            "request_id": reply.headers["x-amzn-requestid"],
        }
    ]
