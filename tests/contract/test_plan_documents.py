"""What our own API tells of a plan, and of two plans, that AWS's cannot."""

from collections.abc import Callable
from typing import Any

import pytest

from manciple.app import Server
from tests.contract.conftest import REGION
from tests.contract.publishing import QUEUE, Published
from tests.contract.raw import issue_key, send, signed
from tests.contract.sandbox import own_json, set_environment

Publish = Callable[..., Published]

POLICY = """
Parameters:
  Password: {Type: String, NoEcho: true, Default: hunter2-hunter2}
  Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: %(image)s}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Statement:
          - {Sid: Send, Effect: Allow, Principal: %(principal)s, Action: %(actions)s, Resource: '*'}
  Host:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: !Ref Image
      UserData: !Base64 "#!/bin/sh\\necho %(greeting)s\\n"
      Tags: [{Key: password, Value: !Ref Password}]
Outputs:
  Greeting: {Value: %(greeting)s}
"""
AMAZON_LINUX = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
FIRST = POLICY % {
    "image": AMAZON_LINUX,
    "principal": "{AWS: '111111111111'}",
    "actions": "[sqs:SendMessage]",
    "greeting": "hello",
}
SECOND = POLICY % {
    "image": AMAZON_LINUX,
    "principal": "'*'",
    "actions": "[sqs:SendMessage, sqs:ReceiveMessage]",
    "greeting": "goodbye",
}


@pytest.fixture
def document(server: Server, account: str) -> Callable[[dict[str, Any]], Any]:
    """The document of a plan that was described."""
    return lambda plan: own_json(server, account, f"plans/{id_of(plan)}")


def id_of(plan: dict[str, Any]) -> str:
    details = plan["ProvisionedProductPlanDetails"]
    assert details["Status"] == "CREATE_SUCCESS", details
    return str(details["PlanId"])


def places(document: dict[str, Any], logical_id: str) -> dict[str, tuple[str | None, str | None]]:
    (change,) = (one for one in document["Changes"] if one["ResourceChange"]["LogicalResourceId"] == logical_id)
    return {one["Path"]: (one.get("BeforeValue"), one.get("AfterValue")) for one in change["PathChanges"]}


def updated(publish: Publish) -> dict[str, Any]:
    product = publish(FIRST, SECOND)
    assert product.launch("mine")["RecordDetail"]["Status"] == "SUCCEEDED"
    return product.plan("mine", 1)


def test_changes_inside_a_policy_are_told_by_their_paths(publish: Publish, document: Callable[..., Any]) -> None:
    found = places(document(updated(publish)), "Policy")

    statement = "/Properties/PolicyDocument/Statement[Sid=Send]"
    assert found == {
        f"{statement}/Principal": ('{"AWS":"111111111111"}', "*"),
        f"{statement}/Action[1]": (None, "sqs:ReceiveMessage"),
    }


def test_user_data_is_shown_decoded(publish: Publish, document: Callable[..., Any]) -> None:
    found = places(document(updated(publish)), "Host")

    assert found == {"/Properties/UserData": ("#!/bin/sh\necho hello\n", "#!/bin/sh\necho goodbye\n")}


def test_risks_are_told_in_words_and_counts(publish: Publish, document: Callable[..., Any]) -> None:
    made = document(updated(publish))

    assert [(risk["Kind"], risk["LogicalResourceId"], risk["Reason"]) for risk in made["Risks"]] == [
        ("data loss", "Host", "May replace an instance with its local disks: what it holds would be lost."),
        ("public exposure", "Policy", "Lets every principal in."),
        ("wider permissions", "Policy", "Widens permissions: adds sqs:ReceiveMessage."),
    ]
    counts = made["RiskCounts"]
    assert (counts["High"], counts["Low"], counts["PublicExposure"]) == (2, 1, 1)
    assert counts["Words"] == (
        "1 resource may lose data; 1 resource opened to the public; 1 resource given wider permissions."
    )


def test_outputs_and_parameters_are_told_without_secrets(publish: Publish, document: Callable[..., Any]) -> None:
    product = publish(FIRST, SECOND)
    product.launch("mine")

    given = [{"Key": "Password", "Value": "swordfish-9"}]
    made = document(product.plan("mine", 1, ProvisioningParameters=given))

    assert made["Outputs"] == [
        {"Path": "/Outputs/Greeting/Value", "ChangeType": "Modify", "BeforeValue": "hello", "AfterValue": "goodbye"}
    ]
    assert made["Parameters"] == [
        {"Path": "/Parameters/Password", "ChangeType": "Modify", "BeforeValue": "****", "AfterValue": "****"}
    ]
    assert "swordfish" not in str(made)


def test_autotags_never_count_as_a_change(publish: Publish) -> None:
    product = publish(QUEUE, QUEUE)
    product.launch("mine")

    plan = product.plan("mine", 1)

    details = plan["ProvisionedProductPlanDetails"]
    assert (details["Status"], details["StatusMessage"].split(".")[0]) == (
        "CREATE_FAILED",
        "The submitted information didn't contain changes",
    )


def test_public_parameters_have_values_of_their_own_unless_the_environment_says_otherwise(
    server: Server, account: str, publish: Publish, document: Callable[..., Any]
) -> None:
    product = publish(FIRST)

    made_up = document(product.plan("one"))
    set_environment(server, account, parameters={AMAZON_LINUX: "ami-0123456789abcdef0"})
    given = document(product.plan("two"))

    def image(made: dict[str, Any]) -> str:
        values = {one["Path"]: one["AfterValue"] for one in made["Parameters"]}
        return str(values["/Parameters/Image/ResolvedValue"])

    assert image(made_up).startswith("ami-0")
    assert image(given) == "ami-0123456789abcdef0" != image(made_up)


def test_two_plans_of_one_product_differ_by_path(server: Server, account: str, publish: Publish) -> None:
    product = publish(FIRST, SECOND)
    first, second = id_of(product.plan("one")), id_of(product.plan("two", 1))

    diff = own_json(server, account, f"plans/{first}/diff/{second}")

    assert (diff["A"]["PlanId"], diff["B"]["PlanId"]) == (first, second)
    assert (diff["OnlyInA"], diff["OnlyInB"], diff["Equal"]) == ([], [], 1)
    assert [one["LogicalResourceId"] for one in diff["Different"]] == ["Host", "Policy"]
    assert diff["Different"][1]["Paths"][-1] == {
        "Path": "/Properties/PolicyDocument/Statement[Sid=Send]/Action[1]",
        "InA": None,
        "InB": {"AfterValue": "sqs:ReceiveMessage"},
    }
    assert diff["Outputs"] == [
        {"Path": "/Outputs/Greeting/Value", "InA": {"AfterValue": "hello"}, "InB": {"AfterValue": "goodbye"}}
    ]


def test_plans_of_different_products_can_be_compared(server: Server, account: str, publish: Publish) -> None:
    ours = publish(FIRST, name="hosts").plan("one")
    theirs = publish(QUEUE, name="queues").plan("two")

    diff = own_json(server, account, f"plans/{id_of(ours)}/diff/{id_of(theirs)}")

    assert [one["ResourceChange"]["LogicalResourceId"] for one in diff["OnlyInA"]] == ["Host", "Policy"]
    assert (diff["OnlyInB"], [one["LogicalResourceId"] for one in diff["Different"]]) == ([], ["Queue"])


def test_without_values_a_document_and_a_difference_tell_names_only(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(FIRST, SECOND)
    product.launch("mine")
    plan, other = id_of(product.plan("mine", 1)), id_of(product.plan("other", 1))

    answers = [own_json(server, account, f"plans/{path}?values=false") for path in (plan, f"{plan}/diff/{other}")]

    assert not [word for word in ("goodbye", "BeforeValue", "AfterContext") if word in str(answers)]
    assert "/Properties/UserData" in str(answers[0])
    assert "/Properties/UserData" in str(answers[1])


@pytest.mark.parametrize("path", ["{}/diff/plan-none", "plan-none/diff/{}"])
def test_a_plan_that_is_not_there_cannot_be_compared(server: Server, account: str, publish: Publish, path: str) -> None:
    plan = id_of(publish(QUEUE).plan("mine"))
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": REGION}

    answer = send(server, "GET", f"/_manciple/plans/{path.format(plan)}", headers)

    assert (answer.status, answer.json["__type"]) == (404, "ResourceNotFoundException")


def test_a_difference_is_for_those_who_may_describe_plans(sigv4_server: Server, account: str) -> None:
    path = "/_manciple/plans/plan-a/diff/plan-b"
    key = issue_key(sigv4_server, account)

    unsigned = send(sigv4_server, "GET", path)
    allowed = send(sigv4_server, "GET", path, signed(sigv4_server, key, "GET", path))

    assert (unsigned.status, allowed.status) == (403, 404)


def test_a_plan_that_imports_what_nobody_exports_is_made_and_warns(
    publish: Publish, document: Callable[[dict[str, Any]], Any]
) -> None:
    topic = "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue network}}}"

    plan = publish(topic).plan("mine")

    told = document(plan)
    assert plan["ResourceChanges"][0]["Action"] == "ADD"
    assert told["UnknownUntilExecution"] == ["Topic.DisplayName"]
    assert told["StatusMessage"] == (
        "[WARN] --include-property-values option can return incomplete ChangeSet data because: "
        "ChangeSet creation failed for resource [Topic] because: No export named network"
    )


CHAIN = """
Parameters: {{Label: {{Type: String}}}}
Resources:
  First: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !Ref Label}}}}
  Second: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !GetAtt First.TopicName}}}}
  {more}: {{Type: AWS::SNS::Topic, DeletionPolicy: {policy}, Properties: {{TopicName: {name}}}}}
"""


@pytest.mark.parametrize(("policy", "done"), [("Delete", "removed"), ("Retain", "retained")])
def test_after_a_success_the_document_tells_what_was_done_of_what_was_planned(
    publish: Publish, document: Callable[[dict[str, Any]], Any], policy: str, done: str
) -> None:
    product = publish(*(CHAIN.format(more=more, policy=policy, name=more) for more in ("Old", "New")))
    label = [[{"Key": "Label", "Value": value}] for value in "ab"]
    product.launch("mine", ProvisioningParameters=label[0])
    plan = product.plan("mine", 1, ProvisioningParameters=label[1])
    before = document(plan)
    product.execute(id_of(plan))

    after = document(plan)

    assert (before["Done"], [change["Done"] for change in before["Changes"]]) == (None, [None] * 4)
    assert {change["ResourceChange"]["LogicalResourceId"]: change["Done"] for change in after["Changes"]} == {
        "First": "as planned",
        "New": "as planned",
        "Old": done,
        "Second": "not needed",
    }
    assert after["Done"] == {"Add": 1, "Modify": 1, "Replace": 0, "Remove": 1 if done == "removed" else 0}


def test_a_name_that_a_replacement_would_have_to_share_is_told_as_what_will_fail(
    publish: Publish, document: Callable[..., Any]
) -> None:
    group = "Resources: {{G: {{Type: AWS::EC2::SecurityGroup, Properties: {{GroupName: web, GroupDescription: {}}}}}}}"
    product = publish(group.format("one"), group.format("two"))
    assert product.launch("named")["RecordDetail"]["Status"] == "SUCCEEDED"

    plan = product.plan("named", 1)

    (fault,) = document(plan)["InvalidProperties"]
    assert (fault["LogicalResourceId"], fault["Path"], fault["Consequence"]) == ("G", "GroupName", "fails")
    record = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])
    assert fault["Reason"] in record["RecordDetail"]["RecordErrors"][0]["Description"]
