"""A whole plan through each protocol with a real boto3 client: JSON 1.1, and CBOR where it is made to speak that."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from manciple.app import Server
from tests.contract.conftest import REGION, client_of
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, publish
from tests.contract.requests import refusal


@pytest.fixture(params=["json", "smithy-rpc-v2-cbor"])
def spoken(request: pytest.FixtureRequest, server: Server, account: str, sessions: dict[str, boto3.Session]) -> Any:
    """A client that speaks one of the two protocols."""
    client = client_of(server, "servicecatalog", account, session=sessions[request.param])
    assert client.meta.service_model.resolved_protocol == request.param
    return client


def test_a_whole_plan_is_made_described_and_executed(spoken: Any, make_client: Callable[..., Any]) -> None:
    product = publish(spoken, make_client("s3"), QUEUE, QUEUE_AND_TOPIC)

    first = product.plan("mine", ProvisioningParameters=[{"Key": "Delay", "Value": "1"}])
    launched = product.execute(first["ProvisionedProductPlanDetails"]["PlanId"])
    second = product.plan("mine", 1)
    updated = product.execute(second["ProvisionedProductPlanDetails"]["PlanId"])
    found = spoken.search_provisioned_products(Filters={"SearchQuery": ["name:mine"]}, PageSize=0)
    product.terminate("mine")

    assert [change["Action"] for change in first["ResourceChanges"]] == ["ADD"]
    assert [record["RecordDetail"]["Status"] for record in (launched, updated)] == ["SUCCEEDED"] * 2
    assert {change["Action"] for change in second["ResourceChanges"]} == {"ADD", "MODIFY"}
    assert found["TotalResultsCount"] == 1
    assert spoken.scan_provisioned_products()["ProvisionedProducts"] == []


def test_both_protocols_tell_the_same_of_a_plan(spoken: Any, make_client: Callable[..., Any]) -> None:
    product = publish(spoken, make_client("s3"), QUEUE)
    plan = product.plan("mine", Tags=[{"Key": "team", "Value": "blüe"}])["ProvisionedProductPlanDetails"]

    told = make_client("servicecatalog").describe_provisioned_product_plan(PlanId=plan["PlanId"])

    assert told["ProvisionedProductPlanDetails"] == plan
    assert plan["CreatedTime"].microsecond % 1000 == 0


def test_tag_options_and_budgets_are_managed_in_both_protocols(spoken: Any, make_client: Callable[..., Any]) -> None:
    product = publish(spoken, make_client("s3"), QUEUE)
    made = [spoken.create_tag_option(Key="Group", Value=value)["TagOptionDetail"]["Id"] for value in ("a", "b")]
    spoken.associate_tag_option_with_resource(ResourceId=product.product_id, TagOptionId=made[0])
    spoken.associate_budget_with_resource(ResourceId=product.product_id, BudgetName="monthly")

    pages = [page["TagOptionDetails"] for page in spoken.get_paginator("list_tag_options").paginate(PageSize=1)]
    listed = spoken.list_resources_for_tag_option(TagOptionId=made[0])["ResourceDetails"]
    record = product.launch("mine")["RecordDetail"]
    spoken.update_tag_option(Id=made[0], Active=False)
    spoken.disassociate_tag_option_from_resource(ResourceId=product.product_id, TagOptionId=made[0])
    spoken.delete_tag_option(Id=made[0])
    budgets = spoken.list_budgets_for_resource(ResourceId=product.product_id)["Budgets"]
    spoken.disassociate_budget_from_resource(ResourceId=product.product_id, BudgetName="monthly")

    assert [[one["Id"] for one in page] for page in pages] == [[made[0]], [made[1]]]
    assert [one["Id"] for one in listed] == [product.product_id]
    assert {"Key": "Group", "Value": "a"} in record["RecordTags"]
    assert budgets == [{"BudgetName": "monthly"}]
    assert spoken.describe_product_as_admin(Id=product.product_id)["Budgets"] == []


def test_service_actions_are_managed_in_both_protocols(spoken: Any, make_client: Callable[..., Any]) -> None:
    product = publish(spoken, make_client("s3"), QUEUE)
    product_id = product.launch("mine")["RecordDetail"]["ProvisionedProductId"]
    definition = {"Name": "Document", "Version": "1", "Parameters": '[{"Name": "Why", "Type": "TEXT_VALUE"}]'}
    made = spoken.create_service_action(Name="Act", DefinitionType="SSM_AUTOMATION", Definition=definition)
    action = made["ServiceActionDetail"]["ServiceActionSummary"]["Id"]
    version = {"ProductId": product.product_id, "ProvisioningArtifactId": product.versions[0]}
    one = {"ProvisionedProductId": product_id, "ServiceActionId": action}

    spoken.batch_associate_service_action_with_provisioning_artifact(
        ServiceActionAssociations=[version | {"ServiceActionId": action}]
    )
    actions = spoken.list_service_actions_for_provisioning_artifact(**version)["ServiceActionSummaries"]
    versions = spoken.list_provisioning_artifacts_for_service_action(ServiceActionId=action)
    asked = spoken.describe_service_action_execution_parameters(**one)["ServiceActionParameters"]
    executed = spoken.execute_provisioned_product_service_action(**one, Parameters={"Why": ["so"]})["RecordDetail"]
    record = product.wait_for_record(executed["RecordId"])["RecordDetail"]
    spoken.disassociate_service_action_from_provisioning_artifact(**version, ServiceActionId=action)
    spoken.update_service_action(Id=action, Name="Other")
    spoken.delete_service_action(Id=action)

    assert [found["Id"] for found in actions] == [action]
    assert [view["ProvisioningArtifact"]["Id"] for view in versions["ProvisioningArtifactViews"]] == [
        product.versions[0]
    ]
    assert asked == [{"Name": "Why", "Type": "TEXT_VALUE", "DefaultValues": []}]
    assert (executed["Status"], record["Status"]) == ("CREATED", "FAILED")
    assert "the document Document" in record["RecordErrors"][0]["Description"]
    assert spoken.list_service_actions()["ServiceActionSummaries"] == []


def test_constraints_are_managed_in_both_protocols(spoken: Any, make_client: Callable[..., Any], account: str) -> None:
    product = publish(spoken, make_client("s3"), QUEUE)
    where = {"PortfolioId": product.portfolio_id, "ProductId": product.product_id}
    role = f"arn:aws:iam::{account}:role/Admin"
    places = {"AccountList": [account], "RegionList": [REGION], "AdminRole": role, "ExecutionRole": "Execution"}
    stack_set = json.dumps({"Version": "1", "Properties": places})

    made = spoken.create_constraint(**where, Type="STACKSET", Parameters=stack_set)
    constraint = made["ConstraintDetail"]["ConstraintId"]
    changed = spoken.update_constraint(Id=constraint, Description="here only")
    told = spoken.describe_constraint(Id=constraint)
    listed = spoken.list_constraints_for_portfolio(PortfolioId=product.portfolio_id)["ConstraintDetails"]
    record = product.launch("set", ProvisioningPreferences={"StackSetRegions": [REGION]})["RecordDetail"]
    instances = spoken.list_stack_instances_for_provisioned_product(
        ProvisionedProductId=record["ProvisionedProductId"]
    )["StackInstances"]
    spoken.delete_constraint(Id=constraint)

    assert (made["Status"], changed["Status"], told["Status"]) == ("CREATING", "CREATING", "AVAILABLE")
    assert told["ConstraintParameters"] == stack_set
    assert listed == [told["ConstraintDetail"]]
    assert instances == [{"Account": account, "Region": REGION, "StackInstanceStatus": "CURRENT"}]
    assert refusal(lambda: spoken.describe_constraint(Id=constraint))[0] == "ResourceNotFoundException"


def test_errors_are_of_their_type_with_their_message(spoken: Any) -> None:
    refused = refusal(lambda: spoken.describe_provisioned_product(Name="nobody"))

    with pytest.raises(spoken.exceptions.ResourceNotFoundException):
        spoken.describe_record(Id="rec-a")
    assert refused == ("ResourceNotFoundException", "Provisioned product not found: nobody")


def test_a_broken_limit_is_a_validation_exception(spoken: Any) -> None:
    call = {"PlanId": "p" * 101, "IdempotencyToken": "t"}

    code, message = refusal(lambda: spoken.execute_provisioned_product_plan(**call))

    assert code == "ValidationException"
    assert "at 'planId' failed to satisfy constraint: Member must have length less than or equal to 100" in message


def test_provisioned_products_plans_and_records_tell_milliseconds_and_products_whole_seconds(
    spoken: Any, make_client: Callable[..., Any]
) -> None:
    product = publish(spoken, make_client("s3"), QUEUE)
    times = [product.launch(f"p{number}")["RecordDetail"]["CreatedTime"] for number in range(3)]

    made = spoken.describe_product_as_admin(Id=product.product_id)["ProductViewDetail"]["CreatedTime"]

    assert any(time.microsecond for time in times)
    assert made.microsecond == 0
