"""Lists and searches find their rows by an index that begins with whose they are, and nothing scans a table.

A server runs with every statement recorded; each is then explained by the database it ran on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from manciple.app import Server
from manciple.operations.call import Operation
from manciple.registry import collect
from manciple.settings import load
from manciple.store.database import Database
from tests.contract.conftest import _free_port, client_of
from tests.contract.constraining import constrain
from tests.contract.engines import body_of, publish_external, take, tell
from tests.contract.engines import start as start_external
from tests.contract.publishing import Published, bucket_of, publish
from tests.contract.raw import send
from tests.contract.requests import create_portfolio
from tests.house.statements import Recorder, accesses, recording

ACCOUNT, REGION = "123456789012", "eu-west-1"
OTHER, ORGANIZATION, UNIT = "210987654321", "o-exampleorgid", "ou-root-applications"
TOPIC = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "%s"}}}}'

READ_WHOLE = {"key_check", "alembic_version", "sandbox_fault"}
"""Tables of one row, and of the few faults that an operator has set, which every batch of the sandbox must know."""
NOT_BY_OWNER = {"event", "portfolio_share", "directory"}
"""Tables whose rows are found by the operation that they belong to, which is found by its owner; by whom a portfolio is
shared with; and the one row of the operator's directory."""

LISTS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "ListAcceptedPortfolioShares": (
        "list_accepted_portfolio_shares",
        [{}, {"PortfolioShareType": "AWS_ORGANIZATIONS", "PageSize": 1}],
    ),
    "ListBudgetsForResource": ("list_budgets_for_resource", [{"ResourceId": "{product}"}]),
    "ListConstraintsForPortfolio": (
        "list_constraints_for_portfolio",
        [{"PortfolioId": "{portfolio}"}, {"PortfolioId": "{portfolio}", "ProductId": "{product}"}],
    ),
    "ListLaunchPaths": ("list_launch_paths", [{"ProductId": "{product}"}]),
    "ListOrganizationPortfolioAccess": (
        "list_organization_portfolio_access",
        [{"PortfolioId": "{portfolio}", "OrganizationNodeType": "ORGANIZATIONAL_UNIT"}],
    ),
    "ListPortfolioAccess": (
        "list_portfolio_access",
        [{"PortfolioId": "{portfolio}"}, {"PortfolioId": "{portfolio}", "OrganizationParentId": UNIT}],
    ),
    "ListPortfolios": ("list_portfolios", [{}, {"PageSize": 1}]),
    "ListPortfoliosForProduct": ("list_portfolios_for_product", [{"ProductId": "{product}"}]),
    "ListPrincipalsForPortfolio": ("list_principals_for_portfolio", [{"PortfolioId": "{portfolio}"}]),
    "ListProvisionedProductPlans": (
        "list_provisioned_product_plans",
        [
            {},
            {"ProvisionProductId": "{launched}"},
            *({"AccessLevelFilter": {"Key": key, "Value": "self"}} for key in ("Account", "Role", "User")),
        ],
    ),
    "ListProvisioningArtifacts": ("list_provisioning_artifacts", [{"ProductId": "{product}"}]),
    "ListProvisioningArtifactsForServiceAction": (
        "list_provisioning_artifacts_for_service_action",
        [{"ServiceActionId": "{action}"}],
    ),
    "ListRecordHistory": (
        "list_record_history",
        [
            *({"AccessLevelFilter": {"Key": key, "Value": "self"}} for key in ("Account", "Role", "User")),
            {"SearchFilter": {"Key": "product", "Value": "{product}"}},
            {"SearchFilter": {"Key": "provisionedproduct", "Value": "{launched}"}},
        ],
    ),
    "ListResourcesForTagOption": (
        "list_resources_for_tag_option",
        [{"TagOptionId": "{tag_option}"}, {"TagOptionId": "{tag_option}", "ResourceType": "Product"}],
    ),
    "ListServiceActions": ("list_service_actions", [{}, {"PageSize": 1}]),
    "ListServiceActionsForProvisioningArtifact": (
        "list_service_actions_for_provisioning_artifact",
        [{"ProductId": "{product}", "ProvisioningArtifactId": "{version}"}],
    ),
    "ListStackInstancesForProvisionedProduct": (
        "list_stack_instances_for_provisioned_product",
        [{"ProvisionedProductId": "{stack_set}"}],
    ),
    "ListTagOptions": ("list_tag_options", [{}, {"Filters": {"Key": "Stage", "Value": "dev", "Active": True}}]),
    "ScanProvisionedProducts": (
        "scan_provisioned_products",
        [{"AccessLevelFilter": {"Key": key, "Value": "self"}} for key in ("Account", "Role", "User")],
    ),
    "SearchProducts": (
        "search_products",
        [
            *({"SortBy": order, "SortOrder": "DESCENDING"} for order in ("Title", "VersionCount", "CreationDate")),
            {"Filters": {"FullTextSearch": ["topic"]}},
            {
                "Filters": {
                    "Owner": ["test"],
                    "ProductType": ["CLOUD_FORMATION_TEMPLATE"],
                    "SourceProductId": ["{product}"],
                }
            },
        ],
    ),
    "SearchProductsAsAdmin": (
        "search_products_as_admin",
        [{}, {"PortfolioId": "{portfolio}"}, {"Filters": {"FullTextSearch": ["topic"]}, "SortBy": "VersionCount"}],
    ),
    "SearchProvisionedProducts": (
        "search_provisioned_products",
        [
            *({"AccessLevelFilter": {"Key": key, "Value": "self"}} for key in ("Account", "Role", "User")),
            {"Filters": {"SearchQuery": ["topic"]}},
            {"Filters": {"SearchQuery": ["laun*"]}},
            {"Filters": {"SearchQuery": ["launched", "name:l*", "topic"]}},
            *(
                {"Filters": {"SearchQuery": ["name:launched"]}, "SortBy": field, "SortOrder": "DESCENDING"}
                for field in ("name", "id", "arn", "lastRecordId")
            ),
            *({"SortBy": field} for field in ("name", "id", "arn", "lastRecordId")),
            {"Filters": {"SearchQuery": ["status:AVAILABLE", "type:CFN_STACK"]}},
            {"Filters": {"SearchQuery": ["status:AVAILABLE"]}, "AccessLevelFilter": {"Key": "User", "Value": "self"}},
        ],
    ),
}
"""Every list and search of the AWS API that is there: boto3's method, and inputs that take every turn of it."""


@dataclass
class Explained:
    """A server whose statements are recorded, and its database to explain them."""

    server: Server
    recorder: Recorder
    database: Database
    published: Published
    names: dict[str, str]

    def fill(self, value: Any) -> Any:
        """An input with ids for names in braces."""
        if isinstance(value, dict):
            return {key: self.fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        return value.format(**self.names) if isinstance(value, str) else value

    def not_by_owner(self, start: int) -> set[str]:
        """The statements since `start` that reach a table otherwise than by an index that begins with the owner."""
        return {
            f"{access.table}: {access.condition or 'scan'}: {statement.text}"
            for statement in self.recorder.of_operations(start)
            for access in accesses(self.database, statement)
            if not access.is_owned and access.table not in NOT_BY_OWNER
        }


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def explained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explained]:
    """A server on each database with a product, a launch, an update, a plan and a termination behind it."""
    directory = tmp_path_factory.mktemp("queries")
    if request.param == "sqlite":
        yield from _explained(f"sqlite:///{directory / 'manciple.sqlite'}", directory)
    else:
        with request.getfixturevalue("postgresql_server").database() as url:
            yield from _explained(url, directory)


def _explained(url: str, directory: Any) -> Iterator[Explained]:
    key, port = directory / "secret.key", _free_port()
    key.write_text("17" * 32)
    flags = {"port": port, "database": url, "data": str(directory), "secret_key_file": str(key)}
    settings = load({**flags, "public_url": f"http://127.0.0.1:{port}"}, {"MANCIPLE_ENGINE__POLL_SECONDS": "0.1"})
    with recording(url) as recorder:
        server = Server(settings.settings)
        server.start()
        recorder.statements.clear()  # migrations may read whole tables
        database = Database(url)
        try:
            published, names = _live(server)
            yield Explained(server, recorder, database, published, names)
        finally:
            database.close()
            server.stop()


def _live(server: Server) -> tuple[Published, dict[str, str]]:
    catalog, s3 = client_of(server, "servicecatalog", ACCOUNT), client_of(server, "s3", ACCOUNT)
    published = publish(catalog, s3, TOPIC % "first", TOPIC % "second", name="topic")
    _share(server, published)
    tag_option = catalog.create_tag_option(Key="Stage", Value="dev")["TagOptionDetail"]["Id"]
    catalog.associate_tag_option_with_resource(ResourceId=published.product_id, TagOptionId=tag_option)
    catalog.associate_budget_with_resource(ResourceId=published.product_id, BudgetName="monthly")
    record = published.execute(published.plan("launched")["ProvisionedProductPlanDetails"]["PlanId"])["RecordDetail"]
    published.launch("terminated")
    ended = catalog.terminate_provisioned_product(ProvisionedProductName="terminated", TerminateToken="t-1")
    published.wait_for_record(ended["RecordDetail"]["RecordId"])
    action = _executed_action(published, record["ProvisionedProductId"])
    published.plan("launched", version=1)
    names = {
        "product": published.product_id,
        "portfolio": published.portfolio_id,
        "launched": record["ProvisionedProductId"],
        "record": record["RecordId"],
        "tag_option": tag_option,
        "action": action,
        "stack_set": _launched_stack_set(catalog, s3),
        "version": published.versions[0],
    }
    return published, names


def _share(server: Server, published: Published) -> None:
    """Share the portfolio with another account and a unit, and let that account share one of its own in return."""
    units = [{"Id": UNIT, "Accounts": [OTHER]}]
    organization = {"Id": ORGANIZATION, "ManagementAccount": ACCOUNT, "OrganizationalUnits": units}
    send(server, "PUT", "/_manciple/directory", {}, msgspec.json.encode({"Organizations": [organization]}))
    published.catalog.enable_aws_organizations_access()
    unit = {"Type": "ORGANIZATIONAL_UNIT", "Value": UNIT}
    published.catalog.create_portfolio_share(PortfolioId=published.portfolio_id, OrganizationNode=unit)
    other = client_of(server, "servicecatalog", OTHER)
    theirs = publish(other, client_of(server, "s3", OTHER), TOPIC % "theirs", name="theirs")
    other.create_portfolio_share(PortfolioId=theirs.portfolio_id, AccountId=ACCOUNT)
    published.catalog.accept_portfolio_share(PortfolioId=theirs.portfolio_id)
    local = create_portfolio(published.catalog, "local")
    published.catalog.associate_product_with_portfolio(
        ProductId=theirs.product_id, PortfolioId=local, SourcePortfolioId=theirs.portfolio_id
    )


def _launched_stack_set(catalog: Any, s3: Any) -> str:
    """The id of a launched stack set with one stack instance."""
    published = publish(catalog, s3, TOPIC % "set", name="set")
    role = f"arn:aws:iam::{ACCOUNT}:role/Admin"
    properties = {"AccountList": [ACCOUNT], "RegionList": [REGION], "AdminRole": role, "ExecutionRole": "Execution"}
    constrain(published, "STACKSET", {"Version": "1", "Properties": properties})
    return str(published.launch("set")["RecordDetail"]["ProvisionedProductId"])


def _executed_action(published: Published, product_id: str) -> str:
    """The id of a service action that was executed, and failed for want of a runner."""
    catalog = published.catalog
    action: str = catalog.create_service_action(
        Name="Restart", DefinitionType="SSM_AUTOMATION", Definition={"Name": "Document", "Version": "1"}
    )["ServiceActionDetail"]["ServiceActionSummary"]["Id"]
    catalog.associate_service_action_with_provisioning_artifact(
        ProductId=published.product_id, ProvisioningArtifactId=published.versions[0], ServiceActionId=action
    )
    record = catalog.execute_provisioned_product_service_action(
        ProvisionedProductId=product_id, ServiceActionId=action
    )["RecordDetail"]
    published.wait_for_record(record["RecordId"])
    return action


def test_every_list_and_search_is_looked_at() -> None:
    listing = ("List", "Search", "Scan")
    there = {found.name for found in collect("manciple.operations", Operation) if found.name.startswith(listing)}

    assert set(LISTS) == there


@pytest.mark.parametrize("name", LISTS)
def test_a_list_finds_its_rows_by_owner(explained: Explained, name: str) -> None:
    method, inputs = LISTS[name]
    start = len(explained.recorder.statements)

    for members in inputs:
        getattr(explained.published.catalog, method)(**explained.fill(members))

    assert explained.recorder.of_operations(start)
    assert explained.not_by_owner(start) == set()


def test_the_list_of_events_finds_its_rows_by_owner_and_operation(explained: Explained) -> None:
    start = len(explained.recorder.statements)

    answer = send(
        explained.server,
        "GET",
        f"/_manciple/records/{explained.names['record']}/events",
        {"X-Manciple-Account": ACCOUNT, "X-Manciple-Region": REGION},
    )

    assert answer.status == 200
    assert explained.not_by_owner(start) == set()


def test_the_audit_finds_its_rows_by_owner(explained: Explained) -> None:
    start = len(explained.recorder.statements)

    for query in ("", "?principal=arn:aws:iam::1:role/a", "?operation=CreatePortfolio&since=2026-01-01"):
        send(
            explained.server,
            "GET",
            f"/_manciple/audit{query}",
            {"X-Manciple-Account": ACCOUNT, "X-Manciple-Region": REGION},
        )

    assert len(explained.recorder.of_operations(start)) == 3
    assert explained.not_by_owner(start) == set()


def test_the_list_of_objects_finds_its_rows_by_owner(explained: Explained) -> None:
    s3 = client_of(explained.server, "s3", ACCOUNT)
    start = len(explained.recorder.statements)

    s3.list_objects_v2(Bucket=bucket_of(s3), Prefix="topic", Delimiter="/", MaxKeys=1)

    statements = explained.recorder.of_operations(start)
    found = [access for statement in statements for access in accesses(explained.database, statement)]
    assert found
    assert [access for access in found if "account" not in (access.condition or "")] == []


def test_uploads_and_their_parts_are_found_by_owner(explained: Explained) -> None:
    s3 = client_of(explained.server, "s3", ACCOUNT)
    place = {"Bucket": bucket_of(s3), "Key": "big"}
    start = len(explained.recorder.statements)

    upload = s3.create_multipart_upload(**place)["UploadId"]
    s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"part")
    s3.list_parts(**place, UploadId=upload)
    s3.list_multipart_uploads(Bucket=place["Bucket"])
    s3.abort_multipart_upload(**place, UploadId=upload)

    statements = explained.recorder.of_operations(start)
    found = [access for statement in statements for access in accesses(explained.database, statement)]
    assert {"upload", "upload_part"} <= {access.table for access in found}
    assert [access for access in found if "account" not in (access.condition or "")] == []


def test_what_exists_in_the_sandbox_is_found_by_owner(explained: Explained) -> None:
    start = len(explained.recorder.statements)

    client_of(explained.server, "cloudcontrol", ACCOUNT).list_resources(TypeName="AWS::SNS::Topic", MaxResults=1)

    assert explained.recorder.of_operations(start)
    assert explained.not_by_owner(start) == set()


def test_messages_in_queues_are_found_by_owner_and_queue(explained: Explained) -> None:
    names = ("servicecatalog", "s3", "sqs")
    catalog, s3, sqs = (client_of(explained.server, name, ACCOUNT) for name in names)
    product = publish_external(catalog, s3, ACCOUNT)
    url = sqs.get_queue_url(QueueName="ServiceCatalogExternalProvisionOperationQueue")["QueueUrl"]
    record_id = start_external(product)
    start = len(explained.recorder.statements)

    message = take(sqs, "ServiceCatalogExternalProvisionOperationQueue")
    sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    tell(catalog, body_of(message))
    product.wait_for_record(record_id)

    statements = explained.recorder.of_operations(start)
    found = [access for statement in statements for access in accesses(explained.database, statement)]
    conditions = [one.condition or "scan" for one in found if one.table == "queued_message"]
    assert any("account" in one for one in conditions)
    assert [one for one in conditions if "account" not in one and "id" not in one] == []


def test_the_poll_finds_what_is_due_by_its_index(explained: Explained) -> None:
    statements = explained.recorder.of_thread("manciple-poll")

    found = {access for statement in statements for access in accesses(explained.database, statement)}

    assert {access.table for access in found} == {"operation"}
    assert [access for access in found if "not_before" not in (access.condition or "")] == []


def test_no_statement_of_a_whole_life_scans_a_table(explained: Explained) -> None:
    statements = {statement.text: statement for statement in explained.recorder.statements}

    scanned = {
        f"{access.table}: {text}"
        for text, statement in statements.items()
        for access in accesses(explained.database, statement)
        if access.condition is None
        and access.table not in READ_WHOLE
        and not access.table.startswith(("sqlite_", "pg_"))
    }

    assert scanned == set()
