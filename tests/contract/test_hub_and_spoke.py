"""A hub and its spokes: one catalog for many accounts, from an empty server to the end of the share."""

from typing import Any
from uuid import uuid4

from tests.contract.conftest import REGION, client_of
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published, publish
from tests.contract.requests import issue_key, refusal
from tests.contract.sharing import Parties, ids, node

ORGANIZATIONS = {"PortfolioShareType": "AWS_ORGANIZATIONS"}


def developer(parties: Parties, account: str) -> Any:
    """A session of the role Developer in an account."""
    return issue_key(parties.server, account, f"arn:aws:sts::{account}:assumed-role/Developer/ann")


def launch(parties: Parties, account: str, product: Published, name: str, version: int = 0) -> dict[str, Any]:
    """Launch along a plan as the account's developer; the record once it has ended."""
    mine = Published(developer(parties, account), product.product_id, product.portfolio_id, product.versions)
    planned = mine.plan(name, version)["ProvisionedProductPlanDetails"]
    assert planned["Status"] == "CREATE_SUCCESS"
    record: dict[str, Any] = mine.execute(planned["PlanId"])["RecordDetail"]
    return record


def test_a_hub_serves_its_spokes(parties: Parties) -> None:
    hub, spoke, stranger = (parties.catalog(one) for one in (parties.hub, parties.spoke, parties.stranger))

    # The hub publishes a product under a constraint, lets developers of every account in, and shares with a unit.
    product = publish(hub, client_of(parties.server, "s3", parties.hub), QUEUE, QUEUE_AND_TOPIC, name="queue")
    hub.create_constraint(
        PortfolioId=product.portfolio_id,
        ProductId=product.product_id,
        Type="LAUNCH",
        Parameters='{"LocalRoleName": "CatalogLauncher"}',
        IdempotencyToken=str(uuid4()),
    )
    hub.associate_principal_with_portfolio(
        PortfolioId=product.portfolio_id, PrincipalARN="arn:aws:iam:::role/Developer", PrincipalType="IAM_PATTERN"
    )
    hub.enable_aws_organizations_access()
    token = hub.create_portfolio_share(
        PortfolioId=product.portfolio_id,
        OrganizationNode=node("ORGANIZATIONAL_UNIT", parties.unit),
        SharePrincipals=True,
        ShareTagOptions=True,
    )["PortfolioShareToken"]
    hub.create_portfolio_share(PortfolioId=product.portfolio_id, AccountId=parties.stranger)

    status = hub.describe_portfolio_share_status(PortfolioShareToken=token)
    assert status["ShareDetails"]["SuccessfulShares"] == sorted([parties.spoke, parties.nested])

    # Developers of the unit's accounts find the product without anybody's doing, and launch under a role of their own.
    assert ids(spoke.list_accepted_portfolio_shares(**ORGANIZATIONS)) == [product.portfolio_id]
    record = launch(parties, parties.spoke, product, "orders")
    nested = launch(parties, parties.nested, product, "orders", 1)
    assert (record["Status"], nested["Status"]) == ("SUCCEEDED", "SUCCEEDED")
    assert record["LaunchRoleArn"] == f"arn:aws:iam::{parties.spoke}:role/CatalogLauncher"
    assert nested["LaunchRoleArn"] == f"arn:aws:iam::{parties.nested}:role/CatalogLauncher"
    tags = {tag["Key"].rpartition(":")[2]: tag["Value"] for tag in record["RecordTags"]}
    assert tags["productArn"] == f"arn:aws:catalog:{REGION}:{parties.hub}:product/{product.product_id}"
    assert tags["provisionedProductArn"].startswith(f"arn:aws:servicecatalog:{REGION}:{parties.spoke}:stack/orders/")

    # A stranger accepts first and lets its own principals in; principal names are not shared with it.
    stranger.accept_portfolio_share(PortfolioId=product.portfolio_id)
    assert refusal(lambda: launch(parties, parties.stranger, product, "mine"))[0] == "ResourceNotFoundException"
    stranger.associate_principal_with_portfolio(
        PortfolioId=product.portfolio_id,
        PrincipalARN=f"arn:aws:iam::{parties.stranger}:role/Developer",
        PrincipalType="IAM",
    )
    assert launch(parties, parties.stranger, product, "mine")["Status"] == "SUCCEEDED"

    # A spoke takes the product into a portfolio of its own, under its own role, and keeps a copy for itself.
    local = spoke.create_portfolio(DisplayName="Local", ProviderName="Spoke", IdempotencyToken="t-1")
    local_id = local["PortfolioDetail"]["Id"]
    spoke.associate_product_with_portfolio(
        ProductId=product.product_id, PortfolioId=local_id, SourcePortfolioId=product.portfolio_id
    )
    arn = f"arn:aws:catalog:{REGION}:{parties.hub}:product/{product.product_id}"
    copied = spoke.copy_product(SourceProductArn=arn, TargetProductName="Ours", IdempotencyToken="t-2")
    copy = spoke.describe_copy_product_status(CopyProductToken=copied["CopyProductToken"])
    assert copy["CopyProductStatus"] == "SUCCEEDED"

    # The hub ends what it shared. What runs goes on and can be ended; the copy stays.
    hub.delete_portfolio_share(
        PortfolioId=product.portfolio_id, OrganizationNode=node("ORGANIZATIONAL_UNIT", parties.unit)
    )
    hub.delete_portfolio_share(PortfolioId=product.portfolio_id, AccountId=parties.stranger)
    for account in (parties.spoke, parties.nested, parties.stranger):
        assert developer(parties, account).search_products()["ProductViewSummaries"] == []
    mine = Published(developer(parties, parties.spoke), product.product_id, product.portfolio_id, product.versions)
    assert mine.describe("orders")["Status"] == "AVAILABLE"
    assert mine.terminate("orders")["RecordDetail"]["Status"] == "SUCCEEDED"
    assert len(spoke.describe_product_as_admin(Id=copy["TargetProductId"])["ProvisioningArtifactSummaries"]) == 2
