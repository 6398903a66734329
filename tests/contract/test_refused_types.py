"""What cannot be carried out is refused by name when it is planned, never done as if."""

from collections.abc import Callable

from tests.contract.publishing import Published

NESTED = """
Conditions:
  IsNested: !Equals [{}, "yes"]
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Child:
    Type: AWS::CloudFormation::Stack
    Condition: IsNested
    Properties: {{TemplateURL: "https://s3.amazonaws.com/bucket/child.yaml"}}
"""


def test_a_nested_stack_fails_the_plan_by_name(publish: Callable[..., Published]) -> None:
    plan = publish(NESTED.format('"yes"')).plan("nested")

    details = plan["ProvisionedProductPlanDetails"]
    assert details["Status"] == "CREATE_FAILED"
    assert "Resource Child of type AWS::CloudFormation::Stack is not supported" in details["StatusMessage"]


def test_a_nested_stack_that_a_condition_switches_off_is_in_nobodys_way(publish: Callable[..., Published]) -> None:
    plan = publish(NESTED.format('"no"')).plan("nested")

    assert [change["LogicalResourceId"] for change in plan["ResourceChanges"]] == ["Topic"]
