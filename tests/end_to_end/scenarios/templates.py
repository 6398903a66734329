"""The scenarios' product as a template of CloudFormation."""

import json
from typing import Any

from tests.end_to_end.scenarios.target import Versions

TYPES = {"Changed": "AWS::SQS::Queue", "Replaced": "AWS::SNS::Topic", "Added": "AWS::S3::Bucket"}
"""Each thing's type: what there is of a type is what there is of the thing."""


def versions(first: dict[str, Any], second: dict[str, Any], failing: dict[str, Any]) -> Versions:
    """The templates of these resources. The hanging one waits for a signal that nobody sends."""
    hanging = first | waiting(600, "Changed", "Replaced")
    return Versions(*(_template(resources) for resources in (first, second, failing, hanging)))


def waiting(seconds: int, *after: str) -> dict[str, Any]:
    """A wait condition that nobody signals."""
    properties = {"Handle": {"Ref": "Handle"}, "Timeout": str(seconds)}
    wait = {"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": list(after), "Properties": properties}
    return {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}, "Wait": wait}


def secretive(kept: dict[str, Any], failing: dict[str, Any]) -> Versions:
    """The templates of a resource that keeps a parameter Secret, and of those beside it that fail."""
    parameter = {"Secret": {"Type": "String", "NoEcho": True}}
    outputs = {"Place": {"Value": {"Ref": "Kept"}}, "Told": {"Value": {"Ref": "Secret"}}}
    texts = [
        json.dumps({"Parameters": parameter, "Resources": resources, "Outputs": outputs})
        for resources in ({"Kept": kept}, {"Kept": kept}, {"Kept": kept, **failing}, {"Kept": kept})
    ]
    return Versions(*texts)


KEPT = {"Type": "AWS::IAM::User", "Properties": {"LoginProfile": {"Password": {"Ref": "Secret"}}}}
"""A user of AWS whose password is the secret."""


def _template(resources: dict[str, Any]) -> str:
    parameters = {"Size": {"Type": "Number"}, "Zone": {"Type": "String"}}
    outputs = {"Place": {"Value": {"Ref": "Changed"}}}
    return json.dumps({"Parameters": parameters, "Resources": resources, "Outputs": outputs})


_FIRST = {
    "Changed": {"Type": TYPES["Changed"], "Properties": {"VisibilityTimeout": {"Ref": "Size"}}},
    "Replaced": {"Type": TYPES["Replaced"], "Properties": {"TopicName": {"Ref": "Zone"}}},
}
_SECOND = _FIRST | {"Added": {"Type": TYPES["Added"]}}

VERSIONS = versions(_FIRST, _SECOND, _SECOND | waiting(1, *TYPES))
"""The product of resources of AWS."""
