"""The stack target whose AWS types are made by a Cloud Control API: what exists is asked of the endpoint itself."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import cloud_control, peers
from tests.contract.publishing import CLOUDFORMATION
from tests.end_to_end.scenarios import templates
from tests.end_to_end.scenarios.served import Served
from tests.end_to_end.scenarios.target import CREDENTIAL, Thing, Versions

SETTINGS = """
[sandbox]
signals = "wait"
[providers.cloud_control]
endpoint = "{url}"
types = ["AWS::SQS::*", "AWS::Logs::*", "AWS::S3::*", "AWS::IAM::*"]
poll_seconds = 0.1
"""
TYPES = {"Changed": "AWS::SQS::Queue", "Replaced": "AWS::Logs::LogGroup", "Added": "AWS::S3::Bucket"}


class CloudControl:
    """The cloud_control provider at our own endpoint in another process."""

    kind = CLOUDFORMATION
    outputs = frozenset({"CloudformationStackARN", "Place"})
    is_simulated = False
    cause = r"The following resource\(s\) failed to create: \[Wait\]\. .*WaitCondition timed out"

    def __init__(self, there: cloud_control.There) -> None:
        self.settings = SETTINGS.format(url=there.url)
        self.environment: Mapping[str, str] = {
            **peers.KEYS,
            "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.differs: Mapping[str, str] = {}
        self._there = there

    def versions(self, account: str) -> Versions:
        queue = {"QueueName": f"changed-{account}", "VisibilityTimeout": {"Ref": "Size"}}
        group = {"Type": TYPES["Replaced"], "Properties": {"LogGroupName": {"Ref": "Zone"}}}
        first = {"Changed": {"Type": TYPES["Changed"], "Properties": queue}, "Replaced": group}
        bucket = {"Type": TYPES["Added"], "Properties": {"BucketName": f"added-{account}"}}
        second = first | {"Added": bucket}
        return templates.versions(first, second, second | templates.waiting(1, *second))

    def prepare(self, _served: Served, _account: str, _product: Any) -> None:
        """The endpoint runs already."""

    def secretive(self, account: str) -> Versions:
        properties = {"UserName": f"kept-{account}", "LoginProfile": {"Password": {"Ref": "Secret"}}}
        return templates.secretive({**templates.KEPT, "Properties": properties}, templates.waiting(1, "Kept"))

    def address(self, name: str) -> str:
        return name

    def delayed(self, _served: Served, _account: str) -> None:
        """The endpoint has to be asked again until something is done."""

    def things(self, _served: Served, account: str, _product: str) -> list[Thing]:
        """What the endpoint has with the account in its name."""
        return sorted(
            Thing(name, identifier)
            for name, kind in TYPES.items()
            for identifier, properties in self._there.resources(kind).items()
            if account in json.dumps(properties)
        )


@contextmanager
def open_cloud_control(_directory: Path) -> Iterator[CloudControl]:
    """An endpoint that is in progress for a while before it is done."""
    with cloud_control.running_endpoint() as there:
        there.tell(polls=2)
        yield CloudControl(there)
