"""What a recipient sees of a shared portfolio, may do with it, and may not (service-catalog-api reference, 5.7)."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.conftest import REGION
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published, walk
from tests.contract.requests import create_portfolio, issue_key, refusal
from tests.contract.sharing import Parties, ids, node

NO_PATHS = "No launch paths found for resource: {}"


@pytest.fixture
def product(parties: Parties) -> Published:
    """A product of two versions in a portfolio of the hub's that the spoke has imported, open to the spoke."""
    made = parties.publish(QUEUE, QUEUE_AND_TOPIC)
    parties.import_into(parties.spoke, made.portfolio_id)
    parties.open(parties.spoke, made.portfolio_id)
    return made


def in_spoke(parties: Parties, product: Published, account: str | None = None) -> Published:
    """The same product as another account, by default the spoke, launches it."""
    catalog = parties.catalog(account or parties.spoke)
    return Published(catalog, product.product_id, product.portfolio_id, product.versions)


def paths(catalog: Any, product_id: str) -> list[str]:
    return ids(catalog.list_launch_paths(ProductId=product_id), "LaunchPathSummaries")


def path_id(portfolio_id: str) -> str:
    return portfolio_id.replace("port-", "lpv3-")


def found(catalog: Any, **members: Any) -> list[str]:
    return [view["ProductId"] for view in catalog.search_products(**members)["ProductViewSummaries"]]


def local_copy(parties: Parties, product: Published) -> str:
    """A portfolio of the spoke's own that offers the shared product."""
    spoke = parties.catalog(parties.spoke)
    portfolio_id = create_portfolio(spoke, "Local")
    spoke.associate_product_with_portfolio(
        ProductId=product.product_id, PortfolioId=portfolio_id, SourcePortfolioId=product.portfolio_id
    )
    return portfolio_id


def test_a_recipient_sees_the_portfolio_and_what_is_in_it(parties: Parties, product: Published) -> None:
    spoke = parties.catalog(parties.spoke)

    detail = spoke.describe_portfolio(Id=product.portfolio_id)["PortfolioDetail"]
    view = spoke.describe_product_as_admin(Id=product.product_id, SourcePortfolioId=product.portfolio_id)
    searched = spoke.search_products_as_admin(PortfolioId=product.portfolio_id)["ProductViewDetails"]
    versions = spoke.list_provisioning_artifacts(ProductId=product.product_id)["ProvisioningArtifactDetails"]
    version = spoke.describe_provisioning_artifact(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[1], Verbose=True
    )

    arn = f"arn:aws:catalog:{REGION}:{parties.hub}"
    assert detail["ARN"] == f"{arn}:portfolio/{product.portfolio_id}"
    assert view["ProductViewDetail"]["ProductARN"] == f"{arn}:product/{product.product_id}"
    assert tuple(ids(view, "ProvisioningArtifactSummaries")) == product.versions
    assert [one["ProductARN"] for one in searched] == [f"{arn}:product/{product.product_id}"]
    assert tuple(one["Id"] for one in versions) == product.versions
    assert version["Info"]["CloudFormationTemplate"] == QUEUE_AND_TOPIC
    assert ids(spoke.list_portfolios_for_product(ProductId=product.product_id)) == [product.portfolio_id]


def test_an_administrators_search_of_the_account_lists_its_own_products_only(
    parties: Parties, product: Published
) -> None:
    own = parties.publish(account=parties.spoke)

    details = parties.catalog(parties.spoke).search_products_as_admin()["ProductViewDetails"]

    assert [detail["ProductViewSummary"]["ProductId"] for detail in details] == [own.product_id]


def test_a_recipients_principal_finds_the_product_and_its_path(parties: Parties, product: Published) -> None:
    spoke = parties.catalog(parties.spoke)
    view = spoke.describe_product(Id=product.product_id)

    assert view["LaunchPaths"] == [{"Id": path_id(product.portfolio_id), "Name": "products"}]
    assert tuple(ids(view, "ProvisioningArtifacts")) == product.versions
    assert spoke.describe_product(Name="product")["ProductViewSummary"] == view["ProductViewSummary"]
    by_view = spoke.describe_product_view(Id=view["ProductViewSummary"]["Id"])
    assert by_view["ProductViewSummary"]["ProductId"] == product.product_id
    assert paths(spoke, product.product_id) == [path_id(product.portfolio_id)]
    assert found(spoke) == [product.product_id]
    assert found(spoke, Filters={"FullTextSearch": ["prod"]}) == [product.product_id]
    assert found(spoke, Filters={"FullTextSearch": ["elsewhere"]}) == []
    aggregations = spoke.search_products()["ProductViewAggregations"]
    assert aggregations["Owner"] == [{"Value": "test", "ApproximateCount": 1}]


def test_search_joins_own_and_shared_products_in_pages(parties: Parties, product: Published) -> None:
    own = parties.publish(account=parties.spoke, name="another")
    spoke = parties.catalog(parties.spoke)

    pages = walk(spoke.search_products, "ProductViewSummaries", SortBy="Title", SortOrder="ASCENDING", PageSize=1)

    assert [[view["ProductId"] for view in page] for page in pages] == [[own.product_id], [product.product_id]]


def test_a_launch_from_a_shared_portfolio_is_the_recipients_and_names_the_owner(
    parties: Parties, product: Published
) -> None:
    launched = in_spoke(parties, product).launch("mine")

    record = launched["RecordDetail"]
    tags = {tag["Key"].rpartition(":")[2]: tag["Value"] for tag in record["RecordTags"]}
    assert (record["Status"], record["PathId"]) == ("SUCCEEDED", path_id(product.portfolio_id))
    assert tags["portfolioArn"] == f"arn:aws:catalog:{REGION}:{parties.hub}:portfolio/{product.portfolio_id}"
    assert tags["productArn"] == f"arn:aws:catalog:{REGION}:{parties.hub}:product/{product.product_id}"
    assert tags["provisionedProductArn"].startswith(f"arn:aws:servicecatalog:{REGION}:{parties.spoke}:stack/mine/")
    assert f":{parties.spoke}:stack/SC-{parties.spoke}-" in launched["RecordOutputs"][0]["OutputValue"]
    assert parties.catalog(parties.hub).search_provisioned_products()["ProvisionedProducts"] == []


def test_a_plan_and_an_update_along_a_shared_path(parties: Parties, product: Published) -> None:
    mine = in_spoke(parties, product)
    planned = mine.plan("mine")["ProvisionedProductPlanDetails"]
    executed = mine.execute(planned["PlanId"])["RecordDetail"]

    updated = mine.update("mine", 1)["RecordDetail"]

    detail = mine.describe("mine")
    (item,) = mine.catalog.search_provisioned_products()["ProvisionedProducts"]
    assert (executed["Status"], updated["Status"]) == ("SUCCEEDED", "SUCCEEDED")
    assert detail["ProvisioningArtifactId"] == product.versions[1]
    assert (item["ProductName"], item["ProvisioningArtifactName"]) == ("product", "v2")


def test_parameters_are_asked_for_from_the_owners_template(parties: Parties, product: Published) -> None:
    answer = parties.catalog(parties.spoke).describe_provisioning_parameters(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[0]
    )

    assert [one["ParameterKey"] for one in answer["ProvisioningArtifactParameters"]] == ["Delay"]


def test_the_owners_constraints_hold_for_recipients(parties: Parties, product: Published) -> None:
    rule = '{"Rules": {"Low": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Delay"}, "0"]}}]}}}'
    made = parties.catalog(parties.hub).create_constraint(
        PortfolioId=product.portfolio_id,
        ProductId=product.product_id,
        Type="TEMPLATE",
        Parameters=rule,
        IdempotencyToken=str(uuid4()),
    )
    mine = in_spoke(parties, product)

    refused = mine.launch("high", ProvisioningParameters=[{"Key": "Delay", "Value": "5"}])["RecordDetail"]
    listed = mine.catalog.list_constraints_for_portfolio(PortfolioId=product.portfolio_id)["ConstraintDetails"]

    assert refused["Status"] == "FAILED"
    assert [(one["Type"], one["Owner"]) for one in listed] == [("TEMPLATE", parties.hub)]
    constraint = {"Id": made["ConstraintDetail"]["ConstraintId"]}
    assert mine.catalog.describe_constraint(**constraint)["ConstraintParameters"] == rule
    assert refusal(lambda: mine.catalog.delete_constraint(**constraint))[0] == "ResourceNotFoundException"
    stranger = parties.catalog(parties.stranger)
    assert refusal(lambda: stranger.describe_constraint(**constraint))[0] == "ResourceNotFoundException"


def test_an_owners_change_is_seen_at_once(parties: Parties, product: Published) -> None:
    hub, spoke = parties.catalog(parties.hub), parties.catalog(parties.spoke)
    hub.update_provisioning_artifact(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[0], Active=False
    )
    hub.update_portfolio(Id=product.portfolio_id, DisplayName="Renamed")

    view = spoke.describe_product(Id=product.product_id)
    hub.disassociate_product_from_portfolio(ProductId=product.product_id, PortfolioId=product.portfolio_id)

    assert ids(view, "ProvisioningArtifacts") == [product.versions[1]]
    assert view["LaunchPaths"][0]["Name"] == "Renamed"
    assert refusal(lambda: paths(spoke, product.product_id))[1] == NO_PATHS.format(product.product_id)


ALTERATIONS: list[tuple[str, Callable[[Published, str], dict[str, Any]]]] = [
    ("update_portfolio", lambda product, _: {"Id": product.portfolio_id, "DisplayName": "Mine"}),
    ("delete_portfolio", lambda product, _: {"Id": product.portfolio_id}),
    ("update_product", lambda product, _: {"Id": product.product_id, "Name": "Mine"}),
    ("delete_product", lambda product, _: {"Id": product.product_id}),
    (
        "create_provisioning_artifact",
        lambda product, _: {
            "ProductId": product.product_id,
            "Parameters": {"Info": {"LoadTemplateFromURL": "https://example.com/t"}},
            "IdempotencyToken": "t-1",
        },
    ),
    (
        "update_provisioning_artifact",
        lambda product, _: {"ProductId": product.product_id, "ProvisioningArtifactId": product.versions[0]},
    ),
    (
        "delete_provisioning_artifact",
        lambda product, _: {"ProductId": product.product_id, "ProvisioningArtifactId": product.versions[0]},
    ),
    (
        "disassociate_product_from_portfolio",
        lambda product, _: {"ProductId": product.product_id, "PortfolioId": product.portfolio_id},
    ),
    (
        "associate_product_with_portfolio",
        lambda product, own: {"ProductId": own, "PortfolioId": product.portfolio_id},
    ),
    (
        "create_constraint",
        lambda product, _: {
            "PortfolioId": product.portfolio_id,
            "ProductId": product.product_id,
            "Type": "NOTIFICATION",
            "Parameters": '{"NotificationArns": []}',
            "IdempotencyToken": "t-1",
        },
    ),
    ("describe_portfolio_shares", lambda product, _: {"PortfolioId": product.portfolio_id, "Type": "ACCOUNT"}),
    ("list_portfolio_access", lambda product, _: {"PortfolioId": product.portfolio_id}),
]


@pytest.mark.parametrize(("operation", "members"), ALTERATIONS)
def test_what_is_shared_is_not_the_recipients_to_alter(
    parties: Parties, product: Published, operation: str, members: Callable[[Published, str], dict[str, Any]]
) -> None:
    own = parties.publish(account=parties.spoke)

    code, _ = refusal(lambda: getattr(parties.catalog(parties.spoke), operation)(**members(product, own.product_id)))

    assert code == "ResourceNotFoundException"


def test_a_recipients_principals_are_its_own(parties: Parties, product: Published) -> None:
    hub, spoke = parties.catalog(parties.hub), parties.catalog(parties.spoke)

    def principals(catalog: Any) -> list[str]:
        answer = catalog.list_principals_for_portfolio(PortfolioId=product.portfolio_id)
        return [principal["PrincipalARN"] for principal in answer["Principals"]]

    seen = principals(hub), principals(spoke)
    spoke.disassociate_principal_from_portfolio(
        PortfolioId=product.portfolio_id, PrincipalARN=f"arn:aws:iam::{parties.spoke}:role/Developer"
    )

    assert seen == (["arn:aws:iam:::role/*"], [f"arn:aws:iam::{parties.spoke}:role/Developer"])
    assert refusal(lambda: paths(spoke, product.product_id))[1] == NO_PATHS.format(product.product_id)


def test_a_principal_of_the_owner_opens_no_path_for_a_recipient(parties: Parties) -> None:
    product = parties.publish()
    spoke = parties.import_into(parties.spoke, product.portfolio_id)

    assert refusal(lambda: paths(spoke, product.product_id))[1] == NO_PATHS.format(product.product_id)
    assert found(spoke) == []


def test_principal_names_that_are_shared_along_open_paths(parties: Parties) -> None:
    parties.enable()
    product = parties.publish()
    hub = parties.catalog(parties.hub)
    principals = {"arn:aws:iam:::role/Dev*": "IAM_PATTERN", f"arn:aws:iam::{parties.hub}:role/Hub": "IAM"}
    for principal, kind in principals.items():
        hub.associate_principal_with_portfolio(
            PortfolioId=product.portfolio_id, PrincipalARN=principal, PrincipalType=kind
        )
    hub.disassociate_principal_from_portfolio(
        PortfolioId=product.portfolio_id, PrincipalARN="arn:aws:iam:::role/*", PrincipalType="IAM_PATTERN"
    )
    unit = node("ORGANIZATIONAL_UNIT", parties.unit)
    hub.create_portfolio_share(PortfolioId=product.portfolio_id, OrganizationNode=unit, SharePrincipals=True)
    developer, operator = (
        issue_key(parties.server, parties.spoke, f"arn:aws:sts::{parties.spoke}:assumed-role/{role}/ann")
        for role in ("Developer", "Operator")
    )
    spoke = parties.catalog(parties.spoke)

    listed = spoke.list_principals_for_portfolio(PortfolioId=product.portfolio_id)["Principals"]
    opened = paths(developer, product.product_id), found(operator)
    hub.update_portfolio_share(PortfolioId=product.portfolio_id, OrganizationNode=unit, SharePrincipals=False)

    assert listed == [{"PrincipalARN": "arn:aws:iam:::role/Dev*", "PrincipalType": "IAM_PATTERN"}]
    assert opened == ([path_id(product.portfolio_id)], [])
    assert refusal(lambda: paths(developer, product.product_id))[0] == "ResourceNotFoundException"


def end_by_delete(parties: Parties, portfolio_id: str) -> None:
    parties.catalog(parties.hub).delete_portfolio_share(PortfolioId=portfolio_id, AccountId=parties.spoke)


def end_by_reject(parties: Parties, portfolio_id: str) -> None:
    parties.catalog(parties.spoke).reject_portfolio_share(PortfolioId=portfolio_id)


@pytest.mark.parametrize("end", [end_by_delete, end_by_reject])
def test_the_end_of_a_share_takes_the_paths_and_leaves_what_was_launched(
    parties: Parties, product: Published, end: Callable[[Parties, str], None]
) -> None:
    local = local_copy(parties, product)
    mine = in_spoke(parties, product)
    mine.launch("mine", PathId=path_id(product.portfolio_id))
    planned = mine.plan("planned", PathId=path_id(local))["ProvisionedProductPlanDetails"]

    end(parties, product.portfolio_id)

    gone = ("ResourceNotFoundException", NO_PATHS.format(product.product_id))
    assert refusal(lambda: paths(mine.catalog, product.product_id)) == gone
    assert refusal(lambda: mine.update("mine", 1)) == gone
    assert refusal(lambda: mine.execute(planned["PlanId"])) == gone
    assert refusal(lambda: mine.catalog.describe_product(Id=product.product_id)) == (
        "ResourceNotFoundException",
        f"{product.product_id} does not exist or access was denied",
    )
    assert refusal(lambda: mine.catalog.describe_portfolio(Id=product.portfolio_id))[0] == "ResourceNotFoundException"
    assert found(mine.catalog) == []
    assert mine.describe("mine")["Status"] == "AVAILABLE"
    assert mine.terminate("mine")["RecordDetail"]["Status"] == "SUCCEEDED"
    mine.catalog.disassociate_product_from_portfolio(ProductId=product.product_id, PortfolioId=local)
    mine.catalog.delete_provisioned_product_plan(PlanId=planned["PlanId"])


def test_a_local_portfolio_takes_a_shared_product_through_the_portfolio_it_comes_from(
    parties: Parties, product: Published
) -> None:
    local = local_copy(parties, product)
    spoke = parties.catalog(parties.spoke)

    launched = in_spoke(parties, product).launch("mine", PathId=path_id(local))["RecordDetail"]

    tags = {tag["Key"].rpartition(":")[2]: tag["Value"] for tag in launched["RecordTags"]}
    assert paths(spoke, product.product_id) == [path_id(product.portfolio_id), path_id(local)]
    assert ids(spoke.list_portfolios_for_product(ProductId=product.product_id)) == [product.portfolio_id, local]
    assert tags["portfolioArn"] == f"arn:aws:catalog:{REGION}:{parties.spoke}:portfolio/{local}"
    assert tags["productArn"] == f"arn:aws:catalog:{REGION}:{parties.hub}:product/{product.product_id}"
    assert refusal(lambda: in_spoke(parties, product).launch("other"))[1] == (
        "More than one launch path ids exist. Please specify the launch path id"
    )


def test_a_local_portfolio_has_constraints_of_its_own(parties: Parties, product: Published) -> None:
    local = local_copy(parties, product)
    spoke = parties.catalog(parties.spoke)

    made = spoke.create_constraint(
        PortfolioId=local,
        ProductId=product.product_id,
        Type="LAUNCH",
        Parameters='{"LocalRoleName": "Launcher"}',
        IdempotencyToken=str(uuid4()),
    )

    assert made["ConstraintDetail"]["Owner"] == parties.spoke
    launched = in_spoke(parties, product).launch("mine", PathId=path_id(local))["RecordDetail"]
    assert launched["LaunchRoleArn"] == f"arn:aws:iam::{parties.spoke}:role/Launcher"


@pytest.mark.parametrize("source", [None, "local", "unknown"])
def test_a_shared_product_needs_the_portfolio_it_comes_from(
    parties: Parties, product: Published, source: str | None
) -> None:
    spoke = parties.catalog(parties.spoke)
    local = create_portfolio(spoke, "Local")
    members = {"local": {"SourcePortfolioId": local}, "unknown": {"SourcePortfolioId": "port-aaaaaaaaaaaaa"}}

    code, _ = refusal(
        lambda: spoke.associate_product_with_portfolio(
            ProductId=product.product_id, PortfolioId=local, **members.get(source or "", {})
        )
    )

    assert code == "ResourceNotFoundException"


def test_a_portfolio_with_a_shared_product_is_not_shared_in_either_order(parties: Parties, product: Published) -> None:
    spoke = parties.catalog(parties.spoke)
    local, shared_before = local_copy(parties, product), create_portfolio(spoke, "Shared before")
    spoke.create_portfolio_share(PortfolioId=shared_before, AccountId=parties.stranger)

    first = refusal(lambda: spoke.create_portfolio_share(PortfolioId=local, AccountId=parties.stranger))
    second = refusal(
        lambda: spoke.associate_product_with_portfolio(
            ProductId=product.product_id, PortfolioId=shared_before, SourcePortfolioId=product.portfolio_id
        )
    )

    assert first == (
        "InvalidParametersException",
        f"Portfolio {local} contains shared products; a shared product cannot be shared again.",
    )
    assert second[0] == "InvalidParametersException"


def test_tag_options_come_along_if_the_share_brings_them(parties: Parties, product: Published) -> None:
    hub, spoke = parties.catalog(parties.hub), parties.catalog(parties.spoke)
    for catalog, value, resource in [
        (hub, "hub", product.portfolio_id),
        (hub, "owner", product.product_id),
        (spoke, "spoke", product.product_id),
    ]:
        option = catalog.create_tag_option(Key=value, Value=value)["TagOptionDetail"]["Id"]
        catalog.associate_tag_option_with_resource(ResourceId=resource, TagOptionId=option)

    def keys() -> tuple[list[str], list[str], list[str]]:
        asked = spoke.describe_provisioning_parameters(
            ProductId=product.product_id, ProvisioningArtifactId=product.versions[0]
        )
        as_admin = spoke.describe_product_as_admin(Id=product.product_id, SourcePortfolioId=product.portfolio_id)
        portfolio = spoke.describe_portfolio(Id=product.portfolio_id)
        return (
            sorted(one["Key"] for one in asked["TagOptions"]),
            sorted(one["Key"] for one in as_admin["TagOptions"]),
            sorted(one["Key"] for one in portfolio["TagOptions"]),
        )

    without = keys()
    hub.update_portfolio_share(PortfolioId=product.portfolio_id, AccountId=parties.spoke, ShareTagOptions=True)
    launched = in_spoke(parties, product).launch("mine")["RecordDetail"]

    assert without == (["spoke"], ["spoke"], [])
    assert keys() == (["hub", "owner", "spoke"], ["owner", "spoke"], ["hub"])
    own = {tag["Key"] for tag in launched["RecordTags"] if not tag["Key"].startswith("aws:")}
    assert own == {"hub", "owner", "spoke"}
    assert [one["Key"] for one in hub.describe_product_as_admin(Id=product.product_id)["TagOptions"]] == ["owner"]


def test_everything_else_stays_apart(parties: Parties, product: Published) -> None:
    hidden = parties.publish(name="hidden")
    hub, spoke = parties.catalog(parties.hub), parties.catalog(parties.spoke)
    in_spoke(parties, product).launch("mine")

    codes = [
        refusal(lambda: spoke.describe_portfolio(Id=hidden.portfolio_id))[0],
        refusal(lambda: spoke.describe_product_as_admin(Id=hidden.product_id))[0],
        refusal(lambda: spoke.list_provisioning_artifacts(ProductId=hidden.product_id))[0],
        refusal(lambda: spoke.list_portfolios_for_product(ProductId=hidden.product_id))[0],
        refusal(lambda: hub.describe_provisioned_product(Name="mine"))[0],
    ]

    assert codes == ["ResourceNotFoundException"] * 5
    assert hub.list_record_history(AccessLevelFilter={"Key": "Account", "Value": "self"})["RecordDetails"] == []
    assert found(spoke) == [product.product_id]


@pytest.mark.parametrize(("party", "region"), [("nested", REGION), ("stranger", REGION), ("spoke", "us-east-2")])
def test_other_accounts_and_regions_see_nothing(parties: Parties, product: Published, party: str, region: str) -> None:
    other = parties.catalog(getattr(parties, party), region)

    codes = [
        refusal(lambda: other.describe_portfolio(Id=product.portfolio_id))[0],
        refusal(lambda: other.describe_product_as_admin(Id=product.product_id))[0],
        refusal(lambda: paths(other, product.product_id))[0],
        refusal(lambda: other.search_products_as_admin(PortfolioId=product.portfolio_id))[0],
        refusal(
            lambda: other.associate_principal_with_portfolio(
                PortfolioId=product.portfolio_id, PrincipalARN="arn:aws:iam:::role/*", PrincipalType="IAM_PATTERN"
            )
        )[0],
    ]

    assert codes == ["ResourceNotFoundException"] * 5
    assert found(other) == []
