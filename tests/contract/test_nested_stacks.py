"""Products that nest stacks, through the API: what their plans list, what their records tell, which templates count."""

from collections.abc import Callable
from typing import Any

import pytest

from manciple.app import Server
from tests.contract.publishing import Published, bucket_of
from tests.contract.sandbox import own_json

Publish = Callable[..., Published]
STACK = "AWS::CloudFormation::Stack"

PARENT = """
Parameters:
  Delay: {{Type: Number, Default: 0}}
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: {url}
      Parameters: {{Delay: !Ref Delay, Topic: !Ref Topic}}
Outputs:
  Url: {{Value: !GetAtt Child.Outputs.Url}}
"""
CHILD = """
Parameters:
  Delay: {Type: Number}
  Topic: {Type: String}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !Ref Delay}}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt Queue.Arn}
Outputs:
  Url: {Value: !Ref Queue}
"""


@pytest.fixture
def put(make_client: Callable[..., Any], publish: Publish) -> Callable[..., str]:
    """Upload a template; answers its address in one of the forms of S3's addresses."""
    s3 = make_client("s3")
    publish(CHILD)  # makes the bucket

    def upload(key: str, text: str, form: str = "https://{bucket}.s3.amazonaws.com/{key}") -> str:
        s3.put_object(Bucket=bucket_of(s3), Key=key, Body=text.encode())
        return form.format(bucket=bucket_of(s3), key=key, server=s3.meta.endpoint_url)

    return upload


@pytest.fixture
def document(server: Server, account: str) -> Callable[[dict[str, Any]], Any]:
    """The document of a plan that was described."""
    return lambda plan: own_json(server, account, f"plans/{plan['ProvisionedProductPlanDetails']['PlanId']}")


def named(document: Any) -> dict[str, tuple[str, str]]:
    """Action and certainty of each change by its path."""
    return {
        "/".join(filter(None, (change["StackPath"], change["ResourceChange"]["LogicalResourceId"]))): (
            change["ResourceChange"]["Action"],
            change["Certainty"],
        )
        for change in document["Changes"]
    }


def test_a_plan_lists_what_is_nested_in_its_document_and_the_nested_stack_itself_as_aws_does(
    publish: Publish, put: Callable[..., str], document: Callable[..., Any]
) -> None:
    product = publish(PARENT.format(url=put("child.yaml", CHILD)))

    plan = product.plan("nested")

    assert {change["LogicalResourceId"]: change["ResourceType"] for change in plan["ResourceChanges"]} == {
        "Topic": "AWS::SNS::Topic",
        "Child": STACK,
    }
    found = document(plan)
    assert named(found) == dict.fromkeys(("Topic", "Child", "Child/Queue", "Child/Subscription"), ("Add", "certain"))
    assert found["Summary"] == {"Add": 4, "Modify": 0, "Replace": 0, "Remove": 0}
    assert "Child/Subscription.TopicArn" in found["UnknownUntilExecution"]


def test_a_launch_tells_events_of_the_nested_stack_under_its_path_and_gives_its_outputs(
    publish: Publish, put: Callable[..., str], server: Server, account: str
) -> None:
    product = publish(PARENT.format(url=put("child.yaml", CHILD)))
    plan = product.plan("nested")

    record = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    outputs = {one["OutputKey"]: one["OutputValue"] for one in record["RecordOutputs"]}
    assert "Queue" in outputs["Url"]
    events = own_json(server, account, f"records/{record['RecordDetail']['RecordId']}/events")["Events"]
    told = [(one["StackPath"], one["LogicalResourceId"], one["ResourceStatus"]) for one in events]
    assert ("Child", "Queue", "CREATE_COMPLETE") in told
    stack = next(one for one in events if (one["StackPath"], one["ResourceType"]) == ("Child", STACK))
    name = stack["LogicalResourceId"]
    assert name.startswith("SC-")
    assert "-Child-" in name
    assert len(name.rpartition("-")[2]) == 12
    assert stack["PhysicalResourceId"].partition(":stack/")[2].startswith(f"{name}/")
    product.terminate("nested")
    listed = own_json(server, account, f"records/{record['RecordDetail']['RecordId']}/events")
    assert listed["Events"], "the story stays"


def test_after_a_success_what_was_done_inside_is_told_too(
    publish: Publish, put: Callable[..., str], document: Callable[[dict[str, Any]], Any]
) -> None:
    product = publish(PARENT.format(url=put("done.yaml", CHILD)))
    plan = product.plan("nested")
    product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    told = document(plan)

    done = {
        (change["StackPath"], change["ResourceChange"]["LogicalResourceId"]): change["Done"]
        for change in told["Changes"]
    }
    listed = [("", "Child"), ("", "Topic"), ("Child", "Queue"), ("Child", "Subscription")]
    assert done == dict.fromkeys(listed, "as planned")
    assert told["Done"] == {"Add": 4, "Modify": 0, "Replace": 0, "Remove": 0}


def test_an_update_lists_only_what_changes_inside(
    publish: Publish, put: Callable[..., str], document: Callable[..., Any]
) -> None:
    product = publish(PARENT.format(url=put("child.yaml", CHILD)))
    assert product.launch("nested")["RecordDetail"]["Status"] == "SUCCEEDED"

    plan = product.plan("nested", ProvisioningParameters=[{"Key": "Delay", "Value": "5"}])

    assert named(document(plan)) == {
        "Child": ("Modify", "certain"),
        "Child/Queue": ("Modify", "certain"),
        "Child/Subscription": ("Modify", "if changed"),
    }
    assert [change["LogicalResourceId"] for change in plan["ResourceChanges"]] == ["Child"]


def test_a_template_changed_at_its_address_shows_as_aws_shows_a_nested_stack(
    publish: Publish, put: Callable[..., str], document: Callable[..., Any]
) -> None:
    product = publish(PARENT.format(url=put("child.yaml", CHILD)))
    assert product.launch("nested")["RecordDetail"]["Status"] == "SUCCEEDED"
    put("child.yaml", CHILD.replace("Outputs:", "  More: {Type: AWS::SQS::Queue}\nOutputs:"))

    plan = product.plan("nested")

    (change,) = plan["ResourceChanges"]
    assert (change["LogicalResourceId"], change["Action"], change["Replacement"]) == ("Child", "MODIFY", "FALSE")
    assert change["Details"] == [
        {"Target": {"Attribute": "PROPERTIES", "RequiresRecreation": "NEVER"}, "Evaluation": "DYNAMIC"}
    ]
    assert named(document(plan)) == {"Child": ("Modify", "certain"), "Child/More": ("Add", "certain")}


def test_a_plan_without_any_change_inside_raises_no_alarm(publish: Publish, put: Callable[..., str]) -> None:
    product = publish(PARENT.format(url=put("child.yaml", CHILD)))
    assert product.launch("nested")["RecordDetail"]["Status"] == "SUCCEEDED"

    plan = product.plan("nested")["ProvisionedProductPlanDetails"]

    assert plan["Status"] == "CREATE_FAILED"
    assert "didn't contain changes" in plan["StatusMessage"]


def test_execution_uses_the_template_that_the_plan_was_made_from(
    publish: Publish, put: Callable[..., str], server: Server, account: str
) -> None:
    product = publish(PARENT.format(url=put("child.yaml", CHILD)))
    plan = product.plan("nested")
    put("child.yaml", "Resources: {Other: {Type: AWS::SNS::Topic}}")

    record = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    events = own_json(server, account, f"records/{record['RecordDetail']['RecordId']}/events")["Events"]
    assert "Other" not in {one["LogicalResourceId"] for one in events}


@pytest.mark.parametrize(
    "form",
    [
        "https://{bucket}.s3.us-east-1.amazonaws.com/{key}",
        "https://s3.amazonaws.com/{bucket}/{key}",
        "https://s3-us-east-1.amazonaws.com/{bucket}/{key}",
        "http://s3.amazonaws.com/{bucket}/{key}",
        "s3://{bucket}/{key}",
        "{server}/{bucket}/{key}",
    ],
)
def test_every_form_of_an_s3_address_leads_to_the_nested_template(
    publish: Publish, put: Callable[..., str], form: str
) -> None:
    product = publish(PARENT.format(url=put("child.yaml", CHILD, form)))

    assert product.plan("nested")["ProvisionedProductPlanDetails"]["Status"] == "CREATE_SUCCESS"


def test_a_template_of_another_account_is_not_there(
    publish: Publish, put: Callable[..., str], make_client: Callable[..., Any]
) -> None:
    other = make_client("s3", "444455556666")
    other.create_bucket(Bucket="others-templates")
    other.put_object(Bucket="others-templates", Key="child.yaml", Body=CHILD.encode())
    url = "https://others-templates.s3.amazonaws.com/child.yaml"

    plan = publish(PARENT.format(url=url)).plan("nested")["ProvisionedProductPlanDetails"]

    assert plan["Status"] == "CREATE_FAILED"
    assert "Nested stack Child: S3 error: The specified key does not exist." in plan["StatusMessage"]
    assert url in plan["StatusMessage"]


def test_what_has_to_be_decided_by_what_is_new_is_listed_as_one_change(
    publish: Publish, put: Callable[..., str], document: Callable[..., Any]
) -> None:
    conditions = 'Conditions: {IsFifo: !Equals [!Ref Topic, ""]}\nResources:'
    product = publish(PARENT.format(url=put("child.yaml", CHILD.replace("Resources:", conditions))))
    plan = product.plan("nested")

    record = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    found = document(plan)
    assert named(found) == {"Topic": ("Add", "certain"), "Child": ("Add", "expanded at execution")}
    assert record["RecordDetail"]["Status"] == "SUCCEEDED"


def test_the_data_in_a_nested_stack_that_goes_is_named_as_a_risk(
    publish: Publish, put: Callable[..., str], document: Callable[..., Any]
) -> None:
    table = "Resources: {Orders: {Type: AWS::S3::Bucket}}"
    url = put("child.yaml", table)
    topic = "Resources: {Topic: {Type: AWS::SNS::Topic}}"
    child = f"{{Type: '{STACK}', Properties: {{TemplateURL: '{url}'}}}}"
    product = publish(f"{topic.removesuffix('}')}, Child: {child}}}", topic)
    assert product.launch("nested")["RecordDetail"]["Status"] == "SUCCEEDED"

    found = document(product.plan("nested", 1))

    assert named(found) == {"Child": ("Remove", "certain"), "Child/Orders": ("Remove", "certain")}
    assert [risk["LogicalResourceId"] for risk in found["Risks"]] == ["Child/Orders"]


def test_secrets_given_to_a_nested_stack_are_seen_nowhere(
    publish: Publish, put: Callable[..., str], document: Callable[..., Any], server: Server, account: str
) -> None:
    child = """
Parameters: {Password: {Type: String, NoEcho: true}, Plain: {Type: String}}
Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub "${Password}${Plain}"}}}
Outputs: {Told: {Value: !Ref Password}, Name: {Value: !GetAtt Topic.DisplayName}}
"""
    parent = f"""
Parameters: {{Password: {{Type: String, NoEcho: true}}}}
Resources:
  Queue: {{Type: AWS::SQS::Queue}}
  Child:
    Type: {STACK}
    Properties:
      TemplateURL: {put("secret.yaml", child)}
      Parameters: {{Password: !Sub "${{Password}}${{Queue}}", Plain: !Ref Password}}
Outputs: {{Told: {{Value: !GetAtt Child.Outputs.Told}}, Name: {{Value: !GetAtt Child.Outputs.Name}}}}
"""
    product = publish(parent)
    plan = product.plan("nested", ProvisioningParameters=[{"Key": "Password", "Value": "hunter2-hunter2"}])

    record = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert record["RecordDetail"]["Status"] == "SUCCEEDED", record
    events = own_json(server, account, f"records/{record['RecordDetail']['RecordId']}/events")
    assert "hunter2" not in f"{document(plan)}{record}{events}"
