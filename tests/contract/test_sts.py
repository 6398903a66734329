"""Who calls, and becoming a role: STS through boto3 and the aws command line."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from botocore.config import Config

from manciple.app import Server
from manciple.catalog.directory import Directory, Role
from manciple.catalog.sessions import Session
from manciple.operations.session_tokens import write_session
from manciple.store.directories import find_directory, write_directory
from manciple.store.sealed import Seal, read_key
from tests.contract import publishing, requests
from tests.contract.publishing import QUEUE, Published
from tests.contract.raw import send
from tests.contract.requests import refusal, stored

REGION = "eu-west-1"
READ = {"Statement": {"Effect": "Allow", "Action": "servicecatalog:List*", "Resource": "*"}}


@pytest.fixture
def client(sigv4_server: Server, account: str) -> Callable[..., Any]:
    """Makes clients of the test's account with keys under a policy."""

    def make(service: str = "sts", arn: str = "user/alice", policy: Any = "admin") -> Any:
        return requests.issue_key(sigv4_server, account, f"arn:aws:iam::{account}:{arn}", policy, service=service)

    return make


@pytest.fixture
def declare(sigv4_server: Server, account: str) -> Callable[..., str]:
    """Declares a role of the test's account in the directory and returns its ARN."""

    def add(name: str, *trusts: str, policies: tuple[Any, ...] = ("end-user",), of: str = account) -> str:
        role = Role(arn=f"arn:aws:iam::{of}:role/{name}", trusts=trusts, policies=policies)
        with stored(sigv4_server) as tx:
            before = find_directory(tx).directory.roles
            write_directory(tx, Directory(roles=(*(one for one in before if one.arn != role.arn), role)))
        return role.arn

    return add


def become(server: Server, credentials: dict[str, Any], service: str = "servicecatalog") -> Any:
    """A client with the credentials that AssumeRole answered."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=server.url,
        region_name=REGION,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def test_a_user_is_told_who_they_are(client: Callable[..., Any], account: str) -> None:
    answer = client(policy={"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}).get_caller_identity()

    assert (answer["Account"], answer["Arn"]) == (account, f"arn:aws:iam::{account}:user/alice")
    assert answer["UserId"].startswith("AIDA")


def test_anyone_is_the_root_of_their_account_in_open_mode(make_client: Callable[..., Any], account: str) -> None:
    answer = make_client("sts").get_caller_identity()

    assert (answer["Account"], answer["UserId"], answer["Arn"]) == (account, account, f"arn:aws:iam::{account}:root")


def test_a_role_that_trusts_the_caller_is_assumed(
    sigv4_server: Server, client: Callable[..., Any], declare: Callable[..., str], account: str
) -> None:
    role = declare("team/Launcher", f"arn:aws:iam::{account}:user/alice")

    made = client().assume_role(RoleArn=role, RoleSessionName="ann", DurationSeconds=900)

    session = f"arn:aws:sts::{account}:assumed-role/Launcher/ann"
    identity = become(sigv4_server, made["Credentials"], "sts").get_caller_identity()
    assert made["AssumedRoleUser"]["Arn"] == identity["Arn"] == session
    assert made["AssumedRoleUser"]["AssumedRoleId"] == identity["UserId"]
    assert made["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert 800 < made["Credentials"]["Expiration"].timestamp() - time.time() <= 900


def test_what_a_session_may_do_is_what_its_role_may(
    sigv4_server: Server, client: Callable[..., Any], declare: Callable[..., str], account: str
) -> None:
    role = declare("Reader", account, policies=("AWSServiceCatalogAdminReadOnlyAccess",))
    credentials = client().assume_role(RoleArn=role, RoleSessionName="ann")["Credentials"]
    catalog = become(sigv4_server, credentials)

    code, text = refusal(lambda: catalog.delete_portfolio(Id="port-a"))

    assert catalog.list_portfolios()["PortfolioDetails"] == []
    assert code == "AccessDeniedException"
    assert text.startswith(f"User: arn:aws:sts::{account}:assumed-role/Reader/ann is not authorized to perform: ")


@pytest.mark.parametrize(
    "bound",
    [
        {"Policy": json.dumps(READ)},
        {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/AWSServiceCatalogAdminReadOnlyAccess"}]},
    ],
)
def test_a_session_policy_bounds_the_role(
    sigv4_server: Server,
    client: Callable[..., Any],
    declare: Callable[..., str],
    account: str,
    bound: dict[str, Any],
) -> None:
    role = declare("Wide", account, policies=("admin",))
    made = client().assume_role(RoleArn=role, RoleSessionName="ann", **bound)
    catalog = become(sigv4_server, made["Credentials"])

    code, text = refusal(lambda: catalog.delete_portfolio(Id="port-a"))

    assert catalog.list_portfolios()["PortfolioDetails"] == []
    assert (code, text.endswith("because no session policy allows the servicecatalog:DeletePortfolio action")) == (
        "AccessDeniedException",
        True,
    )


def test_sessions_of_a_role_launch_by_its_association_and_see_their_own(
    sigv4_server: Server, client: Callable[..., Any], declare: Callable[..., str], account: str
) -> None:
    role = declare("Launcher", account)
    product = publishing.publish(client("servicecatalog"), client("s3"), QUEUE)
    ann, bob = (
        Published(
            become(sigv4_server, client().assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]),
            product.product_id,
            product.portfolio_id,
            product.versions,
        )
        for name in ("ann", "bob")
    )

    record = ann.launch("mine")["RecordDetail"]

    tags = {tag["Key"]: tag["Value"] for tag in record["RecordTags"]}
    assert record["Status"] == "SUCCEEDED"
    assert tags["aws:servicecatalog:provisioningPrincipalArn"] == f"arn:aws:sts::{account}:assumed-role/Launcher/ann"
    assert refusal(lambda: bob.describe("mine"))[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("trusts", [(), ("111111111111",), ("arn:aws:iam::{account}:user/bob",)])
def test_a_role_that_does_not_trust_the_caller_is_denied(
    client: Callable[..., Any], declare: Callable[..., str], account: str, trusts: tuple[str, ...]
) -> None:
    role = declare("Closed", *(trust.format(account=account) for trust in trusts))

    refused = refusal(lambda: client().assume_role(RoleArn=role, RoleSessionName="ann"))

    assert refused == (
        "AccessDenied",
        f"User: arn:aws:iam::{account}:user/alice is not authorized to perform: sts:AssumeRole on resource: {role}",
    )


def test_a_role_that_nobody_declared_is_denied(client: Callable[..., Any], account: str) -> None:
    role = f"arn:aws:iam::{account}:role/Undeclared"

    assert refusal(lambda: client().assume_role(RoleArn=role, RoleSessionName="ann"))[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("trust", "policy", "is_allowed"),
    [
        ("{account}", "admin", True),
        ("arn:aws:iam::{account}:root", "admin", True),
        ("{account}", "end-user", False),
        ("arn:aws:iam::{account}:user/alice", "end-user", True),
        ("*", "end-user", True),
        ("*", {"Statement": {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}}, False),
    ],
)
def test_trust_by_account_asks_for_a_permission_too(
    client: Callable[..., Any],
    declare: Callable[..., str],
    account: str,
    trust: str,
    policy: Any,
    is_allowed: bool,
) -> None:
    role = declare("Shared", trust.format(account=account))
    sts = client(policy=policy)

    def assume() -> Any:
        return sts.assume_role(RoleArn=role, RoleSessionName="ann")

    assert "Credentials" in assume() if is_allowed else refusal(assume)[0] == "AccessDenied"


def test_any_role_of_the_account_is_there_in_open_mode(
    server: Server, make_client: Callable[..., Any], account: str
) -> None:
    sts = make_client("sts")
    made = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/Any", RoleSessionName="ann")

    identity = become(server, made["Credentials"], "sts").get_caller_identity()

    assert identity["Arn"] == f"arn:aws:sts::{account}:assumed-role/Any/ann"
    foreign = "arn:aws:iam::111111111111:role/Any"
    assert refusal(lambda: sts.assume_role(RoleArn=foreign, RoleSessionName="ann"))[0] == "AccessDenied"


def test_presigned_addresses_carry_the_sessions_token(
    server: Server, make_client: Callable[..., Any], account: str
) -> None:
    made = make_client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/Any", RoleSessionName="ann")
    s3 = become(server, made["Credentials"], "s3")
    s3.create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="mine", Key="k", Body=b"body")

    url = s3.generate_presigned_url("get_object", Params={"Bucket": "mine", "Key": "k"})

    assert send(server, "GET", url.removeprefix(server.url)).body == b"body"


def session_of(server: Server, account: str, expires_at: int) -> dict[str, str]:
    seal = Seal(read_key(server.settings.secret_key_file or Path(), create=False))
    session = Session(
        access_key_id="ASIAAAAAAAAAAAAAAAAA",
        secret="secret",
        account=account,
        role_arn=f"arn:aws:iam::{account}:role/Any",
        session_arn=f"arn:aws:sts::{account}:assumed-role/Any/ann",
        expires_at=expires_at,
    )
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": write_session(seal, session),
    }


def test_a_session_ends(sigv4_server: Server, account: str) -> None:
    ended = session_of(sigv4_server, account, 1)

    assert refusal(become(sigv4_server, ended).list_portfolios) == (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    )
    assert refusal(become(sigv4_server, ended, "sts").get_caller_identity)[0] == "ExpiredToken"
    assert refusal(become(sigv4_server, ended, "s3").list_buckets)[0] == "ExpiredToken"


@pytest.mark.parametrize(
    "changed", [{"SessionToken": "none"}, {"AccessKeyId": "ASIABBBBBBBBBBBBBBBB"}, {"SecretAccessKey": "other"}]
)
def test_credentials_that_do_not_belong_together_are_refused(
    sigv4_server: Server, account: str, changed: dict[str, str]
) -> None:
    credentials = session_of(sigv4_server, account, 2**53) | changed

    code, _ = refusal(become(sigv4_server, credentials).list_portfolios)

    expected = "InvalidSignatureException" if "SecretAccessKey" in changed else "UnrecognizedClientException"
    assert code == expected


def test_a_role_assumed_from_a_session_lasts_an_hour_at_most(
    server: Server, make_client: Callable[..., Any], account: str
) -> None:
    role = f"arn:aws:iam::{account}:role/Any"
    made = make_client("sts").assume_role(RoleArn=role, RoleSessionName="ann")
    chained = become(server, made["Credentials"], "sts")

    code, text = refusal(lambda: chained.assume_role(RoleArn=role, RoleSessionName="bob", DurationSeconds=3601))

    assert (code, "role chaining" in text) == ("ValidationError", True)
    assert "Credentials" in chained.assume_role(RoleArn=role, RoleSessionName="bob")


@pytest.mark.parametrize(
    ("members", "code", "said"),
    [
        ({"RoleSessionName": "a b"}, "ValidationError", "'roleSessionName' failed to satisfy constraint"),
        ({"DurationSeconds": 43201}, "ValidationError", "'durationSeconds' failed to satisfy constraint"),
        ({"RoleArn": "arn:aws:iam::111111111111:user/a"}, "ValidationError", "'roleArn' failed to satisfy constraint"),
        ({"Policy": "{}"}, "MalformedPolicyDocument", "Statement"),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "ValidationError", "Tags"),
        ({"RoleSessionName": "a\x00\x1bb"}, "ValidationError", "Value 'a\ufffd\ufffdb' at 'roleSessionName'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    make_client: Callable[..., Any], account: str, members: dict[str, Any], code: str, said: str
) -> None:
    wanted = {"RoleArn": f"arn:aws:iam::{account}:role/Any", "RoleSessionName": "ann", **members}

    refused, text = refusal(lambda: make_client("sts").assume_role(**wanted))

    assert (refused, said in text) == (code, True)


def test_what_sts_has_beside_is_refused_by_name(make_client: Callable[..., Any]) -> None:
    code, text = refusal(make_client("sts").get_session_token)

    assert (code, "GetSessionToken" in text) == ("InvalidAction", True)


def test_a_form_of_no_known_service_is_refused(server: Server) -> None:
    body = urlencode({"Action": "ListUsers", "Version": "2010-05-08"}).encode()

    answer = send(server, "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, body)

    assert answer.status == 400
    assert b"<Code>UnknownOperationException</Code>" in answer.body


def test_an_unsigned_form_is_refused_where_signatures_count(sigv4_server: Server) -> None:
    body = urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"}).encode()

    answer = send(sigv4_server, "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, body)

    assert (answer.status, b"<Code>MissingAuthenticationToken</Code>" in answer.body) == (403, True)


def test_the_aws_command_line_finds_who_it_is(server: Server, account: str) -> None:
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": server.url,
    }
    command = [str(Path(sys.executable).with_name("aws")), "sts", "get-caller-identity"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["Arn"] == f"arn:aws:iam::{account}:root"


def test_no_secret_of_a_session_is_kept(server: Server, make_client: Callable[..., Any], account: str) -> None:
    made = make_client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/Any", RoleSessionName="ann")

    with stored(server) as tx:
        kept = repr(tx.connection.exec_driver_sql("SELECT * FROM audit").all())
    assert made["Credentials"]["SecretAccessKey"] not in kept
    assert made["Credentials"]["SessionToken"] not in kept
    assert f"{account}:role/Any" in kept
