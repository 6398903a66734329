"""A CloudFormation that others wrote: what exists is asked of the endpoint itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import peers
from tests.contract.publishing import CLOUDFORMATION
from tests.end_to_end.scenarios import templates
from tests.end_to_end.scenarios.served import Served
from tests.end_to_end.scenarios.target import CANCEL, CREDENTIAL, FAILURE, REPLACEMENT, Thing, Versions

SETTINGS = """
[engine]
target = "cloudformation"
[targets.cloudformation]
endpoint = "{url}"
poll_seconds = 0.1
"""

DIFFERS = {
    "moto": {
        FAILURE: "moto carries a change set out within the call, and it cannot fail",
        CANCEL: "moto carries a change set out within the call, and nothing is left to cancel",
        REPLACEMENT: "moto's update change sets have no details, and nothing that only a parameter changes",
    },
    "ministack": {},
}

WITHOUT_OUTPUTS = {"moto": {"Place"}, "ministack": set[str]()}
"""A stack that moto makes by a change set has no outputs."""


class CloudFormation:
    """The cloudformation target at a peer."""

    kind = CLOUDFORMATION
    is_simulated = False
    cause = "CloudFormation said of Wait: WaitCondition timed out"

    def __init__(self, peer: str, url: str) -> None:
        self.environment: Mapping[str, str] = {
            **peers.KEYS,
            "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.differs: Mapping[str, str] = DIFFERS[peer]
        self.outputs = frozenset({"CloudformationStackARN", "Place"} - WITHOUT_OUTPUTS[peer])
        self.settings = SETTINGS.format(url=url)
        self._there = peers.client_of(url, "cloudformation")

    def versions(self, _account: str) -> Versions:
        return templates.VERSIONS

    def prepare(self, _served: Served, _account: str, _product: Any) -> None:
        """Nothing runs beside the server."""

    def secretive(self, _account: str) -> Versions:
        return templates.secretive(templates.KEPT, templates.waiting(1, "Kept"))

    def address(self, name: str) -> str:
        return name

    def delayed(self, served: Served, account: str) -> None:
        """An endpoint takes the time it takes."""

    def things(self, _served: Served, account: str, product: str) -> list[Thing]:
        """The resources of every stack of the product's name that is not deleted."""
        pages = self._there.get_paginator("list_stacks").paginate()
        stacks = [one for page in pages for one in page["StackSummaries"] if one["StackStatus"] != "DELETE_COMPLETE"]
        return sorted(
            Thing(found["LogicalResourceId"], found["PhysicalResourceId"])
            for stack in stacks
            if stack["StackName"] == f"SC-{account}-{product}"
            for found in self._there.list_stack_resources(StackName=stack["StackId"])["StackResourceSummaries"]
            if found["LogicalResourceId"] in templates.TYPES and found["ResourceStatus"] != "DELETE_COMPLETE"
        )


@contextmanager
def open_moto(directory: Path) -> Iterator[CloudFormation]:
    """moto's server, among the test dependencies."""
    with peers.running_peer("moto", directory) as url:
        yield CloudFormation("moto", url)


@contextmanager
def open_ministack(directory: Path) -> Iterator[CloudFormation]:
    """ministack, if it is on PATH."""
    with peers.running_peer("ministack", directory) as url:
        yield CloudFormation("ministack", url)
