"""Who sees what: accounts and regions are strictly apart; access levels tell users and roles of one account apart."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from manciple.app import Server
from tests.contract import publishing, requests
from tests.contract.publishing import QUEUE, Published
from tests.contract.requests import refusal

Publish = Callable[..., Published]

LISTS = {
    "scan_provisioned_products": "ProvisionedProducts",
    "search_provisioned_products": "ProvisionedProducts",
    "list_record_history": "RecordDetails",
    "list_provisioned_product_plans": "ProvisionedProductPlans",
}
PLACES = [{"account": "999999999997"}, {"region": "us-east-2"}]


def names(catalog: Any, operation: str, level: str | None = None) -> list[str]:
    """The names of the provisioned products that a list tells of."""
    members = {"AccessLevelFilter": {"Key": level, "Value": "self"}} if level else {}
    found = getattr(catalog, operation)(**members)[LISTS[operation]]
    keys = ("Name", "ProvisionedProductName", "ProvisionProductName")
    return sorted(next(one[key] for key in keys if key in one) for one in found)


@pytest.fixture
def callers(server: Server, account: str, publish: Publish) -> dict[str, Any]:
    """A user and two sessions of one role, each with a launched and a planned product of their own name."""
    product = publish(QUEUE)
    user = f"arn:aws:iam::{account}:user/alice"
    product.catalog.associate_principal_with_portfolio(
        PortfolioId=product.portfolio_id, PrincipalARN=user, PrincipalType="IAM"
    )
    arns = {
        "alice": user,
        "ann": f"arn:aws:sts::{account}:assumed-role/Dev/ann",
        "bob": f"arn:aws:sts::{account}:assumed-role/Dev/bob",
    }
    clients = {name: requests.issue_key(server, account, arn) for name, arn in arns.items()}
    for name, client in clients.items():
        owned = Published(client, product.product_id, product.portfolio_id, product.versions)
        owned.plan(name, wait=False)
        client.provision_product(
            ProductId=product.product_id,
            ProvisioningArtifactId=product.versions[0],
            ProvisionedProductName=f"{name}-now",
            ProvisionToken=str(uuid4()),
        )
    return clients


OF = {
    "scan_provisioned_products": ["{}", "{}-now"],
    "search_provisioned_products": ["{}", "{}-now"],
    "list_record_history": ["{}-now"],
    "list_provisioned_product_plans": ["{}"],
}


def of(operation: str, *owners: str) -> list[str]:
    return sorted(form.format(owner) for form in OF[operation] for owner in owners)


def test_access_levels_tell_users_roles_and_the_account_apart(callers: dict[str, Any]) -> None:
    seen = {
        (operation, level): names(callers["ann"], operation, level)
        for operation in LISTS
        for level in ("User", "Role", "Account")
    }

    who = {"User": ["ann"], "Role": ["ann", "bob"], "Account": ["alice", "ann", "bob"]}
    assert seen == {(operation, level): of(operation, *who[level]) for operation in LISTS for level in who}


def test_lists_show_the_users_own_and_searches_the_accounts(callers: dict[str, Any]) -> None:
    seen = {operation: names(callers["alice"], operation) for operation in LISTS}

    everyone = ("alice", "ann", "bob")
    defaults = dict.fromkeys(LISTS, ("alice",)) | {"search_provisioned_products": everyone}
    assert seen == {operation: of(operation, *owners) for operation, owners in defaults.items()}


def test_a_search_names_the_user_and_the_session(callers: dict[str, Any], account: str) -> None:
    answer = callers["bob"].search_provisioned_products(Filters={"SearchQuery": ["name:ann-now"]})

    (found,) = answer["ProvisionedProducts"]
    assert found["UserArn"] == f"arn:aws:iam::{account}:role/Dev"
    assert found["UserArnSession"] == f"arn:aws:sts::{account}:assumed-role/Dev/ann"
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert tags["aws:servicecatalog:provisioningPrincipalArn"] == found["UserArnSession"]


@pytest.mark.parametrize("operation", LISTS)
def test_an_access_level_takes_no_other_value_than_self(catalog: Any, operation: str) -> None:
    level = {"Key": "User", "Value": "arn:aws:iam::123456789012:user/bob"}

    code, message = refusal(lambda: getattr(catalog, operation)(AccessLevelFilter=level))

    assert code == "InvalidParametersException"
    assert "self" in message


@pytest.mark.parametrize("place", PLACES)
def test_nothing_of_one_place_is_seen_in_another(
    make_client: Callable[..., Any], publish: Publish, place: dict[str, str]
) -> None:
    product = publish(QUEUE)
    record = product.launch("mine")["RecordDetail"]
    plan_id = product.plan("planned")["ProvisionedProductPlanDetails"]["PlanId"]
    stranger = make_client("servicecatalog", **place)
    account = {"Key": "Account", "Value": "self"}

    lists = [getattr(stranger, operation)(AccessLevelFilter=account)[member] for operation, member in LISTS.items()]
    codes = {
        refusal(call)[0]
        for call in (
            lambda: stranger.describe_record(Id=record["RecordId"]),
            lambda: stranger.describe_provisioned_product(Id=record["ProvisionedProductId"]),
            lambda: stranger.describe_provisioned_product(Name="mine"),
            lambda: stranger.get_provisioned_product_outputs(ProvisionedProductName="mine"),
            lambda: stranger.describe_provisioned_product_plan(PlanId=plan_id),
            lambda: stranger.delete_provisioned_product_plan(PlanId=plan_id),
            lambda: stranger.execute_provisioned_product_plan(PlanId=plan_id, IdempotencyToken="t"),
            lambda: stranger.terminate_provisioned_product(
                ProvisionedProductId=record["ProvisionedProductId"], TerminateToken="t"
            ),
        )
    }

    assert lists == [[], [], [], []]
    assert codes == {"ResourceNotFoundException"}


def test_the_arn_of_another_region_finds_nothing(make_client: Callable[..., Any], publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    arn = product.describe("mine")["Arn"]
    stranger = make_client("servicecatalog", region="us-east-2")

    refused = refusal(lambda: stranger.terminate_provisioned_product(ProvisionedProductName=arn, TerminateToken="t"))

    assert refused == ("ResourceNotFoundException", f"Provisioned product not found: {arn}")


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_arns_are_of_their_regions_partition(make_client: Callable[..., Any], region: str, partition: str) -> None:
    product = publishing.publish(
        make_client("servicecatalog", region=region), make_client("s3", region=region), QUEUE, partition=partition
    )

    record = product.launch("mine")

    tags = {tag["Value"] for tag in record["RecordDetail"]["RecordTags"] if tag["Value"].startswith("arn:")}
    assert product.describe("mine")["Arn"].startswith(f"arn:{partition}:servicecatalog:{region}:")
    assert record["RecordOutputs"][0]["OutputValue"].startswith(f"arn:{partition}:cloudformation:{region}:")
    assert all(value.startswith(f"arn:{partition}:") for value in tags)


@pytest.mark.parametrize("region", ["local", "eu-central-9"])
def test_any_region_of_the_right_form_is_a_region_of_its_own(make_client: Callable[..., Any], region: str) -> None:
    make_client("servicecatalog", region=region).create_portfolio(
        DisplayName="there", ProviderName="IT", IdempotencyToken="there"
    )

    assert make_client("servicecatalog", region="us-east-1").list_portfolios()["PortfolioDetails"] == []
    assert len(make_client("servicecatalog", region=region).list_portfolios()["PortfolioDetails"]) == 1


def test_a_region_that_no_name_can_be_is_refused(make_client: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="is no region's name") as refused:
        make_client("servicecatalog", region="US-EAST-1").list_portfolios()

    assert refused.value.response["Error"]["Code"] == "ValidationException"
