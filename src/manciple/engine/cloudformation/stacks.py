"""A stack at a CloudFormation endpoint, as an import or a copy of its template wants to know it."""

import json
from collections.abc import Iterator
from typing import Any

from manciple.engine.cloudformation.change_sets import HIDDEN
from manciple.engine.cloudformation.endpoint import Away, Endpoint, Json, Refused
from manciple.engine.found_stack import FoundStack, StackAway
from manciple.engine.outputs import STACK_ARN, STACK_ARN_DESCRIPTION

_OF_THE_CATALOG = ("aws:", "servicecatalog:")
"""How the keys of tags begin that a stack has from Service Catalog or from CloudFormation itself."""


def find_stack(endpoint: Endpoint, arn: str) -> FoundStack | None:
    """A stack by its ARN; None if the endpoint has none, or one that was deleted. Raises StackAway."""
    try:
        found = endpoint.find_stack(arn)
        if found is None or found["StackStatus"] == "DELETE_COMPLETE":
            return None
        body = endpoint.call("get_template", StackName=arn)["TemplateBody"]
    except Refused as refused:
        if refused.means_absent:
            return None
        raise StackAway(refused.message) from refused
    except Away as away:
        raise StackAway(str(away)) from away
    return FoundStack(
        arn=found["StackId"],
        name=found["StackName"],
        status=found["StackStatus"],
        is_nested="ParentId" in found,
        template=_text(body).encode(),
        parameters=dict(_parameters(found)),
        outputs=tuple(_outputs(found)),
        tags={one["Key"]: one["Value"] for one in found.get("Tags", []) if not one["Key"].startswith(_OF_THE_CATALOG)},
    )


def _text(body: Any) -> str:
    """A template as text; boto3 gives one in JSON as an object."""
    return body if isinstance(body, str) else json.dumps(body)


def _outputs(found: Json) -> Iterator[Json]:
    yield {"OutputKey": STACK_ARN, "OutputValue": found["StackId"], "Description": STACK_ARN_DESCRIPTION}
    for one in found.get("Outputs", []):
        yield {key: one[key] for key in ("OutputKey", "OutputValue", "Description") if one.get(key) is not None}


def _parameters(found: Json) -> list[tuple[str, str]]:
    shown = [(one["ParameterKey"], one.get("ParameterValue", HIDDEN)) for one in found.get("Parameters", [])]
    return [(key, value) for key, value in shown if value != HIDDEN]
