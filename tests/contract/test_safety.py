"""Each attack that the contracts name (sections 1 to 5), played against a real server."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import botocore.auth
import cbor2
import msgspec
import pytest
from botocore.exceptions import ClientError

from manciple.app import Server
from manciple.operations.own.keys import NewKey
from tests.contract.raw import Answer, issue_key, send, signed
from tests.contract.requests import Bucket, create_portfolio, refusal
from tests.contract.waiting import Waiting

TARGET = "AWS242ServiceCatalogService."
JSON = {"X-Amz-Target": f"{TARGET}ListPortfolios", "Content-Type": "application/x-amz-json-1.1"}
CBOR_PATH = "/service/AWS242ServiceCatalogService/operation/ListPortfolios"
CBOR = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", "Accept": "application/cbor"}
ENVIRONMENT = "/_manciple/sandbox/environment"
EVERYWHERE = [
    ("POST", "/", JSON),
    ("POST", CBOR_PATH, CBOR),
    ("GET", ENVIRONMENT, {}),
    ("GET", "/bucket/key", {}),
    ("GET", "/health", {}),
]


@pytest.fixture
def key(sigv4_server: Server, account: str) -> NewKey:
    return issue_key(sigv4_server, account)


def list_portfolios(server: Server, headers: dict[str, str], body: bytes = b"{}") -> tuple[int, str]:
    answer = send(server, "POST", "/", headers, body)
    return answer.status, str(answer.json.get("__type"))


@pytest.mark.parametrize(("method", "path", "headers"), EVERYWHERE)
@pytest.mark.parametrize(
    "host", ["attacker.example", "localhost.attacker.example", "127.0.0.1.nip.io", "192.168.0.7", "[::2]", "a@b", ""]
)
def test_a_host_that_is_not_ours_is_misdirected(
    server: Server, host: str, method: str, path: str, headers: dict[str, str]
) -> None:
    assert send(server, method, path, {**headers, "Host": host}).status == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:4566", "[::1]:4566", "LOCALHOST"])
def test_every_name_of_loopback_is_ours(server: Server, host: str) -> None:
    assert send(server, "GET", "/health", {"Host": host}).status == 200


@pytest.mark.parametrize(("method", "path", "headers"), EVERYWHERE)
@pytest.mark.parametrize(
    "page",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_of_another_origin_is_forbidden(
    server: Server, page: dict[str, str], method: str, path: str, headers: dict[str, str]
) -> None:
    assert send(server, method, path, {**headers, **page}).status == 403


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_what_a_form_can_send_reaches_no_operation(server: Server, catalog: Any, content_type: str) -> None:
    body = msgspec.json.encode({"DisplayName": "Evil", "ProviderName": "x", "IdempotencyToken": str(uuid4())})

    answer = send(server, "POST", "/", {"Content-Type": content_type}, body)

    assert 400 <= answer.status < 500
    assert catalog.list_portfolios()["PortfolioDetails"] == []


def test_cbor_without_its_header_reaches_no_operation(server: Server) -> None:
    answer = send(server, "POST", CBOR_PATH, {"Content-Type": "application/cbor"}, cbor2.dumps({}))

    assert 400 <= answer.status < 500


@pytest.mark.parametrize(
    ("method", "path", "headers"), [*EVERYWHERE, ("OPTIONS", "/", {}), ("OPTIONS", ENVIRONMENT, {})]
)
def test_no_answer_lets_another_origin_read_it(server: Server, method: str, path: str, headers: dict[str, str]) -> None:
    asked = {**headers, "Origin": server.url, "Host": server.url.removeprefix("http://")}

    answer = send(server, method, path, {**asked, "Access-Control-Request-Method": "PUT"})

    assert [name for name in answer.headers if name.startswith("access-control-")] == []


def test_the_host_header_stands_in_no_answer(server: Server, s3: Bucket) -> None:
    s3.put("k", b"x")
    claimed = {"Host": "localhost:1"}

    answers = [send(server, method, path, {**headers, **claimed}) for method, path, headers in EVERYWHERE]
    answers += [send(server, "PUT", "/fresh-bucket", claimed), send(server, "GET", "/_manciple", claimed)]

    assert [answer for answer in answers if "localhost:1" in f"{answer.headers}{answer.body!r}"] == []


def test_an_html_object_is_never_run_by_a_browser(s3: Bucket) -> None:
    s3.client.put_object(
        Bucket=s3.name, Key="page.html", Body=b"<script>", ContentType="text/html", ContentDisposition="inline"
    )

    got = s3.client.get_object(Bucket=s3.name, Key="page.html")

    headers = got["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-security-policy"] == "sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"] == "attachment"


def test_a_signed_request_is_let_in(sigv4_server: Server, key: NewKey) -> None:
    assert list_portfolios(sigv4_server, signed(sigv4_server, key, "POST", "/", JSON, b"{}"))[0] == 200


def test_an_unsigned_request_is_not(sigv4_server: Server) -> None:
    assert list_portfolios(sigv4_server, JSON) == (400, "MissingAuthenticationTokenException")


def test_an_unknown_key_is_refused(sigv4_server: Server, key: NewKey) -> None:
    stranger = key._replace(access_key_id="AKIA" + "A" * 16)

    answer = list_portfolios(sigv4_server, signed(sigv4_server, stranger, "POST", "/", JSON, b"{}"))

    assert answer == (400, "UnrecognizedClientException")


def test_a_twelve_digit_key_names_no_account_where_signatures_count(sigv4_server: Server, key: NewKey) -> None:
    guessed = key._replace(access_key_id=key.account)

    answer = list_portfolios(sigv4_server, signed(sigv4_server, guessed, "POST", "/", JSON, b"{}"))

    assert answer == (400, "UnrecognizedClientException")


def test_another_s_secret_is_refused(sigv4_server: Server, key: NewKey) -> None:
    forged = key._replace(secret_access_key=issue_key(sigv4_server, "999999999999").secret_access_key)

    answer = list_portfolios(sigv4_server, signed(sigv4_server, forged, "POST", "/", JSON, b"{}"))

    assert answer == (400, "InvalidSignatureException")


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_replay_outside_of_five_minutes_is_refused(
    sigv4_server: Server, key: NewKey, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    moment = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: moment)

    answer = send(sigv4_server, "POST", "/", signed(sigv4_server, key, "POST", "/", JSON, b"{}"), b"{}")

    assert (answer.status, answer.json["__type"]) == (400, "InvalidSignatureException")
    assert answer.json["Message"].startswith("Signature expired" if minutes < 0 else "Signature not yet current")


@pytest.mark.parametrize(
    "change",
    [
        {"X-Amz-Target": f"{TARGET}DeletePortfolio"},
        {"X-Amz-Target": f"{TARGET}ListPortfolios, x"},
        {"X-Amz-Date": "20260101T000000Z"},
    ],
)
def test_an_altered_header_is_refused(sigv4_server: Server, key: NewKey, change: dict[str, str]) -> None:
    headers = signed(sigv4_server, key, "POST", "/", JSON, b"{}") | change

    status, name = list_portfolios(sigv4_server, headers)

    assert status == 400
    assert name in ("InvalidSignatureException", "UnknownOperationException")


def test_an_altered_body_is_refused(sigv4_server: Server, key: NewKey) -> None:
    headers = signed(sigv4_server, key, "POST", "/", JSON, b"{}")

    assert list_portfolios(sigv4_server, headers, b'{"PageSize":1}') == (400, "InvalidSignatureException")


@pytest.mark.parametrize("claimed", ["UNSIGNED-PAYLOAD", "0" * 64])
def test_a_payload_that_is_not_signed_is_refused_outside_of_the_store(
    sigv4_server: Server, key: NewKey, claimed: str
) -> None:
    headers = signed(sigv4_server, key, "POST", "/", JSON | {"X-Amz-Content-SHA256": claimed}, b"{}")

    assert list_portfolios(sigv4_server, headers) == (400, "InvalidSignatureException")


def test_an_altered_scope_is_refused(sigv4_server: Server, key: NewKey) -> None:
    headers = signed(sigv4_server, key, "POST", "/", JSON, b"{}")
    moved = {name: value.replace("eu-west-1", "us-east-1") for name, value in headers.items()}

    assert list_portfolios(sigv4_server, moved) == (400, "InvalidSignatureException")


def store_ask(server: Server, key: NewKey, method: str, path: str, body: bytes = b"", **change: str) -> Answer:
    headers = signed(server, key, method, path, {}, body, service="s3") | change
    return send(server, method, path, headers, body)


def test_the_store_s_signatures_are_verified_too(sigv4_server: Server, key: NewKey) -> None:
    store_ask(sigv4_server, key, "PUT", "/safe-bucket")

    answers = [
        store_ask(sigv4_server, key, "PUT", "/safe-bucket/a%20b", b"hello"),
        store_ask(sigv4_server, key._replace(secret_access_key="x"), "GET", "/safe-bucket/a%20b"),
        store_ask(sigv4_server, key, "GET", "/safe-bucket/a%20b", Authorization="AWS4-HMAC-SHA256 nothing"),
        send(sigv4_server, "GET", "/safe-bucket/a%20b"),
        store_ask(sigv4_server, key, "GET", "/safe-bucket/a%20b"),
    ]

    assert [answer.status for answer in answers] == [200, 403, 400, 403, 200]
    assert b"SignatureDoesNotMatch" in answers[1].body
    assert b"AccessDenied" in answers[3].body


def test_a_signed_body_of_the_store_cannot_be_altered(sigv4_server: Server, key: NewKey) -> None:
    store_ask(sigv4_server, key, "PUT", "/body-bucket")
    headers = signed(sigv4_server, key, "PUT", "/body-bucket/k", {}, b"hello", service="s3")

    answer = send(sigv4_server, "PUT", "/body-bucket/k", headers, b"hellO")

    assert (answer.status, b"XAmzContentSHA256Mismatch" in answer.body) == (400, True)


def test_another_account_or_region_sees_nothing(make_client: Callable[..., Any], catalog: Any, s3: Bucket) -> None:
    portfolio_id = create_portfolio(catalog)
    strangers = [{"account": "999999999998"}, {"region": "us-east-1"}]

    for stranger in strangers:
        theirs, their_s3 = make_client("servicecatalog", **stranger), make_client("s3", **stranger)

        assert refusal(partial(theirs.describe_portfolio, Id=portfolio_id))[0] == "ResourceNotFoundException"
        assert theirs.list_portfolios()["PortfolioDetails"] == []
        assert refusal(partial(their_s3.list_objects_v2, Bucket=s3.name))[0] == "NoSuchBucket"
        assert refusal(partial(their_s3.get_object, Bucket=s3.name, Key="k"))[0] == "NoSuchBucket"


def test_a_page_token_is_worthless_to_another_account_or_region(make_client: Callable[..., Any], catalog: Any) -> None:
    for name in ("One", "Two"):
        create_portfolio(catalog, name)
    token = catalog.list_portfolios(PageSize=1)["NextPageToken"]

    strangers = [
        make_client("servicecatalog", **other) for other in ({"account": "999999999998"}, {"region": "us-east-1"})
    ]
    codes = [refusal(partial(one.list_portfolios, PageSize=1, PageToken=token))[0] for one in strangers]

    assert codes == ["InvalidParametersException"] * 2


def test_an_idempotency_token_means_nothing_in_another_account(make_client: Callable[..., Any], catalog: Any) -> None:
    members = {"DisplayName": "Tools", "ProviderName": "IT", "IdempotencyToken": str(uuid4())}
    other = make_client("servicecatalog", account="999999999997")

    mine, theirs = catalog.create_portfolio(**members), other.create_portfolio(**members)

    assert mine["PortfolioDetail"]["Id"] != theirs["PortfolioDetail"]["Id"]


def test_two_accounts_have_buckets_of_one_name(make_client: Callable[..., Any], s3: Bucket) -> None:
    other = make_client("s3", account=f"{secrets.randbelow(10**12):012d}")
    other.create_bucket(Bucket=s3.name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    other.put_object(Bucket=s3.name, Key="theirs", Body=b"x")

    assert s3.client.list_objects_v2(Bucket=s3.name)["KeyCount"] == 0


def test_a_key_of_ours_names_its_account_in_open_mode_too(server: Server, account: str) -> None:
    key = issue_key(server, account, is_operator=True)
    path = ENVIRONMENT
    document = b'{"exports":{"mine":"1"}}'
    send(
        server,
        "PUT",
        path,
        signed(server, key, "PUT", path, {"X-Manciple-Account": "999999999996"}, document),
        document,
    )

    theirs = send(server, "GET", path, {"X-Manciple-Account": "999999999996", "X-Manciple-Region": "eu-west-1"})

    assert theirs.json["exports"] == {}


@pytest.mark.parametrize("token", ["x" * 22, "..%2f..%2fplans", "a" * 5000, "%00", "' OR 1=1"])
def test_a_guessed_callback_is_not_found(server: Server, token: str) -> None:
    target = f"/_manciple/callback/{token.replace(' ', '%20')}"

    assert send(server, "PUT", target, {}, b'{"Status":"SUCCESS"}').status == 404


def test_a_callback_is_put_small_and_stored_as_a_hash(server: Server, account: str) -> None:
    waiting, token = Waiting(server, account, "attack"), secrets.token_urlsafe(16)
    waiting.open(token)
    target = f"/_manciple/callback/{token}"

    statuses = [
        send(server, method, target, {}, b'{"Status":"SUCCESS"}').status for method in ("GET", "POST", "DELETE")
    ]
    large = send(server, "PUT", target, {}, b'{"Status":"SUCCESS"}'.ljust(4097))

    assert (statuses, large.status) == ([404, 404, 404], 413)
    assert waiting.signals() == []
    waiting.close()
    folder = server.settings.data
    assert [path for path in folder.glob("*.sqlite*") if token.encode() in path.read_bytes()] == []


def test_what_the_environment_holds_is_nowhere_in_plain_text(server: Server, account: str) -> None:
    planted = secrets.token_hex(16)
    document = msgspec.json.encode({"secrets": {"db": planted}})

    answer = send(server, "PUT", ENVIRONMENT, {"X-Manciple-Account": account}, document)

    files = [path for path in server.settings.data.rglob("*") if path.is_file()]
    assert answer.status == 200
    assert [path for path in files if planted.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("method", "target", "headers", "body"),
    [
        ("POST", "/", JSON, b"{"),
        ("POST", "/", JSON, b"\xff\xfe"),
        ("POST", "/", JSON, b"[" * 100_000),
        ("POST", "/", JSON | {"X-Amz-Target": f"{TARGET}Nothing"}, b"{}"),
        ("POST", "/", JSON | {"X-Amz-Target": f"{TARGET}manciple:PutEnvironment"}, b"{}"),
        ("POST", "/", JSON | {"X-Amz-Target": f"{TARGET}s3:CreateBucket"}, b"{}"),
        ("POST", "/", JSON | {"X-Amz-Target": "Other.Operation"}, b"{}"),
        ("POST", CBOR_PATH, CBOR, b"\xff"),
        ("POST", CBOR_PATH, CBOR, b"\x9f" * 10_000),
        ("PUT", ENVIRONMENT, {}, b"\xff"),
        ("PUT", ENVIRONMENT, {}, b"[" * 100_000),
        ("GET", "/_manciple/%FF/%00", {}, b""),
        ("GET", "/%FF", {}, b""),
        ("BREW", "/bucket/key", {}, b""),
        ("GET", "/", {}, b""),
    ],
)
def test_nonsense_is_the_caller_s_fault(
    server: Server, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    answer = send(server, method, target, headers, body)

    assert 400 <= answer.status < 500
    assert b"Traceback" not in answer.body


def test_a_bucket_named_like_a_route_is_refused(make_client: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="InvalidBucketName"):
        make_client("s3", region="us-east-1").create_bucket(Bucket="health")
