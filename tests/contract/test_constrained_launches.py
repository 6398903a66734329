"""What LAUNCH, RESOURCE_UPDATE and TEMPLATE constraints do to launches, updates and plans."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from manciple.app import Server
from manciple.store.tables.engine import STACK
from tests.contract.constraining import constrain, role, tag_updates
from tests.contract.publishing import QUEUE, Published
from tests.contract.requests import offer, refusal, stored

Publish = Callable[..., Published]

SIZED = """
Parameters:
  Size: {Type: String, Default: small}
Rules:
  Known:
    Assertions:
      - Assert: {"Fn::Contains": [[small, large, huge], {Ref: Size}]}
        AssertDescription: Size is not known
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Size}}
"""


def only(*sizes: str, name: str = "Rule1") -> dict[str, Any]:
    """A TEMPLATE constraint that allows some sizes."""
    assertion = {"Fn::Contains": [list(sizes), {"Ref": "Size"}]}
    return {"Rules": {name: {"Assertions": [{"Assert": assertion, "AssertDescription": f"Only {' or '.join(sizes)}"}]}}}


def size(value: str) -> list[dict[str, str]]:
    return [{"Key": "Size", "Value": value}]


def errors(record: dict[str, Any]) -> str:
    return str(record["RecordDetail"]["RecordErrors"][0]["Description"])


def tags_of(published: Published, name: str) -> dict[str, str]:
    found = published.catalog.search_provisioned_products(Filters={"SearchQuery": [f"name:{name}"]})
    tags = found["ProvisionedProducts"][0]["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")}


def instructions(published: Published) -> dict[str, str]:
    answer = published.catalog.describe_provisioning_parameters(
        ProductId=published.product_id, ProvisioningArtifactId=published.versions[0]
    )
    return {one["Type"]: one["Value"] for one in answer["UsageInstructions"]}


def plan_id(plan: dict[str, Any]) -> str:
    return str(plan["ProvisionedProductPlanDetails"]["PlanId"])


def execute(published: Published, plan: dict[str, Any]) -> tuple[str, str]:
    """The refusal of a plan's execution."""
    return refusal(
        lambda: published.catalog.execute_provisioned_product_plan(PlanId=plan_id(plan), IdempotencyToken="t")
    )


# ---- shown along the path


def test_constraints_are_shown_along_the_path_with_their_types_and_descriptions(publish: Publish, account: str) -> None:
    published = publish(QUEUE)
    constrain(published, "LAUNCH", {"RoleArn": role(account)})
    constrain(published, "RESOURCE_UPDATE", tag_updates("ALLOWED"), Description="tags may change")

    listed = published.catalog.list_launch_paths(ProductId=published.product_id)["LaunchPathSummaries"]
    described = published.catalog.describe_provisioning_parameters(
        ProductId=published.product_id, ProvisioningArtifactId=published.versions[0]
    )

    expected = [{"Type": "LAUNCH"}, {"Type": "RESOURCE_UPDATE", "Description": "tags may change"}]
    assert sorted(listed[0]["ConstraintSummaries"], key=lambda one: str(one["Type"])) == expected
    assert sorted(described["ConstraintSummaries"], key=lambda one: str(one["Type"])) == expected


def test_each_path_shows_its_own_constraints(publish: Publish, account: str) -> None:
    published = publish(QUEUE)
    offer(published.catalog, published.product_id)
    constrain(published, "LAUNCH", {"RoleArn": role(account)})

    listed = published.catalog.list_launch_paths(ProductId=published.product_id)["LaunchPathSummaries"]

    assert [one["ConstraintSummaries"] for one in listed] == [[{"Type": "LAUNCH"}], []]


# ---- LAUNCH


def test_a_product_is_launched_under_the_constraints_role(publish: Publish, account: str) -> None:
    published = publish(QUEUE)
    constrain(published, "LAUNCH", {"RoleArn": role(account)})

    record = published.launch("queue")["RecordDetail"]

    assert (record["Status"], record["LaunchRoleArn"]) == ("SUCCEEDED", role(account))
    assert published.describe("queue")["LaunchRoleArn"] == role(account)
    assert published.terminate("queue")["RecordDetail"]["LaunchRoleArn"] == role(account)


def test_a_role_given_by_name_is_the_callers_own(publish: Publish, account: str) -> None:
    published = publish(QUEUE)
    constrain(published, "LAUNCH", {"LocalRoleName": "Local"})

    record = published.execute(plan_id(published.plan("queue")))["RecordDetail"]

    assert (record["Status"], record["LaunchRoleArn"]) == ("SUCCEEDED", role(account, "Local"))
    assert instructions(published)["launchAsRole"] == role(account, "Local")


def test_without_a_launch_constraint_no_role_is_told(publish: Publish) -> None:
    published = publish(QUEUE)

    record = published.launch("queue")["RecordDetail"]

    assert "LaunchRoleArn" not in record
    assert "LaunchRoleArn" not in published.describe("queue")
    assert "launchAsRole" not in instructions(published)


def test_a_product_keeps_the_role_that_it_was_launched_under(publish: Publish, account: str) -> None:
    published = publish(QUEUE)
    constraint_id = constrain(published, "LAUNCH", {"RoleArn": role(account)})
    published.launch("queue")
    published.catalog.update_constraint(Id=constraint_id, Parameters=json.dumps({"RoleArn": role(account, "Other")}))

    record = published.update("queue", ProvisioningParameters=[{"Key": "Delay", "Value": "1"}])["RecordDetail"]

    assert (record["Status"], record["LaunchRoleArn"]) == ("SUCCEEDED", role(account))


def test_a_product_that_has_no_role_gets_the_constraints_with_its_next_update(publish: Publish, account: str) -> None:
    published = publish(QUEUE)
    published.launch("queue")
    constrain(published, "LAUNCH", {"RoleArn": role(account)})

    record = published.update("queue", ProvisioningParameters=[{"Key": "Delay", "Value": "1"}])["RecordDetail"]

    assert (record["Status"], record["LaunchRoleArn"]) == ("SUCCEEDED", role(account))
    assert published.describe("queue")["LaunchRoleArn"] == role(account)


def test_a_plan_is_not_executed_under_another_role_than_it_was_made_for(publish: Publish, account: str) -> None:
    published = publish(QUEUE)
    constraint_id = constrain(published, "LAUNCH", {"RoleArn": role(account)})
    plan = published.plan("queue")
    published.catalog.update_constraint(Id=constraint_id, Parameters=json.dumps({"RoleArn": role(account, "Other")}))

    code, message = execute(published, plan)

    assert code == "InvalidStateException"
    assert message.startswith(f"The launch role of the LAUNCH constraint changed since plan {plan_id(plan)} was made")


def test_a_plan_is_not_executed_after_its_product_got_another_role(publish: Publish, account: str) -> None:
    published = publish(QUEUE)
    constrain(published, "LAUNCH", {"RoleArn": role(account)})
    product_id = published.launch("queue")["RecordDetail"]["ProvisionedProductId"]
    plan = published.plan("queue", ProvisioningParameters=[{"Key": "Delay", "Value": "1"}])
    published.catalog.update_provisioned_product_properties(
        ProvisionedProductId=product_id,
        ProvisionedProductProperties={"LAUNCH_ROLE": role(account, "Other")},
        IdempotencyToken="t",
    )

    code, message = execute(published, plan)

    assert code == "InvalidStateException"
    assert message.startswith(f"The launch role of provisioned product {product_id} changed since plan")


def test_a_product_is_terminated_under_the_role_that_it_has_by_then(
    publish: Publish, server: Server, account: str
) -> None:
    published = publish(QUEUE)
    constrain(published, "LAUNCH", {"RoleArn": role(account)})
    product_id = published.launch("queue")["RecordDetail"]["ProvisionedProductId"]
    published.catalog.update_provisioned_product_properties(
        ProvisionedProductId=product_id,
        ProvisionedProductProperties={"LAUNCH_ROLE": role(account, "Other")},
        IdempotencyToken="t",
    )

    record = published.terminate("queue")["RecordDetail"]

    with stored(server) as tx:
        (stack,) = tx.all(sa.select(STACK).where(STACK.c.provisioned_product_id == product_id))
    assert record["LaunchRoleArn"] == stack.place["role_arn"] == role(account, "Other")


def test_a_failed_update_along_another_path_leaves_the_product_its_role(publish: Publish, account: str) -> None:
    published = publish(SIZED)
    constrain(published, "LAUNCH", {"RoleArn": role(account)})
    published.launch("topic")
    other = replace(published, portfolio_id=offer(published.catalog, published.product_id))
    constrain(other, "LAUNCH", {"RoleArn": role(account, "Other")})

    record = published.update(
        "topic", PathId=other.portfolio_id.replace("port-", "lpv3-"), ProvisioningParameters=size("unknown")
    )["RecordDetail"]

    assert (record["Status"], record["LaunchRoleArn"]) == ("FAILED", role(account, "Other"))
    assert published.describe("topic")["LaunchRoleArn"] == role(account)


# ---- RESOURCE_UPDATE


@pytest.mark.parametrize(
    ("value", "told"), [("ALLOWED", "ALLOWED"), ("NOT_ALLOWED", "NOT_ALLOWED"), (None, "NOT_ALLOWED")]
)
def test_whether_tags_may_be_updated_is_always_told(publish: Publish, value: str | None, told: str) -> None:
    published = publish(QUEUE)
    if value is not None:
        constrain(published, "RESOURCE_UPDATE", tag_updates(value))

    assert instructions(published)["tagUpdateOnProvisionedProduct"] == told


@pytest.mark.parametrize("value", ["NOT_ALLOWED", None])
def test_tags_of_an_update_that_are_not_allowed_are_ignored(publish: Publish, value: str | None) -> None:
    published = publish(QUEUE)
    if value is not None:
        constrain(published, "RESOURCE_UPDATE", tag_updates(value))
    published.launch("queue", Tags=[{"Key": "team", "Value": "one"}])

    record = published.update(
        "queue",
        Tags=[{"Key": "team", "Value": "two"}],
        ProvisioningParameters=[{"Key": "Delay", "Value": "1"}],
    )

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert tags_of(published, "queue") == {"team": "one"}


def test_tags_of_an_update_that_are_allowed_take_the_place_of_the_earlier_ones(publish: Publish) -> None:
    published = publish(QUEUE)
    constrain(published, "RESOURCE_UPDATE", tag_updates("ALLOWED"))
    published.launch("queue", Tags=[{"Key": "team", "Value": "one"}, {"Key": "stage", "Value": "test"}])

    record = published.update("queue", Tags=[{"Key": "team", "Value": "two"}])

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert {"Key": "team", "Value": "two"} in record["RecordDetail"]["RecordTags"]
    assert tags_of(published, "queue") == {"team": "two"}


def test_an_update_without_tags_keeps_them(publish: Publish) -> None:
    published = publish(QUEUE)
    constrain(published, "RESOURCE_UPDATE", tag_updates("ALLOWED"))
    published.launch("queue", Tags=[{"Key": "team", "Value": "one"}])

    published.update("queue", ProvisioningParameters=[{"Key": "Delay", "Value": "1"}])

    assert tags_of(published, "queue") == {"team": "one"}


def test_a_plan_for_other_tags_changes_them_where_that_is_allowed(publish: Publish) -> None:
    published = publish(QUEUE)
    constrain(published, "RESOURCE_UPDATE", tag_updates("ALLOWED"))
    published.launch("queue", Tags=[{"Key": "team", "Value": "one"}])

    plan = published.plan("queue", Tags=[{"Key": "team", "Value": "two"}])
    published.execute(plan_id(plan))

    assert [(one["LogicalResourceId"], one["Scope"]) for one in plan["ResourceChanges"]] == [("Queue", ["TAGS"])]
    assert tags_of(published, "queue") == {"team": "two"}


def test_a_plan_for_other_tags_has_no_changes_where_they_are_ignored(publish: Publish) -> None:
    published = publish(QUEUE)
    published.launch("queue", Tags=[{"Key": "team", "Value": "one"}])

    plan = published.plan("queue", Tags=[{"Key": "team", "Value": "two"}])["ProvisionedProductPlanDetails"]

    assert (plan["Status"], plan["StatusMessage"]) == (
        "CREATE_FAILED",
        "The submitted information didn't contain changes. Submit different information to create a change set.",
    )


def test_a_failed_update_leaves_the_tags_as_they_were(publish: Publish) -> None:
    published = publish(SIZED)
    constrain(published, "RESOURCE_UPDATE", tag_updates("ALLOWED"))
    published.launch("topic", Tags=[{"Key": "team", "Value": "one"}])

    published.update("topic", Tags=[{"Key": "team", "Value": "two"}], ProvisioningParameters=size("unknown"))

    assert tags_of(published, "topic") == {"team": "one"}


# ---- TEMPLATE


def test_a_launch_that_breaks_a_rule_fails_in_its_record(publish: Publish) -> None:
    published = publish(SIZED)
    constrain(published, "TEMPLATE", only("small"))

    record = published.launch("topic", ProvisioningParameters=size("large"))

    assert record["RecordDetail"]["Status"] == "FAILED"
    assert "Only small" in errors(record)
    assert published.describe("topic")["Status"] == "ERROR"


def test_a_plan_that_breaks_a_rule_fails(publish: Publish) -> None:
    published = publish(SIZED)
    constrain(published, "TEMPLATE", only("small"))

    plan = published.plan("topic", ProvisioningParameters=size("large"))["ProvisionedProductPlanDetails"]

    assert plan["Status"] == "CREATE_FAILED"
    assert plan["StatusMessage"] == (
        "Error calling API cloudformation:CreateChangeSet. ErrorCode: ValidationError, Message: Only small"
    )


def test_an_update_that_breaks_a_rule_fails_in_its_record(publish: Publish) -> None:
    published = publish(SIZED)
    published.launch("topic")
    constrain(published, "TEMPLATE", only("small"))

    record = published.update("topic", ProvisioningParameters=size("large"))

    assert record["RecordDetail"]["Status"] == "FAILED"
    assert "Only small" in errors(record)


@pytest.mark.parametrize(
    ("value", "status"), [("small", "SUCCEEDED"), ("large", "FAILED"), ("huge", "FAILED"), ("unknown", "FAILED")]
)
def test_the_rules_of_the_template_and_of_every_constraint_hold(publish: Publish, value: str, status: str) -> None:
    published = publish(SIZED)
    constrain(published, "TEMPLATE", only("small", "large", "unknown"))
    constrain(published, "TEMPLATE", only("small", "huge", "unknown"))

    record = published.launch("topic", ProvisioningParameters=size(value))

    assert record["RecordDetail"]["Status"] == status


def test_a_rule_on_a_parameter_that_the_version_has_not_fails_the_plan_by_its_name(publish: Publish) -> None:
    published = publish(QUEUE)
    constrain(published, "TEMPLATE", only("small"))

    plan = published.plan("queue")["ProvisionedProductPlanDetails"]

    assert plan["Status"] == "CREATE_FAILED"
    assert "Unresolved resource dependencies [Size] in the Rules block of the template" in plan["StatusMessage"]


def test_rules_are_shown_beside_the_templates_and_narrow_no_allowed_values(publish: Publish) -> None:
    published = publish(SIZED)
    constrain(published, "TEMPLATE", only("small"))

    rules = json.loads(instructions(published)["rules"])
    described = published.catalog.describe_provisioning_parameters(
        ProductId=published.product_id, ProvisioningArtifactId=published.versions[0]
    )

    assert list(rules) == ["Known", "Rule1"]
    assert rules["Rule1"] == only("small")["Rules"]["Rule1"]
    assert described["ProvisioningArtifactParameters"][0]["ParameterConstraints"] == {"AllowedValues": []}


def test_a_plan_is_not_executed_under_other_rules_than_it_was_made_under(publish: Publish) -> None:
    published = publish(SIZED)
    plan = published.plan("topic")
    constrain(published, "TEMPLATE", only("large"))

    code, message = execute(published, plan)

    assert code == "InvalidStateException"
    assert message.startswith(f"The rules of the TEMPLATE constraints changed since plan {plan_id(plan)} was made")


def test_a_deleted_constraint_holds_no_more(publish: Publish) -> None:
    published = publish(SIZED)
    constraint_id = constrain(published, "TEMPLATE", only("small"))
    published.catalog.delete_constraint(Id=constraint_id)

    record = published.launch("topic", ProvisioningParameters=size("large"))

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
