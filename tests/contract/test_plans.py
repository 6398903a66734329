"""Plans: create, describe, list, delete."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from tests.contract import conftest, sandbox
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published
from tests.contract.requests import refusal

Publish = Callable[..., Published]

SECRETIVE = """
Parameters:
  Password: {Type: String, NoEcho: true}
  Size: {Type: Number, Default: 20}
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      Engine: mysql
      DBInstanceClass: db.t3.micro
      AllocatedStorage: !Ref Size
      MasterUsername: admin
      MasterUserPassword: !Ref Password
"""
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


def members(product: Published, name: str = "mine", **others: Any) -> dict[str, Any]:
    """The input of CreateProvisionedProductPlan."""
    return {
        "PlanName": f"{name}-plan",
        "PlanType": "CLOUDFORMATION",
        "ProductId": product.product_id,
        "ProvisionedProductName": name,
        "ProvisioningArtifactId": product.versions[0],
        "IdempotencyToken": str(uuid4()),
        **others,
    }


def body(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def details(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["ProvisionedProductPlanDetails"]
    return found


def changes(answer: dict[str, Any]) -> dict[str, str]:
    return {change["LogicalResourceId"]: change["Action"] for change in answer["ResourceChanges"]}


def test_a_new_plan_is_answered_with_awss_odd_spellings(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)

    answer = body(catalog.create_provisioned_product_plan(**members(product)))

    assert set(answer) == {
        "PlanName",
        "PlanId",
        "ProvisionProductId",
        "ProvisionedProductName",
        "ProvisioningArtifactId",
    }
    assert (answer["PlanName"], answer["ProvisionedProductName"]) == ("mine-plan", "mine")
    assert answer["PlanId"].startswith("plan-")
    assert answer["ProvisionProductId"].startswith("pp-")


def test_a_plan_that_is_made_is_described_without_what_does_not_apply(publish: Publish) -> None:
    product = publish(QUEUE)

    answer = body(product.plan("mine"))

    found = details(answer)
    assert set(found) == {
        "CreatedTime",
        "PathId",
        "ProductId",
        "PlanName",
        "PlanId",
        "ProvisionProductId",
        "ProvisionProductName",
        "PlanType",
        "ProvisioningArtifactId",
        "Status",
        "UpdatedTime",
        "Tags",
    }
    assert (found["Status"], found["PlanType"], found["Tags"]) == ("CREATE_SUCCESS", "CLOUDFORMATION", [])
    assert found["PathId"] == product.portfolio_id.replace("port-", "lpv3-")
    assert set(answer) == {"ProvisionedProductPlanDetails", "ResourceChanges"}


def test_what_a_plan_was_made_with_is_described(publish: Publish) -> None:
    given = [{"Key": "Delay", "Value": "5"}]
    tags = [{"Key": "team", "Value": "blue"}]
    arns = [f"arn:aws:sns:{conftest.REGION}:123456789012:news"]

    found = details(publish(QUEUE).plan("mine", ProvisioningParameters=given, Tags=tags, NotificationArns=arns))

    assert (found["ProvisioningParameters"], found["Tags"], found["NotificationArns"]) == (given, tags, arns)


def test_what_a_new_product_gets_is_added(publish: Publish) -> None:
    answer = publish(QUEUE).plan("mine")

    assert answer["ResourceChanges"] == [
        {
            "Action": "ADD",
            "LogicalResourceId": "Queue",
            "ResourceType": "AWS::SQS::Queue",
            "Scope": [],
            "Details": [],
        }
    ]


def test_a_plan_of_an_update_tells_what_is_modified_added_and_removed(publish: Publish) -> None:
    product = publish(QUEUE_AND_TOPIC, QUEUE.replace("Queue:", "Other: {Type: AWS::SNS::Topic}\n  Queue:", 1))
    product.launch("mine")

    answer = product.plan("mine", 1, ProvisioningParameters=[{"Key": "Delay", "Value": "5"}])

    assert changes(answer) == {"Queue": "MODIFY", "Other": "ADD", "Topic": "REMOVE"}
    modified = next(change for change in answer["ResourceChanges"] if change["Action"] == "MODIFY")
    assert (modified["Replacement"], modified["Scope"]) == ("FALSE", ["PROPERTIES"])
    assert modified["PhysicalResourceId"].startswith("https://sqs.")
    assert modified["Details"][0]["Target"] == {
        "Attribute": "PROPERTIES",
        "Name": "DelaySeconds",
        "RequiresRecreation": "NEVER",
    }


def test_a_new_product_is_plan_in_progress_without_a_record_and_can_be_found(publish: Publish) -> None:
    product = publish(QUEUE)
    plan = details(product.plan("mine"))

    found = product.describe("mine")

    assert (found["Status"], found["Id"]) == ("PLAN_IN_PROGRESS", plan["ProvisionProductId"])
    assert not {"LastRecordId", "LastProvisioningRecordId", "StatusMessage"} & set(found)
    scanned = product.catalog.scan_provisioned_products()["ProvisionedProducts"]
    assert [one["Id"] for one in scanned] == [found["Id"]]
    searched = product.catalog.search_provisioned_products(Filters={"SearchQuery": ["status:PLAN_IN_PROGRESS"]})
    assert [one["Id"] for one in searched["ProvisionedProducts"]] == [found["Id"]]
    assert "PhysicalId" not in searched["ProvisionedProducts"][0]


def test_a_plan_of_an_existing_product_leaves_its_status_as_it_is(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")

    product.plan("mine", 1)

    assert product.describe("mine")["Status"] == "AVAILABLE"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([{"Key": "Nope", "Value": "1"}], "Parameters: [Nope] do not exist in the template"),
        ([], "Parameters: [Password] must have values"),
    ],
)
def test_wrong_parameters_fail_the_plan_and_not_the_call(
    publish: Publish, parameters: list[dict[str, str]], message: str
) -> None:
    answer = publish(SECRETIVE).plan("mine", ProvisioningParameters=parameters)

    found = details(answer)
    assert found["Status"] == "CREATE_FAILED"
    start = "Error calling API cloudformation:CreateChangeSet. ErrorCode: ValidationError, Message: "
    assert found["StatusMessage"] == start + message
    assert found["ProvisionProductId"].startswith("pp-")
    assert answer["ResourceChanges"] == []


def test_a_plan_that_would_change_nothing_fails_with_awss_text(publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")

    found = details(product.plan("mine"))

    assert (found["Status"], found["StatusMessage"]) == ("CREATE_FAILED", NO_CHANGES)
    assert found["ProvisionProductId"] == product.describe("mine")["Id"]
    assert product.describe("mine")["Status"] == "AVAILABLE"


def test_a_plan_of_outputs_alone_is_good_and_changes_no_resource(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE + "  Name: {Value: !GetAtt Queue.QueueName}\n")
    product.launch("mine")

    answer = product.plan("mine", 1)
    record = product.execute(details(answer)["PlanId"])

    assert (details(answer)["Status"], answer["ResourceChanges"]) == ("CREATE_SUCCESS", [])
    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert [output["OutputKey"] for output in record["RecordOutputs"]] == ["CloudformationStackARN", "Url", "Name"]


def test_left_out_parameters_fall_back_to_their_defaults_unless_the_previous_value_is_asked_for(
    publish: Publish,
) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine", ProvisioningParameters=[{"Key": "Delay", "Value": "7"}])
    kept = product.plan("mine", 1, ProvisioningParameters=[{"Key": "Delay", "UsePreviousValue": True, "Value": "9"}])
    product.catalog.delete_provisioned_product_plan(PlanId=details(kept)["PlanId"])

    left_out = product.plan("mine", 1)

    assert changes(kept) == {"Topic": "ADD"}
    assert details(kept)["ProvisioningParameters"] == [{"Key": "Delay", "UsePreviousValue": True}]
    assert changes(left_out) == {"Topic": "ADD", "Queue": "MODIFY"}


def test_the_previous_value_of_a_new_product_is_refused(publish: Publish) -> None:
    product = publish(QUEUE)

    code, message = refusal(
        lambda: product.plan("mine", ProvisioningParameters=[{"Key": "Delay", "UsePreviousValue": True}])
    )

    assert code == "InvalidParametersException"
    assert "Delay" in message


def test_the_previous_value_of_a_parameter_that_there_was_not_fails_the_plan(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE.replace("Delay: {", "Extra: {Type: String}\n  Delay: {"))
    product.launch("mine")

    found = details(product.plan("mine", 1, ProvisioningParameters=[{"Key": "Extra", "UsePreviousValue": True}]))

    assert found["Status"] == "CREATE_FAILED"
    assert "Cannot specify usePreviousValue as true for a parameter key not in the previous" in found["StatusMessage"]


@pytest.mark.parametrize(
    "parameters",
    [
        [{"Key": "Delay", "Value": "1"}, {"Key": "Delay", "Value": "2"}],
        [{"Key": "Delay"}],
        [{"Value": "1"}],
    ],
)
def test_a_parameter_twice_or_without_key_or_value_is_refused(
    publish: Publish, parameters: list[dict[str, str]]
) -> None:
    product = publish(QUEUE)

    code, _ = refusal(lambda: product.plan("mine", ProvisioningParameters=parameters))

    assert code == "InvalidParametersException"


def test_a_value_that_is_not_echoed_is_shown_nowhere(server: Server, account: str, publish: Publish) -> None:
    secret = "hunter-2-in-the-hall"
    product = publish(SECRETIVE)
    given = [{"Key": "Password", "Value": secret}, {"Key": "Size", "Value": "30"}]

    answer = product.plan("mine", ProvisioningParameters=given)
    plan_id = details(answer)["PlanId"]
    record = product.execute(plan_id)
    document = sandbox.own_json(server, account, f"plans/{plan_id}")
    events = sandbox.own_json(server, account, f"records/{record['RecordDetail']['RecordId']}/events")

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert details(answer)["ProvisioningParameters"] == [
        {"Key": "Password", "Value": "****"},
        {"Key": "Size", "Value": "30"},
    ]
    assert secret not in f"{answer}{record}{document}{events}"


def test_a_secret_for_a_parameter_that_the_version_no_longer_has_is_not_shown(publish: Publish) -> None:
    answer = publish(QUEUE).plan("mine", ProvisioningParameters=[{"Key": "Password", "Value": "hunter-2"}])

    assert details(answer)["Status"] == "CREATE_FAILED"
    assert "hunter-2" not in str(answer)


def test_a_second_plan_while_one_is_open_is_refused_and_names_it(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")
    plan = details(product.plan("mine", 1))

    code, message = refusal(lambda: product.plan("mine", 1))

    assert code == "InvalidStateException"
    assert plan["PlanId"] in message


def test_a_second_plan_for_a_new_product_is_refused(publish: Publish) -> None:
    product = publish(QUEUE)
    product.plan("mine")

    code, message = refusal(lambda: product.plan("mine"))

    assert code == "InvalidStateException"
    assert "PLAN_IN_PROGRESS" in message


def test_the_name_of_another_products_plan_is_taken(publish: Publish) -> None:
    publish(QUEUE).plan("mine")
    other = publish(QUEUE, name="other")

    code, message = refusal(lambda: other.plan("mine"))

    assert (code, message) == ("InvalidParametersException", "A stack named mine already exists.")


def test_a_failed_plan_stands_in_nobodys_way(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE_AND_TOPIC)
    product.launch("mine")
    failed = details(product.plan("mine"))

    found = details(product.plan("mine", 1))

    assert (failed["Status"], found["Status"]) == ("CREATE_FAILED", "CREATE_SUCCESS")


def test_a_product_under_change_cannot_be_planned(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    sandbox.hold(server, account, "Queue")
    product.catalog.provision_product(
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[0],
        ProvisionedProductName="mine",
        ProvisionToken=str(uuid4()),
    )

    code, message = refusal(lambda: product.plan("mine"))

    assert code == "InvalidStateException"
    assert "UNDER_CHANGE" in message


def test_a_product_that_failed_to_launch_cannot_be_planned(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    sandbox.refuse(server, account, "Queue", "create")
    product.launch("mine")

    code, message = refusal(lambda: product.plan("mine"))

    assert code == "InvalidStateException"
    assert "ERROR" in message


@pytest.mark.parametrize("member", ["ProductId", "ProvisioningArtifactId", "PathId"])
def test_an_unknown_product_version_or_path_is_not_found(catalog: Any, publish: Publish, member: str) -> None:
    product = publish(QUEUE)
    unknown = {"ProductId": "prod-aaaaaaaaaaaaa", "ProvisioningArtifactId": "pa-aaaaaaaaaaaaa", "PathId": "lpv3-a"}

    code, _ = refusal(lambda: catalog.create_provisioned_product_plan(**members(product, **{member: unknown[member]})))

    assert code == "ResourceNotFoundException"


def test_several_paths_ask_for_one(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    portfolio = catalog.create_portfolio(DisplayName="b", ProviderName="b", IdempotencyToken="b")["PortfolioDetail"]
    catalog.associate_product_with_portfolio(ProductId=product.product_id, PortfolioId=portfolio["Id"])
    catalog.associate_principal_with_portfolio(
        PortfolioId=portfolio["Id"], PrincipalARN="arn:aws:iam:::role/*", PrincipalType="IAM_PATTERN"
    )

    refused = refusal(lambda: product.plan("mine"))
    found = details(product.plan("mine", PathId=portfolio["Id"].replace("port-", "lpv3-")))

    text = "More than one launch path ids exist. Please specify the launch path id"
    assert refused == ("InvalidParametersException", text)
    assert found["Status"] == "CREATE_SUCCESS"


def test_plans_are_listed_without_a_status(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    mine, yours = details(product.plan("mine")), details(product.plan("yours"))

    listed = catalog.list_provisioned_product_plans()["ProvisionedProductPlans"]
    of_one = catalog.list_provisioned_product_plans(ProvisionProductId=yours["ProvisionProductId"])

    names = (
        "PlanName",
        "PlanId",
        "ProvisionProductId",
        "ProvisionProductName",
        "PlanType",
        "ProvisioningArtifactId",
    )
    assert listed == [{name: plan[name] for name in names} for plan in (mine, yours)]
    assert [plan["PlanId"] for plan in of_one["ProvisionedProductPlans"]] == [yours["PlanId"]]


def test_a_plan_of_an_engines_product_without_a_launch_role_is_refused(catalog: Any, publish: Publish) -> None:
    code, message = refusal(lambda: publish(QUEUE, kind="EXTERNAL").plan("mine"))

    assert code == "InvalidParametersException"
    assert "is a EXTERNAL product and has no launch role" in message


def test_the_notification_arns_of_an_update_plan_take_the_place_of_the_first_ones(publish: Publish) -> None:
    template = QUEUE + "  Arn: {Value: !Select [0, !Ref AWS::NotificationARNs]}\n"
    product = publish(template, template.replace("Queue:", "Topic: {Type: AWS::SNS::Topic}\n  Queue:", 1))
    first, second = (f"arn:aws:sns:{conftest.REGION}:123456789012:{name}" for name in ("first", "second"))
    product.launch("mine", NotificationArns=[first])

    plan = details(product.plan("mine", 1, NotificationArns=[second]))
    record = product.execute(plan["PlanId"])

    assert record["RecordOutputs"][-1]["OutputValue"] == second
