"""Service actions: definitions, which versions have them, and their execution as records."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from tests.contract.conftest import _free_port, serve
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published, until, walk
from tests.contract.raw import send
from tests.contract.requests import refusal

NO_ACTION = "act-aaaaaaaaaaaaa"
DEFINITION = {
    "Name": "Test-Drain",
    "Version": "1",
    "AssumeRole": "arn:aws:iam::123456789012:role/operator",
    "Parameters": json.dumps([{"Name": "Queue", "Type": "TARGET"}, {"Name": "Reason", "Type": "TEXT_VALUE"}]),
}
RUNNER = """
import json, pathlib, sys, time
request = json.load(sys.stdin)
reason = request["Parameters"].get("Reason", [""])[0]
while reason == "wait" and not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.02)
print("drained", *request["Parameters"].get("Queue", ["nothing"]))
sys.exit(reason == "fail")
"""


@pytest.fixture(scope="module")
def go_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose coming lets runners that wait go on."""
    return tmp_path_factory.mktemp("runner") / "go-on"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, go_on: Path) -> Iterator[Server]:
    """A server with a runner for documents, on each database."""
    directory = tmp_path_factory.mktemp(f"actions-{request.param}")
    (directory / "runner.py").write_text(RUNNER)
    runner = {
        "argv": [sys.executable, str(directory / "runner.py"), str(go_on)],
        "target_type": "AWS::SQS::Queue",
    }
    flags: dict[str, Any] = {"service_actions": {"Test-*": runner}}
    if request.param == "sqlite":
        yield from serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, **flags)
    else:
        with request.getfixturevalue("postgresql_server").database() as url:
            port = _free_port()
            yield from serve(url, directory, port=port, public_url=f"http://127.0.0.1:{port}", **flags)


@pytest.fixture
def published(publish: Callable[..., Published]) -> Published:
    """A product that can be launched, with two versions."""
    return publish(QUEUE, QUEUE_AND_TOPIC)


def create(catalog: Any, name: str = "Drain", **members: Any) -> str:
    """Make a service action and return its id."""
    answer = catalog.create_service_action(
        **{
            "Name": name,
            "DefinitionType": "SSM_AUTOMATION",
            "Definition": DEFINITION,
            "IdempotencyToken": str(uuid4()),
            **members,
        }
    )
    return str(answer["ServiceActionDetail"]["ServiceActionSummary"]["Id"])


def association(published: Published, action_id: str, version: int = 0) -> dict[str, str]:
    """An association of a service action with a version."""
    return {
        "ProductId": published.product_id,
        "ProvisioningArtifactId": published.versions[version],
        "ServiceActionId": action_id,
    }


def associate(published: Published, action_id: str, version: int = 0) -> None:
    """Give a version a service action."""
    published.catalog.associate_service_action_with_provisioning_artifact(
        **association(published, action_id, version), IdempotencyToken=str(uuid4())
    )


def launched(published: Published, action_id: str) -> str:
    """Launch a product whose version has the service action, and return the provisioned product's id."""
    associate(published, action_id)
    record = published.launch("mine")["RecordDetail"]
    return str(record["ProvisionedProductId"])


def execute(published: Published, product_id: str, action_id: str, **values: str) -> dict[str, Any]:
    """Execute a service action and return the record at once."""
    members = {"Parameters": {name: [value] for name, value in values.items()}} if values else {}
    answer = published.catalog.execute_provisioned_product_service_action(
        ProvisionedProductId=product_id, ServiceActionId=action_id, ExecuteToken=str(uuid4()), **members
    )
    return dict(answer["RecordDetail"])


def queue_of(published: Published) -> str:
    """The physical id of the launched queue."""
    outputs = published.catalog.get_provisioned_product_outputs(ProvisionedProductName="mine")["Outputs"]
    return next(str(one["OutputValue"]) for one in outputs if one["OutputKey"] == "Url")


def test_a_service_action_is_created_described_and_updated(catalog: Any) -> None:
    action_id = create(catalog, Description="Drains the queue")

    described = catalog.describe_service_action(Id=action_id)["ServiceActionDetail"]
    updated = catalog.update_service_action(Id=action_id, Name="Restart", Definition={"Name": "Doc", "Version": "2"})

    assert action_id.startswith("act-")
    assert described == {
        "Definition": DEFINITION,
        "ServiceActionSummary": {
            "DefinitionType": "SSM_AUTOMATION",
            "Description": "Drains the queue",
            "Id": action_id,
            "Name": "Drain",
        },
    }
    assert updated["ServiceActionDetail"] == catalog.describe_service_action(Id=action_id)["ServiceActionDetail"]
    assert updated["ServiceActionDetail"]["Definition"] == {"Name": "Doc", "Version": "2"}
    assert updated["ServiceActionDetail"]["ServiceActionSummary"]["Description"] == "Drains the queue"


def test_service_actions_are_listed_oldest_first_page_by_page(catalog: Any) -> None:
    ids = [create(catalog, f"a{number}") for number in range(3)]

    pages = walk(catalog.list_service_actions, "ServiceActionSummaries", PageSize=2)

    assert [[one["Id"] for one in page] for page in pages] == [ids[:2], ids[2:]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Name": None}, "Definition has no Name; name the document."),
        ({"Name": "a b"}, "Definition.Name a b is no name or ARN of a document."),
        ({"Version": "one"}, "Definition.Version one must be a number from 1, $LATEST or $DEFAULT."),
        ({"AssumeRole": "me"}, "Definition.AssumeRole me must be LAUNCH_ROLE or the ARN of a role."),
        ({"Parameters": "{}"}, "Definition.Parameters must be a JSON list like "),
        ({"Parameters": '[{"Name": "a"}]'}, "Definition.Parameters must be a JSON list like "),
        ({"Parameters": '[{"Name": "a", "Type": "SECRET"}]'}, "Parameter a is of type SECRET; it must be TARGET or "),
        (
            {"Parameters": '[{"Name": "a", "Type": "TARGET"}, {"Name": "a", "Type": "TARGET"}]'},
            "Definition.Parameters names a parameter twice: a, a.",
        ),
    ],
)
def test_a_definition_that_is_not_sound_is_refused(catalog: Any, change: dict[str, str | None], message: str) -> None:
    definition = {key: value for key, value in (DEFINITION | change).items() if value is not None}
    action_id = create(catalog)

    created = refusal(lambda: create(catalog, Definition=definition))
    updated = refusal(lambda: catalog.update_service_action(Id=action_id, Definition=definition))

    assert created == updated
    assert created[0] == "InvalidParametersException"
    assert created[1].startswith(message)


@pytest.mark.parametrize("role", ["LAUNCH_ROLE", "arn:aws-cn:iam::123456789012:role/path/operator"])
@pytest.mark.parametrize("name", ["AWS-RestartEC2Instance", "arn:aws:ssm:eu-west-1:123456789012:document/Mine"])
@pytest.mark.parametrize("version", ["$LATEST", "$DEFAULT", "12"])
def test_a_definition_names_document_version_and_role_in_these_ways(
    catalog: Any, role: str, name: str, version: str
) -> None:
    definition = {"Name": name, "Version": version, "AssumeRole": role}

    action_id = create(catalog, Definition=definition)

    assert catalog.describe_service_action(Id=action_id)["ServiceActionDetail"]["Definition"] == definition


def test_a_definition_may_be_a_name_alone(catalog: Any) -> None:
    action_id = create(catalog, Definition={"Name": "AWS-RestartEC2Instance"})

    described = catalog.describe_service_action(Id=action_id)["ServiceActionDetail"]
    assert described["Definition"] == {"Name": "AWS-RestartEC2Instance"}


def test_a_service_action_that_is_not_there_is_named(
    catalog: Any, published: Published, make_client: Callable[..., Any]
) -> None:
    product_id = published.launch("mine")["RecordDetail"]["ProvisionedProductId"]

    for action_id in (NO_ACTION, create(make_client("servicecatalog", "999999999997"))):
        members = association(published, action_id)
        for call in (
            lambda found: catalog.describe_service_action(Id=found),
            lambda found: catalog.update_service_action(Id=found, Name="x"),
            lambda found: catalog.delete_service_action(Id=found),
            lambda found: catalog.list_provisioning_artifacts_for_service_action(ServiceActionId=found),
            lambda _, members=members: catalog.associate_service_action_with_provisioning_artifact(**members),
            lambda _, members=members: catalog.disassociate_service_action_from_provisioning_artifact(**members),
            lambda found: execute(published, product_id, found),
            lambda found: catalog.describe_service_action_execution_parameters(
                ProvisionedProductId=product_id, ServiceActionId=found
            ),
        ):
            code, message = refusal(lambda call=call, found=action_id: call(found))  # type: ignore[misc]
            assert code == "ResourceNotFoundException"
            assert action_id in message


def test_an_association_shows_on_both_sides_and_keeps_the_action(catalog: Any, published: Published) -> None:
    first, second = create(catalog, "First"), create(catalog, "Second")
    associate(published, first)
    associate(published, second)
    associate(published, first, version=1)

    of_version = association(published, first)
    del of_version["ServiceActionId"]
    actions = walk(
        catalog.list_service_actions_for_provisioning_artifact, "ServiceActionSummaries", PageSize=1, **of_version
    )
    views = walk(
        catalog.list_provisioning_artifacts_for_service_action,
        "ProvisioningArtifactViews",
        PageSize=1,
        ServiceActionId=first,
    )

    assert [[one["Name"] for one in page] for page in actions] == [["First"], ["Second"]]
    assert [page[0]["ProvisioningArtifact"]["Id"] for page in views] == sorted(published.versions)
    summary = catalog.describe_product(Id=published.product_id)["ProductViewSummary"]
    assert [page[0]["ProductViewSummary"] for page in views] == [summary] * 2
    assert refusal(lambda: catalog.delete_service_action(Id=first))[0] == "ResourceInUseException"


def test_an_association_is_made_once_and_ended_once(catalog: Any, published: Published) -> None:
    action_id = create(catalog)
    associate(published, action_id)

    def end() -> None:
        catalog.disassociate_service_action_from_provisioning_artifact(
            **association(published, action_id), IdempotencyToken=str(uuid4())
        )

    assert refusal(lambda: associate(published, action_id))[0] == "DuplicateResourceException"
    end()
    assert refusal(end)[0] == "ResourceNotFoundException"
    catalog.delete_service_action(Id=action_id)
    assert catalog.list_service_actions()["ServiceActionSummaries"] == []


def test_an_association_under_the_same_token_is_the_same_one(catalog: Any, published: Published) -> None:
    members = association(published, create(catalog)) | {"IdempotencyToken": "once"}

    for _ in range(2):
        catalog.associate_service_action_with_provisioning_artifact(**members)

    other = members | {"ProvisioningArtifactId": published.versions[1]}
    code, message = refusal(lambda: catalog.associate_service_action_with_provisioning_artifact(**other))
    assert code == "InvalidParametersException"
    assert "once" in message


@pytest.mark.parametrize(
    ("member", "value"), [("ProductId", "prod-aaaaaaaaaaaaa"), ("ProvisioningArtifactId", "pa-aaaaaaaaaaaaa")]
)
def test_a_version_that_is_not_there_is_named(catalog: Any, published: Published, member: str, value: str) -> None:
    members = association(published, create(catalog)) | {member: value}

    code, message = refusal(lambda: catalog.associate_service_action_with_provisioning_artifact(**members))

    assert code == "ResourceNotFoundException"
    assert value in message


def test_a_product_of_terraform_has_no_service_actions(catalog: Any, publish: Callable[..., Published]) -> None:
    members = association(publish("bytes", kind="TERRAFORM_OPEN_SOURCE"), create(catalog))

    single = refusal(lambda: catalog.associate_service_action_with_provisioning_artifact(**members))
    batch = catalog.batch_associate_service_action_with_provisioning_artifact(ServiceActionAssociations=[members])

    assert single[0] == "InvalidParametersException"
    assert [one["ErrorCode"] for one in batch["FailedServiceActionAssociations"]] == ["INVALID_PARAMETER"]


def test_a_batch_makes_what_can_be_made_and_tells_what_cannot(catalog: Any, published: Published) -> None:
    first, second = create(catalog, "First"), create(catalog, "Second")
    associate(published, first)
    wanted = [
        association(published, first),
        association(published, second),
        association(published, second),
        association(published, NO_ACTION),
    ]

    failed = catalog.batch_associate_service_action_with_provisioning_artifact(ServiceActionAssociations=wanted)[
        "FailedServiceActionAssociations"
    ]
    ended = catalog.batch_disassociate_service_action_from_provisioning_artifact(
        ServiceActionAssociations=[wanted[0], wanted[1], wanted[3]]
    )["FailedServiceActionAssociations"]

    assert [(one["ServiceActionId"], one["ErrorCode"]) for one in failed] == [
        (first, "DUPLICATE_RESOURCE"),
        (second, "DUPLICATE_RESOURCE"),
        (NO_ACTION, "RESOURCE_NOT_FOUND"),
    ]
    assert failed[0] == wanted[0] | {
        "ErrorCode": "DUPLICATE_RESOURCE",
        "ErrorMessage": f"Service action {first} is already associated with {published.versions[0]}.",
    }
    assert [(one["ServiceActionId"], one["ErrorCode"]) for one in ended] == [(NO_ACTION, "RESOURCE_NOT_FOUND")]


def test_a_batch_has_1_to_50_associations(catalog: Any, published: Published) -> None:
    wanted = [association(published, NO_ACTION)] * 51

    code, message = refusal(
        lambda: catalog.batch_associate_service_action_with_provisioning_artifact(ServiceActionAssociations=wanted)
    )
    answer = catalog.batch_associate_service_action_with_provisioning_artifact(
        ServiceActionAssociations=[association(published, create(catalog))]
    )

    assert code == "ValidationException"
    assert "Member must have length less than or equal to 50" in message
    assert answer["FailedServiceActionAssociations"] == []


def test_a_version_has_25_service_actions_and_an_account_200(catalog: Any, published: Published) -> None:
    ids = [create(catalog, f"a{number}") for number in range(200)]
    wanted = [association(published, action_id) for action_id in ids[:26]]

    failed = catalog.batch_associate_service_action_with_provisioning_artifact(ServiceActionAssociations=wanted)[
        "FailedServiceActionAssociations"
    ]

    assert [(one["ServiceActionId"], one["ErrorCode"]) for one in failed] == [(ids[25], "LIMIT_EXCEEDED")]
    assert refusal(lambda: associate(published, ids[26]))[0] == "LimitExceededException"
    assert refusal(lambda: create(catalog))[0] == "LimitExceededException"


def test_a_deleted_version_frees_its_service_actions(catalog: Any, published: Published) -> None:
    action_id = create(catalog)
    associate(published, action_id, version=1)

    catalog.delete_provisioning_artifact(ProductId=published.product_id, ProvisioningArtifactId=published.versions[1])

    catalog.delete_service_action(Id=action_id)


def test_execution_parameters_of_type_target_stand_for_the_products_resources(
    catalog: Any, published: Published
) -> None:
    action_id = create(catalog)
    product_id = launched(published, action_id)

    found = catalog.describe_service_action_execution_parameters(
        ProvisionedProductId=product_id, ServiceActionId=action_id
    )["ServiceActionParameters"]

    assert found == [
        {"Name": "Queue", "Type": "TARGET", "DefaultValues": [queue_of(published)]},
        {"Name": "Reason", "Type": "TEXT_VALUE", "DefaultValues": []},
    ]


def test_an_execution_is_a_record_that_a_runner_carries_out(
    catalog: Any, published: Published, server: Server, account: str
) -> None:
    action_id = create(catalog)
    product_id = launched(published, action_id)
    before = published.describe("mine")

    accepted = execute(published, product_id, action_id)
    record = published.wait_for_record(accepted["RecordId"])["RecordDetail"]

    assert (accepted["Status"], accepted["RecordTags"], accepted["RecordErrors"]) == ("CREATED", [], [])
    assert accepted["RecordType"] == "EXECUTE_PROVISIONED_PRODUCT_SERVICE_ACTION"
    assert record["Status"] == "SUCCEEDED"
    assert len(record["RecordTags"]) == 5
    after = published.describe("mine")
    assert after == before | {"LastRecordId": accepted["RecordId"]}
    events = events_of(server, account, accepted["RecordId"])
    assert [(one["LogicalResourceId"], one["ResourceStatus"]) for one in events] == [
        ("Drain", "EXECUTE_IN_PROGRESS"),
        ("Drain", "EXECUTE_COMPLETE"),
    ]
    assert events[-1]["ResourceStatusReason"] == f"drained {queue_of(published)}"
    history = catalog.list_record_history(SearchFilter={"Key": "provisionedproduct", "Value": product_id})
    assert history["RecordDetails"][0]["RecordId"] == accepted["RecordId"]


def events_of(server: Server, account: str, record_id: str) -> list[dict[str, Any]]:
    """A record's events."""
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
    answer = send(server, "GET", f"/_manciple/records/{record_id}/events", headers)
    found: list[dict[str, Any]] = json.loads(answer.body)["Events"]
    return found


def test_an_execution_that_fails_says_why_and_leaves_the_product_as_it_was(catalog: Any, published: Published) -> None:
    action_id = create(catalog)
    product_id = launched(published, action_id)

    accepted = execute(published, product_id, action_id, Queue="other", Reason="fail")
    record = published.wait_for_record(accepted["RecordId"])["RecordDetail"]

    assert record["Status"] == "FAILED"
    assert record["RecordErrors"] == [
        {"Code": "1", "Description": f"The program {sys.executable} ended with status 1. drained other"}
    ]
    assert published.describe("mine")["Status"] == "AVAILABLE"


def test_a_document_without_a_runner_fails_the_record(catalog: Any, published: Published) -> None:
    action_id = create(catalog, Definition={"Name": "AWS-RestartEC2Instance", "Version": "1"})
    product_id = launched(published, action_id)

    accepted = execute(published, product_id, action_id)
    record = published.wait_for_record(accepted["RecordId"])["RecordDetail"]

    assert record["Status"] == "FAILED"
    assert record["RecordErrors"][0]["Description"].startswith(
        "No runner is set up for the document AWS-RestartEC2Instance;"
    )


def test_while_an_action_runs_its_product_is_under_change_and_an_older_plan_waits(
    catalog: Any, published: Published, go_on: Path
) -> None:
    go_on.unlink(missing_ok=True)
    action_id = create(catalog)
    product_id = launched(published, action_id)
    plan_id = published.plan("mine", 1)["ProvisionedProductPlanDetails"]["PlanId"]

    accepted = execute(published, product_id, action_id, Reason="wait")
    until(
        lambda: catalog.describe_record(Id=accepted["RecordId"])["RecordDetail"]["Status"], lambda it: it != "CREATED"
    )
    status = published.describe("mine")["Status"]
    again = refusal(lambda: execute(published, product_id, action_id))
    planned = refusal(lambda: published.execute(plan_id))
    go_on.touch()
    ended = published.wait_for_record(accepted["RecordId"])["RecordDetail"]["Status"]
    executed = published.execute(plan_id)["RecordDetail"]["Status"]

    assert (status, ended, executed) == ("UNDER_CHANGE", "SUCCEEDED", "SUCCEEDED")
    assert again[0] == planned[0] == "InvalidStateException"
    assert "UNDER_CHANGE" in again[1]
    assert plan_id in planned[1]


def test_an_execution_under_the_same_token_is_the_same_one(catalog: Any, published: Published) -> None:
    action_id = create(catalog)
    product_id = launched(published, action_id)
    members = {"ProvisionedProductId": product_id, "ServiceActionId": action_id, "ExecuteToken": "once"}

    first = catalog.execute_provisioned_product_service_action(**members)["RecordDetail"]
    published.wait_for_record(first["RecordId"])
    second = catalog.execute_provisioned_product_service_action(**members)["RecordDetail"]

    assert second == first
    other = refusal(lambda: catalog.execute_provisioned_product_service_action(**members, Parameters={"Reason": ["x"]}))
    assert other[0] == "InvalidParametersException"


def test_an_unknown_provisioned_product_is_a_validation_exception_as_observed(catalog: Any) -> None:
    code, message = refusal(
        lambda: catalog.execute_provisioned_product_service_action(
            ProvisionedProductId="pp-aaaaaaaaaaaaa", ServiceActionId=create(catalog), ExecuteToken="t"
        )
    )

    assert (code, message) == ("ValidationException", "Provisioned product not found: pp-aaaaaaaaaaaaa")


def test_a_provisioned_product_of_another_account_is_not_found(
    catalog: Any, published: Published, make_client: Callable[..., Any]
) -> None:
    action_id = create(catalog)
    product_id = launched(published, action_id)
    other = make_client("servicecatalog", "999999999996")

    code, _ = refusal(
        lambda: other.execute_provisioned_product_service_action(
            ProvisionedProductId=product_id, ServiceActionId=action_id, ExecuteToken="t"
        )
    )
    described, _ = refusal(
        lambda: other.describe_service_action_execution_parameters(
            ProvisionedProductId=product_id, ServiceActionId=action_id
        )
    )

    assert (code, described) == ("ValidationException", "ResourceNotFoundException")


def test_an_action_that_the_products_version_has_not_is_not_found(catalog: Any, published: Published) -> None:
    action_id = create(catalog)
    associate(published, action_id, version=1)
    product_id = published.launch("mine")["RecordDetail"]["ProvisionedProductId"]

    code, message = refusal(lambda: execute(published, product_id, action_id))

    assert code == "ResourceNotFoundException"
    assert published.versions[0] in message


def test_a_parameter_that_the_action_has_not_is_refused(catalog: Any, published: Published) -> None:
    action_id = create(catalog)
    product_id = launched(published, action_id)

    refused = refusal(lambda: execute(published, product_id, action_id, Color="red"))

    assert refused == (
        "InvalidParametersException",
        "The service action has no parameter Color; it has Queue, Reason.",
    )


def test_a_planned_product_has_no_actions_yet(catalog: Any, published: Published) -> None:
    action_id = create(catalog)
    associate(published, action_id)
    product_id = published.plan("mine")["ProvisionedProductPlanDetails"]["ProvisionProductId"]

    code, message = refusal(lambda: execute(published, product_id, action_id))

    assert code == "InvalidStateException"
    assert "PLAN_IN_PROGRESS" in message


def test_an_execution_cannot_be_cancelled(
    catalog: Any, published: Published, server: Server, account: str, go_on: Path
) -> None:
    go_on.unlink(missing_ok=True)
    action_id = create(catalog)
    product_id = launched(published, action_id)
    accepted = execute(published, product_id, action_id, Reason="wait")
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1", "Content-Type": "application/json"}

    answer = send(server, "POST", f"/_manciple/records/{accepted['RecordId']}/cancel", headers, b"{}")
    go_on.touch()
    record = published.wait_for_record(accepted["RecordId"])["RecordDetail"]

    assert json.loads(answer.body)["__type"] == "InvalidStateException"
    assert record["Status"] == "SUCCEEDED"


def test_a_shared_product_brings_the_service_actions_of_its_owner(
    catalog: Any, published: Published, account: str, make_client: Callable[..., Any]
) -> None:
    spoke_account = f"{9 - int(account[0])}{account[1:]}"
    spoke = make_client("servicecatalog", spoke_account)
    action_id = create(catalog)
    associate(published, action_id)
    there = share(published, spoke, spoke_account)

    product_id = there.launch("mine")["RecordDetail"]["ProvisionedProductId"]
    version = {"ProductId": published.product_id, "ProvisioningArtifactId": published.versions[0]}
    listed = spoke.list_service_actions_for_provisioning_artifact(**version)["ServiceActionSummaries"]
    record = there.wait_for_record(execute(there, product_id, action_id)["RecordId"])["RecordDetail"]

    assert [one["Id"] for one in listed] == [action_id]
    assert record["Status"] == "SUCCEEDED"
    assert refusal(lambda: associate(there, action_id, 1))[0] == "ResourceNotFoundException"
    assert refusal(lambda: spoke.describe_service_action(Id=action_id))[0] == "ResourceNotFoundException"


def share(published: Published, spoke: Any, spoke_account: str) -> Published:
    """Share the product's portfolio with another account, whose caller may launch from it then."""
    published.catalog.create_portfolio_share(PortfolioId=published.portfolio_id, AccountId=spoke_account)
    spoke.accept_portfolio_share(PortfolioId=published.portfolio_id)
    spoke.associate_principal_with_portfolio(
        PortfolioId=published.portfolio_id, PrincipalARN="arn:aws:iam:::role/*", PrincipalType="IAM_PATTERN"
    )
    return Published(spoke, published.product_id, published.portfolio_id, published.versions)
