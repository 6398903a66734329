"""ExecuteProvisionedProductPlan: the heart of the service, its contract line by line."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from manciple.app import Server
from tests.contract import requests, sandbox
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published, until
from tests.contract.raw import send
from tests.contract.requests import refusal

Publish = Callable[..., Published]

READS_FACTS = """
Parameters:
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /image}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Image, TopicName: !ImportValue network}}
"""


def plan_of(product: Published, name: str = "mine", version: int = 0, **members: Any) -> str:
    """The id of a plan that can be executed."""
    details = product.plan(name, version, **members)["ProvisionedProductPlanDetails"]
    assert details["Status"] == "CREATE_SUCCESS", details
    return str(details["PlanId"])


def status_of(product: Published, plan_id: str) -> str:
    answer = product.catalog.describe_provisioned_product_plan(PlanId=plan_id)
    return str(answer["ProvisionedProductPlanDetails"]["Status"])


def raw_execute(server: Server, account: str, **members: Any) -> tuple[int, dict[str, str]]:
    """Send ExecuteProvisionedProductPlan past the SDK's own checks."""
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWS242ServiceCatalogService.ExecuteProvisionedProductPlan",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/eu-west-1/servicecatalog/aws4_request",
    }
    answer = send(server, "POST", "/", headers, msgspec.json.encode(members))
    return answer.status, answer.json


def test_executing_answers_a_record_in_status_created_with_the_members_that_apply(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(QUEUE)
    plan_id = plan_of(product)
    sandbox.hold(server, account, "Queue")

    detail = product.execute(plan_id, wait=False)

    found = product.describe("mine")
    assert detail == {
        "RecordId": found["LastRecordId"],
        "ProvisionedProductName": "mine",
        "Status": "CREATED",
        "CreatedTime": detail["CreatedTime"],
        "UpdatedTime": detail["CreatedTime"],
        "ProvisionedProductType": "CFN_STACK",
        "RecordType": "PROVISION_PRODUCT",
        "ProvisionedProductId": found["Id"],
        "ProductId": product.product_id,
        "ProvisioningArtifactId": product.versions[0],
        "PathId": product.portfolio_id.replace("port-", "lpv3-"),
        "RecordErrors": [],
        "RecordTags": [],
    }


def test_while_a_plan_is_executed_plan_product_and_record_say_so(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(QUEUE)
    plan_id = plan_of(product)
    sandbox.hold(server, account, "Queue")

    record_id = product.execute(plan_id, wait=False)["RecordId"]
    plan, found = status_of(product, plan_id), product.describe("mine")["Status"]
    record = until(
        lambda: product.catalog.describe_record(Id=record_id)["RecordDetail"]["Status"],
        lambda status: status != "CREATED",
    )

    assert (plan, found, record) == ("EXECUTE_IN_PROGRESS", "UNDER_CHANGE", "IN_PROGRESS")


def test_an_executed_plan_launches_the_product(publish: Publish) -> None:
    product = publish(QUEUE)
    plan_id = plan_of(product)

    answer = product.execute(plan_id)

    record, found = answer["RecordDetail"], product.describe("mine")
    assert (record["Status"], record["RecordErrors"], found["Status"]) == ("SUCCEEDED", [], "AVAILABLE")
    assert status_of(product, plan_id) == "EXECUTE_SUCCESS"
    assert {found[f"Last{kind}RecordId"] for kind in ("", "Provisioning", "SuccessfulProvisioning")} == {
        record["RecordId"]
    }
    assert "StatusMessage" not in found
    assert record["UpdatedTime"] >= record["CreatedTime"]


def test_an_executed_plan_updates_the_product(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")

    answer = product.execute(plan_of(product, version=1))

    assert answer["RecordDetail"]["RecordType"] == "UPDATE_PROVISIONED_PRODUCT"
    assert answer["RecordDetail"]["ProvisioningArtifactId"] == product.versions[1]
    assert [output["OutputKey"] for output in answer["RecordOutputs"]] == ["CloudformationStackARN", "Url", "Topic"]
    assert product.describe("mine")["ProvisioningArtifactId"] == product.versions[1]


def test_the_product_keeps_the_token_of_its_last_provisioning(publish: Publish) -> None:
    product = publish(QUEUE)
    plan_id = plan_of(product)

    product.catalog.execute_provisioned_product_plan(PlanId=plan_id, IdempotencyToken="the-last-one")

    assert product.describe("mine")["IdempotencyToken"] == "the-last-one"


def test_a_plan_is_executed_once(publish: Publish) -> None:
    product = publish(QUEUE)
    plan_id = plan_of(product)
    product.execute(plan_id)

    code, message = refusal(lambda: product.execute(plan_id))

    assert code == "InvalidStateException"
    assert plan_id in message
    assert "EXECUTE_SUCCESS" in message


def test_a_failed_plan_is_not_executed(publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    plan_id = product.plan("mine")["ProvisionedProductPlanDetails"]["PlanId"]

    code, message = refusal(lambda: product.execute(plan_id))

    assert code == "InvalidStateException"
    assert "CREATE_FAILED" in message


def test_an_unknown_plan_is_not_found(catalog: Any) -> None:
    call = {"PlanId": "plan-aaaaaaaaaaaaa", "IdempotencyToken": "t"}

    code, message = refusal(lambda: catalog.execute_provisioned_product_plan(**call))

    assert code == "ResourceNotFoundException"
    assert "plan-aaaaaaaaaaaaa" in message


@pytest.mark.parametrize("where", [{"account": "999999999999"}, {"region": "us-east-2"}])
def test_a_plan_of_another_account_or_region_is_not_found(
    make_client: Callable[..., Any], publish: Publish, where: dict[str, str]
) -> None:
    plan_id = plan_of(publish(QUEUE))
    stranger = make_client("servicecatalog", **where)

    code, _ = refusal(lambda: stranger.execute_provisioned_product_plan(PlanId=plan_id, IdempotencyToken="t"))

    assert code == "ResourceNotFoundException"


@pytest.mark.parametrize("language", ["en", "jp", "zh"])
def test_a_language_makes_no_difference(publish: Publish, language: str) -> None:
    product = publish(QUEUE)

    answer = product.catalog.execute_provisioned_product_plan(
        PlanId=plan_of(product), IdempotencyToken="t", AcceptLanguage=language
    )

    assert answer["RecordDetail"]["Status"] == "CREATED"


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"PlanId": "p"}, "Value null at 'idempotencyToken' failed to satisfy constraint: Member must not be null"),
        ({"IdempotencyToken": "t"}, "Value null at 'planId' failed to satisfy constraint: Member must not be null"),
        ({"PlanId": "p" * 101, "IdempotencyToken": "t"}, "Member must have length less than or equal to 100"),
        ({"PlanId": "", "IdempotencyToken": "t"}, "Member must have length greater than or equal to 1"),
        ({"PlanId": "p/q", "IdempotencyToken": "t"}, "regular expression pattern: ^[a-zA-Z0-9_\\-]*"),
        ({"PlanId": "p", "IdempotencyToken": ""}, "Member must have length greater than or equal to 1"),
        ({"PlanId": "p", "IdempotencyToken": "t" * 129}, "Member must have length less than or equal to 128"),
        ({"PlanId": "p", "IdempotencyToken": "-t"}, "regular expression pattern: [a-zA-Z0-9][a-zA-Z0-9_-]*"),
        ({"PlanId": "p", "IdempotencyToken": "t", "AcceptLanguage": "e" * 101}, "less than or equal to 100"),
    ],
)
def test_what_breaks_the_inputs_limits_is_refused(
    server: Server, account: str, members: dict[str, str], fault: str
) -> None:
    status, answer = raw_execute(server, account, **members)

    assert (status, answer["__type"]) == (400, "ValidationException")
    assert fault in answer["Message"]


def test_each_of_the_three_errors_is_http_400(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    first, second = plan_of(product, "first"), plan_of(product, "second")
    raw_execute(server, account, PlanId=first, IdempotencyToken="t")

    answers = [
        raw_execute(server, account, PlanId="plan-none", IdempotencyToken="u"),
        raw_execute(server, account, PlanId=first, IdempotencyToken="u"),
        raw_execute(server, account, PlanId=second, IdempotencyToken="t"),
    ]

    assert [status for status, _ in answers] == [400, 400, 400]
    names = ["ResourceNotFoundException", "InvalidStateException", "InvalidParametersException"]
    assert [answer["__type"] for _, answer in answers] == names


def test_a_path_that_is_gone_is_not_found(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    plan_id = plan_of(product)
    catalog.disassociate_principal_from_portfolio(
        PortfolioId=product.portfolio_id, PrincipalARN="arn:aws:iam:::role/*", PrincipalType="IAM_PATTERN"
    )

    refused = refusal(lambda: product.execute(plan_id))

    text = f"No launch paths found for resource: {product.product_id}"
    assert refused == ("ResourceNotFoundException", text)
    assert status_of(product, plan_id) == "CREATE_SUCCESS"


@pytest.mark.parametrize("change", [{"Active": False}, {"Guidance": "DEPRECATED"}])
def test_a_version_that_can_no_longer_be_launched_is_refused_and_named(
    catalog: Any, publish: Publish, change: dict[str, Any]
) -> None:
    product = publish(QUEUE)
    plan_id = plan_of(product)
    version = {"ProductId": product.product_id, "ProvisioningArtifactId": product.versions[0]}
    catalog.update_provisioning_artifact(**version, **change)

    code, message = refusal(lambda: product.execute(plan_id))

    assert code == "InvalidStateException"
    assert product.versions[0] in message


def test_a_version_that_was_deleted_is_refused_and_named(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    plan_id = plan_of(product)
    catalog.delete_provisioning_artifact(ProductId=product.product_id, ProvisioningArtifactId=product.versions[0])

    code, message = refusal(lambda: product.execute(plan_id))

    assert code == "InvalidStateException"
    assert product.versions[0] in message


def test_a_product_that_moved_on_is_refused_and_named(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")
    plan_id = plan_of(product, version=1)
    product.update("mine", ProvisioningParameters=[{"Key": "Delay", "Value": "3"}])

    code, message = refusal(lambda: product.execute(plan_id))

    assert code == "InvalidStateException"
    assert product.describe("mine")["Id"] in message


@pytest.mark.parametrize(
    ("today", "named"),
    [
        ({"parameters": {"/image": "ami-2"}, "exports": {"network": "n1"}}, "SSM parameter /image"),
        ({"parameters": {"/image": "ami-1"}, "exports": {"network": "n2"}}, "Export network"),
        ({"parameters": {"/image": "ami-1"}}, "Export network"),
    ],
)
def test_a_fact_that_changed_is_refused_and_named(
    server: Server, account: str, publish: Publish, today: dict[str, dict[str, str]], named: str
) -> None:
    sandbox.set_environment(server, account, parameters={"/image": "ami-1"}, exports={"network": "n1"})
    product = publish(READS_FACTS)
    plan_id = plan_of(product)
    sandbox.set_environment(server, account, **today)

    code, message = refusal(lambda: product.execute(plan_id))

    assert code == "InvalidStateException"
    assert named in message
    assert status_of(product, plan_id) == "CREATE_SUCCESS"


def test_facts_that_the_plan_did_not_read_may_change(server: Server, account: str, publish: Publish) -> None:
    facts = {"parameters": {"/image": "ami-1"}, "exports": {"network": "n1"}}
    sandbox.set_environment(server, account, **facts)
    product = publish(READS_FACTS)
    plan_id = plan_of(product)
    sandbox.set_environment(server, account, parameters=facts["parameters"] | {"/b": "2"}, exports=facts["exports"])

    record = product.execute(plan_id)

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"


def test_an_execution_that_fails_leaves_a_new_product_in_error(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    plan_id = plan_of(product)
    sandbox.refuse(server, account, "Queue", "create")

    record = product.execute(plan_id)["RecordDetail"]

    plan = product.catalog.describe_provisioned_product_plan(PlanId=plan_id)["ProvisionedProductPlanDetails"]
    found = product.describe("mine")
    assert (record["Status"], plan["Status"], found["Status"]) == ("FAILED", "EXECUTE_FAILED", "ERROR")
    assert found["StatusMessage"].startswith("The following resource(s) failed to create: [Queue].")
    assert record["RecordErrors"][0]["Description"] == found["StatusMessage"]
    assert plan["StatusMessage"] == found["StatusMessage"]
    assert "LastSuccessfulProvisioningRecordId" not in found


def test_an_execution_that_is_rolled_back_leaves_the_product_tainted(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    launched = product.launch("mine")["RecordDetail"]
    plan_id = plan_of(product, version=1)
    sandbox.refuse(server, account, "Topic", "create")

    record = product.execute(plan_id)["RecordDetail"]

    found = product.describe("mine")
    assert (record["Status"], found["Status"]) == ("FAILED", "TAINTED")
    assert found["ProvisioningArtifactId"] == product.versions[0]
    assert found["LastProvisioningRecordId"] == record["RecordId"]
    assert found["LastSuccessfulProvisioningRecordId"] == launched["RecordId"]


def test_a_tainted_product_can_be_planned_and_executed_again(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")
    sandbox.refuse(server, account, "Topic", "create")
    product.execute(plan_of(product, version=1))
    sandbox.fail(server, account)

    record = product.execute(plan_of(product, version=1))["RecordDetail"]

    found = product.describe("mine")
    assert (record["Status"], found["Status"]) == ("SUCCEEDED", "AVAILABLE")
    assert "StatusMessage" not in found
    assert found["ProvisioningArtifactId"] == product.versions[1]


def test_the_record_is_of_who_executes_and_the_plan_of_who_made_it(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(QUEUE)
    ann, bob = (
        requests.issue_key(server, account, f"arn:aws:sts::{account}:assumed-role/{name}/{name}")
        for name in ("Ann", "Bob")
    )
    plan_id = plan_of(Published(ann, product.product_id, product.portfolio_id, product.versions))

    record = bob.execute_provisioned_product_plan(PlanId=plan_id, IdempotencyToken="t")["RecordDetail"]

    assert [one["PlanId"] for one in ann.list_provisioned_product_plans()["ProvisionedProductPlans"]] == [plan_id]
    assert bob.list_provisioned_product_plans()["ProvisionedProductPlans"] == []
    assert [one["RecordId"] for one in bob.list_record_history()["RecordDetails"]] == [record["RecordId"]]
    assert ann.list_record_history()["RecordDetails"] == []


def test_who_has_no_path_of_their_own_cannot_execute(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    plan_id = plan_of(product)
    stranger = requests.issue_key(server, account, f"arn:aws:iam::{account}:user/eve")

    code, _ = refusal(lambda: stranger.execute_provisioned_product_plan(PlanId=plan_id, IdempotencyToken="t"))

    assert code == "ResourceNotFoundException"
