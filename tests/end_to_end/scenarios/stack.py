"""The stack target over the sandbox: what exists is asked through the Cloud Control shaped read API."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.contract.publishing import CLOUDFORMATION
from tests.end_to_end.scenarios import templates
from tests.end_to_end.scenarios.served import Served
from tests.end_to_end.scenarios.target import Thing, Versions


class Stack:
    """The default target."""

    kind = CLOUDFORMATION
    settings = '[sandbox]\nsignals = "wait"\n'
    outputs = frozenset({"CloudformationStackARN", "Place"})
    is_simulated = True
    cause = r"The following resource\(s\) failed to create: \[Wait\]\. .*WaitCondition timed out"

    def __init__(self) -> None:
        self.environment: Mapping[str, str] = {}
        self.differs: Mapping[str, str] = {}

    def versions(self, _account: str) -> Versions:
        return templates.VERSIONS

    def prepare(self, _served: Served, _account: str, _product: Any) -> None:
        """Nothing runs beside the server."""

    def secretive(self, _account: str) -> Versions:
        return templates.secretive(templates.KEPT, templates.waiting(1, "Kept"))

    def address(self, name: str) -> str:
        return name

    def delayed(self, served: Served, account: str) -> None:
        faults = [{"type": kind, "action": "create", "delay_ms": 300} for kind in templates.TYPES.values()]
        served.own("PUT", "sandbox/faults", account, {"faults": faults})

    def things(self, served: Served, account: str, _product: str) -> list[Thing]:
        """Everything in the account, which has one product only."""
        control = served.client("cloudcontrol", account)
        return sorted(
            Thing(name, json.loads(one["Properties"]).get("QueueUrl", one["Identifier"]))
            for name, kind in templates.TYPES.items()
            for one in control.list_resources(TypeName=kind)["ResourceDescriptions"]
        )


@contextmanager
def open_stack(_directory: Path) -> Iterator[Stack]:
    """Nothing is needed beside the server."""
    yield Stack()
