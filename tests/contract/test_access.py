"""May a caller do this? Policies are enforced where signatures are verified, on every operation and every protocol."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import cbor2
import pytest

from manciple.api import shapes
from manciple.app import Server
from manciple.operations.own.keys import NewKey
from tests.contract import publishing, requests
from tests.contract.publishing import QUEUE, Published
from tests.contract.raw import issue_key, send, signed
from tests.contract.requests import refusal

Client = Callable[..., Any]

TEXTS = ("a1", "arn:aws:catalog:eu-west-1:111111111111:product/prod-a", "111111111111")
"""One of these fits whatever the model asks of a text."""

ROLE = "arn:aws:sts::{account}:assumed-role/{role}/{session}"


def allow(*actions: str, resource: Any = "*", **condition: dict[str, Any]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **_condition(condition)}


def deny(*actions: str, resource: Any = "*", **condition: dict[str, Any]) -> dict[str, Any]:
    return {**allow(*actions, resource=resource, **condition), "Effect": "Deny"}


def _condition(condition: dict[str, Any]) -> dict[str, Any]:
    return {"Condition": condition} if condition else {}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.fixture
def client(sigv4_server: Server, account: str) -> Client:
    """Makes clients of the test's account with keys under a policy."""

    def make(given: Any = "admin", arn: str = "user/alice", service: str = "servicecatalog", **options: Any) -> Any:
        principal = arn if arn.startswith("arn:") else f"arn:aws:iam::{account}:{arn}"
        return requests.issue_key(sigv4_server, account, principal, given, service=service, **options)

    return make


@pytest.fixture
def published(client: Client) -> Published:
    """A product in a portfolio that roles may launch from."""
    return publishing.publish(client(), client(service="s3"), QUEUE)


def session(account: str, role: str, name: str) -> str:
    return ROLE.format(account=account, role=role, session=name)


def test_a_refusal_is_awss_own_sentence(client: Client, account: str) -> None:
    catalog = client(policy(allow("servicecatalog:Describe*")))

    refused = refusal(lambda: catalog.create_portfolio(DisplayName="a", ProviderName="b", IdempotencyToken="c"))

    assert refused == (
        "AccessDeniedException",
        (
            f"User: arn:aws:iam::{account}:user/alice is not authorized to perform: servicecatalog:CreatePortfolio on "
            f"resource: arn:aws:catalog:eu-west-1:{account}:* because no identity-based policy allows the "
            "servicecatalog:CreatePortfolio action"
        ),
    )


def test_an_explicit_denial_says_so(client: Client, account: str) -> None:
    catalog = client(policy(allow("*"), deny("servicecatalog:Scan*")), session(account, "Team", "key"))

    refused = refusal(catalog.scan_provisioned_products)

    assert refused == (
        "AccessDeniedException",
        (
            f"User: arn:aws:sts::{account}:assumed-role/Team/key is not authorized to perform: "
            f"servicecatalog:ScanProvisionedProducts on resource: arn:aws:servicecatalog:eu-west-1:{account}:*/* "
            "with an explicit deny in an identity-based policy"
        ),
    )


def minimal(shape: Any) -> Any:
    """The least that botocore lets a client send."""
    if shape.type_name == "structure":
        return {name: minimal(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [minimal(shape.member)]
    if shape.type_name == "map":
        return {minimal(shape.key): minimal(shape.value)}
    if shape.type_name != "string":
        return 1
    pattern = shape.metadata.get("pattern", "").replace(r"\p{L}\p{Z}\p{N}", "a-z0-9") or ".*"
    return next(text for text in (*shape.enum, *TEXTS) if re.fullmatch(pattern, text))


def test_all_operations_ask_the_policy(client: Client) -> None:
    catalog = client(policy(deny("servicecatalog:*")))
    model = catalog.meta.service_model
    to_method = {operation: name for name, operation in catalog.meta.method_to_api_mapping.items()}

    def call(name: str) -> tuple[str, str]:
        members = minimal(model.operation_model(name).input_shape)
        return refusal(lambda: getattr(catalog, to_method[name])(**members))

    codes = {name: call(name) for name in shapes.OPERATIONS}

    assert len(codes) == 90
    assert {name: text for name, (code, text) in codes.items() if code != "AccessDeniedException"} == {}
    assert all(f"perform: servicecatalog:{name} on resource: arn:aws:" in text for name, (_, text) in codes.items())


def test_both_protocols_ask_the_policy(client: Client, sigv4_server: Server, account: str) -> None:
    key = issue_key(sigv4_server, account, policy="AWSServiceCatalogAdminReadOnlyAccess")
    path = "/service/AWS242ServiceCatalogService/operation/DeletePortfolio"
    headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", "Accept": "application/cbor"}
    body = cbor2.dumps({"Id": "port-a"})

    answer = send(sigv4_server, "POST", path, signed(sigv4_server, key, "POST", path, headers, body), body)

    assert answer.status == 400
    assert b"not authorized to perform: servicecatalog:DeletePortfolio" in answer.body
    assert f"{account}:portfolio/port-a because".encode() in answer.body


def test_a_policy_tells_one_portfolio_from_another(client: Client, account: str) -> None:
    admin = client()
    mine, other = (requests.create_portfolio(admin, name) for name in ("mine", "other"))
    arn = f"arn:aws:catalog:*:{account}:portfolio/{mine}"
    catalog = client(policy(allow("servicecatalog:DescribePortfolio", resource=arn)))

    code, text = refusal(lambda: catalog.describe_portfolio(Id=other))

    assert catalog.describe_portfolio(Id=mine)["PortfolioDetail"]["DisplayName"] == "mine"
    assert (code, f"on resource: arn:aws:catalog:eu-west-1:{account}:portfolio/{other} " in text) == (
        "AccessDeniedException",
        True,
    )


def test_a_denied_product_is_denied_by_its_name_too(client: Client, published: Published, account: str) -> None:
    arn = f"arn:aws:catalog:eu-west-1:{account}:product/{published.product_id}"
    catalog = client(policy(allow("*"), deny("servicecatalog:Describe*", resource=arn)))

    refusals = {
        refusal(lambda: catalog.describe_product_as_admin(Name="product")),
        refusal(lambda: catalog.describe_product_as_admin(Id=published.product_id)),
    }

    assert {code for code, _ in refusals} == {"AccessDeniedException"}
    assert len(refusals) == 1


def test_what_another_account_shares_is_judged_under_its_owners_arn(
    sigv4_server: Server, account: str, published: Published
) -> None:
    spoke = f"{int(account) - 1:012d}"
    published.catalog.create_portfolio_share(PortfolioId=published.portfolio_id, AccountId=spoke)
    requests.issue_key(sigv4_server, spoke, f"arn:aws:iam::{spoke}:root").accept_portfolio_share(
        PortfolioId=published.portfolio_id
    )

    def describe(owner: str) -> Any:
        given = policy(allow("*"), deny("servicecatalog:*", resource=f"arn:aws:catalog:*:{owner}:portfolio/*"))
        user = requests.issue_key(sigv4_server, spoke, f"arn:aws:iam::{spoke}:user/ann", given)
        return user.describe_portfolio(Id=published.portfolio_id)

    code, text = refusal(lambda: describe(account))

    assert code == "AccessDeniedException"
    assert f"on resource: arn:aws:catalog:eu-west-1:{account}:portfolio/{published.portfolio_id} with an" in text
    assert describe("111111111111")["PortfolioDetail"]["Id"] == published.portfolio_id


def test_tags_that_are_asked_for_are_judged(client: Client) -> None:
    wanted: dict[str, Any] = {
        "StringEquals": {"aws:RequestTag/Tier": "web"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["Tier"]},
    }
    catalog = client(policy(allow("servicecatalog:CreatePortfolio", **wanted)))

    def create(**tags: str) -> Any:
        return catalog.create_portfolio(
            DisplayName="a",
            ProviderName="b",
            IdempotencyToken=str(uuid4()),
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )

    assert create(Tier="web")["Tags"] == [{"Key": "Tier", "Value": "web"}]
    assert refusal(lambda: create(Tier="db"))[0] == "AccessDeniedException"
    assert refusal(lambda: create(Tier="web", Cost="1"))[0] == "AccessDeniedException"
    assert refusal(create)[0] == "AccessDeniedException"


def test_tags_that_a_resource_has_are_judged(client: Client) -> None:
    admin = client()
    made = admin.create_portfolio(
        DisplayName="a", ProviderName="b", IdempotencyToken="t", Tags=[{"Key": "Team", "Value": "red"}]
    )["PortfolioDetail"]["Id"]
    red, blue = (
        client(policy(allow("servicecatalog:*", StringEquals={"aws:ResourceTag/Team": team})))
        for team in ("red", "blue")
    )

    assert red.update_portfolio(Id=made, DisplayName="mine")["PortfolioDetail"]["DisplayName"] == "mine"
    assert refusal(lambda: blue.update_portfolio(Id=made, DisplayName="ours"))[0] == "AccessDeniedException"
    assert refusal(lambda: red.describe_portfolio(Id="port-unknown"))[0] == "AccessDeniedException"


def test_the_unique_id_of_a_principal_is_judged(client: Client, account: str) -> None:
    mine = client(service="sts").get_caller_identity()["UserId"]
    others = allow("servicecatalog:ListPortfolios", StringNotEquals={"aws:userid": mine})

    code, _ = refusal(client(policy(others)).list_portfolios)

    assert code == "AccessDeniedException"
    assert client(policy(others), arn="user/bob").list_portfolios()["PortfolioDetails"] == []


def test_read_only_administrators_change_nothing(client: Client, published: Published) -> None:
    catalog = client("AWSServiceCatalogAdminReadOnlyAccess")

    code, _ = refusal(lambda: catalog.delete_portfolio(Id=published.portfolio_id))

    assert [found["Id"] for found in catalog.list_portfolios()["PortfolioDetails"]] == [published.portfolio_id]
    assert code == "AccessDeniedException"


def test_access_is_asked_before_the_token_and_before_the_state(client: Client) -> None:
    members = {"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "same"}
    client().create_portfolio(**members)
    barred = client("AWSServiceCatalogAdminReadOnlyAccess")

    assert refusal(lambda: barred.create_portfolio(**members))[0] == "AccessDeniedException"
    assert refusal(lambda: barred.delete_product(Id="prod-unknown"))[0] == "AccessDeniedException"


@pytest.fixture
def team(client: Client, published: Published, account: str) -> dict[str, Published]:
    """Two end users of one role and one of another, each with a launched product of their name."""
    made = {}
    for role, name in (("Dev", "ann"), ("Dev", "bob"), ("Ops", "eve")):
        user = client("end-user", session(account, role, name))
        made[name] = Published(user, published.product_id, published.portfolio_id, published.versions)
        made[name].launch(name)
    return made


def names(catalog: Any, operation: str, **members: Any) -> list[str]:
    answer = getattr(catalog, operation)(**members)
    found = answer.get("ProvisionedProducts") or answer.get("RecordDetails", [])
    return sorted(one.get("Name") or one["ProvisionedProductName"] for one in found)


def test_end_users_lists_show_their_own_whatever_the_default_is(team: dict[str, Published]) -> None:
    lists = ("scan_provisioned_products", "search_provisioned_products", "list_record_history")

    assert {tuple(names(team["ann"].catalog, one)) for one in lists} == {("ann",)}


@pytest.mark.parametrize("level", ["Role", "Account"])
def test_end_users_cannot_ask_for_more_than_their_own(team: dict[str, Published], level: str) -> None:
    asked = {"AccessLevelFilter": {"Key": level, "Value": "self"}}

    code, text = refusal(lambda: team["ann"].catalog.scan_provisioned_products(**asked))

    assert code == "AccessDeniedException"
    assert "access level User" in text


def test_what_is_anothers_does_not_exist_for_an_end_user(team: dict[str, Published]) -> None:
    mine, other = team["ann"], team["bob"].describe("bob")
    catalog, record = mine.catalog, other["LastRecordId"]
    named = {"ProvisionedProductId": other["Id"]}
    plan_id = team["bob"].plan("bob", ProvisioningParameters=[{"Key": "Delay", "Value": "5"}])[
        "ProvisionedProductPlanDetails"
    ]["PlanId"]

    refused = {
        refusal(call)
        for call in (
            lambda: catalog.describe_provisioned_product(Id=other["Id"]),
            lambda: catalog.describe_provisioned_product(Name="bob"),
            lambda: catalog.describe_record(Id=record),
            lambda: catalog.terminate_provisioned_product(**named, TerminateToken="t"),
            lambda: catalog.update_provisioned_product(**named, UpdateToken="t"),
            lambda: catalog.describe_provisioned_product_plan(PlanId=plan_id),
            lambda: catalog.execute_provisioned_product_plan(PlanId=plan_id, IdempotencyToken="t"),
            lambda: catalog.delete_provisioned_product_plan(PlanId=plan_id),
        )
    }

    assert {code for code, _ in refused} == {"ResourceNotFoundException"}
    assert (f"Provisioned product not found: {other['Id']}") in {text for _, text in refused}
    assert catalog.list_provisioned_product_plans()["ProvisionedProductPlans"] == []
    assert refusal(lambda: mine.plan("bob", wait=False)) == (
        "InvalidParametersException",
        "A stack named bob already exists.",
    )


def test_the_role_level_reaches_every_session_of_the_role(client: Client, team: dict[str, Published]) -> None:
    account = team["ann"].describe("ann")["Arn"].split(":")[4]
    level = {"StringEquals": {"servicecatalog:roleLevel": "self"}}
    catalog = client(policy(allow("servicecatalog:*", **level)), session(account, "Dev", "new"))

    role = {"AccessLevelFilter": {"Key": "Role", "Value": "self"}}
    assert names(catalog, "search_provisioned_products") == ["ann", "bob"]
    assert names(catalog, "scan_provisioned_products") == []
    assert names(catalog, "scan_provisioned_products", **role) == ["ann", "bob"]
    assert catalog.describe_provisioned_product(Name="bob")["ProvisionedProductDetail"]["Name"] == "bob"
    assert refusal(lambda: catalog.describe_provisioned_product(Name="eve"))[0] == "ResourceNotFoundException"


def own(server: Server, key: NewKey, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    answer = send(server, method, path, signed(server, key, method, path, body=body), body)
    return answer.status, answer.json


def test_our_own_routes_ask_for_the_action_that_they_name(
    sigv4_server: Server, account: str, team: dict[str, Published]
) -> None:
    record = team["bob"].describe("bob")["LastRecordId"]
    path = f"/_manciple/records/{record}/events"
    keys = {
        name: issue_key(sigv4_server, account, arn=arn, policy=given)
        for name, arn, given in (
            ("owner", session(account, "Dev", "bob"), "end-user"),
            ("other", session(account, "Dev", "ann"), "end-user"),
            ("reader", f"arn:aws:iam::{account}:user/eve", "AWSServiceCatalogEndUserReadOnlyAccess"),
        )
    }

    answers = {name: own(sigv4_server, key, "GET", path)[0] for name, key in keys.items()}

    assert answers == {"owner": 200, "other": 404, "reader": 404}


def test_a_route_whose_action_is_not_allowed_is_denied(sigv4_server: Server, account: str) -> None:
    key = issue_key(sigv4_server, account, policy="engine")

    status, answer = own(sigv4_server, key, "GET", "/_manciple/plans/plan-a")

    assert (status, answer["__type"]) == (403, "AccessDeniedException")
    assert "servicecatalog:DescribeProvisionedProductPlan" in answer["Message"]


def test_no_policy_makes_an_operator(sigv4_server: Server, account: str) -> None:
    everything = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    key = issue_key(sigv4_server, account, policy=everything)

    status, answer = own(sigv4_server, key, "GET", "/_manciple/sandbox/environment")

    assert status == 403
    assert (
        "not authorized to perform: manciple:Operate on resource: /_manciple/sandbox/environment "
        "because it is for keys of operators alone" in answer["Message"]
    )


def test_the_artifact_store_asks_for_the_actions_of_s3(client: Client, account: str) -> None:
    client(service="s3").create_bucket(
        Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    given = policy(allow("s3:GetObject", "s3:PutObject", resource="arn:aws:s3:::templates/team/*"))
    s3 = client(given, service="s3")
    s3.put_object(Bucket="templates", Key="team/a", Body=b"1")

    refusals = [
        refusal(call)
        for call in (
            lambda: s3.put_object(Bucket="templates", Key="other", Body=b"1"),
            lambda: s3.list_objects_v2(Bucket="templates"),
            lambda: s3.delete_object(Bucket="templates", Key="team/a"),
        )
    ]

    assert s3.get_object(Bucket="templates", Key="team/a")["Body"].read() == b"1"
    assert {code for code, _ in refusals} == {"AccessDenied"}
    assert refusals[0][1] == (
        f"User: arn:aws:iam::{account}:user/alice is not authorized to perform: s3:PutObject on resource: "
        "arn:aws:s3:::templates/other because no identity-based policy allows the s3:PutObject action"
    )


def test_an_end_users_key_reaches_no_object_and_nothing_of_the_sandbox(client: Client) -> None:
    s3, control = client("end-user", service="s3"), client("end-user", service="cloudcontrol")

    assert refusal(lambda: s3.create_bucket(Bucket="mine"))[0] == "AccessDenied"
    assert refusal(lambda: control.list_resources(TypeName="AWS::SQS::Queue"))[0] == "AccessDeniedException"


def test_in_open_mode_no_policy_is_asked(server: Server, account: str) -> None:
    catalog = requests.issue_key(server, account, f"arn:aws:iam::{account}:user/alice", "end-user")

    assert catalog.list_portfolios()["PortfolioDetails"] == []
