"""The scenarios' product as a template of CloudFormation."""

import json
from typing import Any

from tests.end_to_end.scenarios.target import Versions

TYPES = {"Changed": "AWS::SQS::Queue", "Replaced": "AWS::SNS::Topic", "Added": "AWS::S3::Bucket"}
"""Each thing's type: what there is of a type is what there is of the thing."""

_FIRST: dict[str, Any] = {
    "Parameters": {"Size": {"Type": "Number"}, "Zone": {"Type": "String"}},
    "Resources": {
        "Changed": {"Type": TYPES["Changed"], "Properties": {"VisibilityTimeout": {"Ref": "Size"}}},
        "Replaced": {"Type": TYPES["Replaced"], "Properties": {"TopicName": {"Ref": "Zone"}}},
    },
    "Outputs": {"Place": {"Value": {"Ref": "Changed"}}},
}
_ADDED = {"Added": {"Type": TYPES["Added"]}}


def _waiting(seconds: int, *after: str) -> dict[str, Any]:
    properties = {"Handle": {"Ref": "Handle"}, "Timeout": str(seconds)}
    wait = {"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": list(after), "Properties": properties}
    return {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}, "Wait": wait}


def _with(*more: dict[str, Any]) -> str:
    resources = dict(_FIRST["Resources"])
    for one in more:
        resources |= one
    return json.dumps({**_FIRST, "Resources": resources})


VERSIONS = Versions(
    first=_with(),
    second=_with(_ADDED),
    failing=_with(_ADDED, _waiting(1, *TYPES)),
    hanging=_with(_waiting(600, "Changed", "Replaced")),
)
"""Nobody signals the failing version's wait condition, nor the hanging one's."""
