"""Recordings played through the API of a running server: each in an account of its own, as a product's versions."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from scripts.account import Account, Json, Refusal, Version, World
from scripts.functions import given

STACK_TYPE = "AWS::CloudFormation::Stack"
NO_CHANGES = "didn't contain changes"
"""What a plan that changes nothing is refused with; the recording has no events of it either."""

_STORES_PARAMETER = ("create_parameter", "put_parameter")
_DEPLOYS = ("DEPLOY", "create_change_set")


class Deployment(NamedTuple):
    """A template brought to a stack, with what its surroundings hold by then."""

    stack: str
    version: Version
    environment: Json


def play_case(world: World, case: Json) -> Json:
    """The events of a recorded create, update and delete by logical id, those of the stack under `Stack`."""
    account = Account(world)
    known = case.get("environment") or {}
    parameters = known.get("ssm_parameters", {})
    at_update = parameters | known.get("ssm_parameters_at_update", {})
    versions = [version_of(case[f"{side}_template"], case[f"{side}_parameters"]) for side in ("before", "after")]
    account.seed({"parameters": parameters}, objects_of(known.get("s3_objects", {})))
    account.publish(versions)
    deploy(account, 0, versions[0])
    account.seed({"parameters": at_update}, ())
    deploy(account, 1, versions[1])
    account.terminate()
    return {"events": by_resource(account.events())}


def play_deploy(world: World, recording: Json) -> Json:
    """The outputs of a recorded deployment: those of all its stacks, each as it was last told."""
    outputs: dict[str, str] = {}
    account_id = None
    for stack, deployments in deployments_of(recording).items():
        account = Account(world, account_id, stack)
        account_id = account.id
        account.seed(deployments[0].environment, ())
        account.publish([one.version for one in deployments])
        for number, one in enumerate(deployments):
            account.seed(one.environment, ())
            deploy(account, number, one.version)
            outputs |= account.outputs()
    return {"outputs": outputs}


def deploy(account: Account, number: int, version: Version) -> None:
    """Plan a version and execute it; nothing is done where nothing changes."""
    try:
        plan_id, _ = account.plan(number, version.parameters)
    except Refusal as refusal:
        if number and NO_CHANGES in refusal.reason:
            return
        raise
    account.execute(plan_id)


def by_resource(events: Iterable[Json]) -> dict[str, list[Json]]:
    """Events by logical id in order, as the scorer reads them."""
    found: dict[str, list[Json]] = {}
    for event in events:
        is_stack = event["ResourceType"] == STACK_TYPE
        found.setdefault("Stack" if is_stack else event["LogicalResourceId"], []).append(event)
    return found


def deployments_of(recording: Json) -> dict[str, list[Deployment]]:
    """The templates that a recording deploys, by stack in the order in which they come."""
    found: dict[str, list[Deployment]] = {}
    parameters: dict[str, str] = {}
    for step in recording["steps"]:
        arguments = step["args"]
        if step["op"] in _STORES_PARAMETER:
            parameters[arguments["Name"]] = arguments["Value"]
        if step["op"] in _DEPLOYS and not step.get("expected_to_fail"):
            version = version_of(arguments["TemplateBody"], arguments.get("Parameters"))
            stack = stack_of(recording, arguments["StackName"])
            found.setdefault(stack, []).append(Deployment(stack, version, {"parameters": dict(parameters)}))
    return found


def stack_of(recording: Json, name: Any) -> str:
    """The name of a stack; one that is named by what an earlier step answered is that step's stack."""
    if isinstance(name, str):
        return name
    return stack_of(recording, recording["steps"][name["$ref"]["src"]]["args"]["StackName"])


def objects_of(objects: Mapping[str, str]) -> Iterator[tuple[str, str, bytes]]:
    """Bucket, key and content of objects that are named by their addresses."""
    for address, content in objects.items():
        bucket, key = address.removeprefix("s3://").split("/", 1)
        yield bucket, key, content.encode()


def version_of(template: Any, parameters: Any) -> Version:
    """A recorded template and its parameters, as they can be published."""
    text = template if isinstance(template, str) else json.dumps(template)
    return Version(text.encode(), given(parameters))
