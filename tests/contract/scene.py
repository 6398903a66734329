"""An account that has everything: a platform's whole story, told through one client, in which every operation succeeds.

What the story leaves behind is what refusals, pages and other accounts are tried on: at least two of everything that is
listed. Things that it deletes are spares of their own.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any
from uuid import uuid4

from manciple.app import Server
from tests.contract.conftest import REGION, client_of
from tests.contract.publishing import until
from tests.contract.recorded import Recorder

REPLACED = {
    "spare portfolio": "portfolio",
    "spare product": "product",
    "spare version": "first version",
    "first version 3": "first version",
    "spare action": "second action",
    "spare option": "option",
    "plan spare": "plan planned",
    "constraint TEMPLATE on spare product": "constraint LAUNCH on product",
}
"""The spares that the story deletes, and what is of the same kind."""


@dataclass(frozen=True)
class Accounts:
    """Who takes part: a hub with a spoke and another in its organization, the manager of another one, a stranger."""

    hub: str
    spoke: str
    other: str
    manager: str
    stranger: str

    @property
    def organizations(self) -> list[dict[str, Any]]:
        """What the operator's directory declares of them."""
        units = [{"Id": self.unit, "Accounts": [self.spoke]}, {"Id": self.inner, "Parent": self.unit}]
        return [
            {
                "Id": f"o-{self.hub}",
                "ManagementAccount": self.hub,
                "Accounts": [self.other],
                "OrganizationalUnits": units,
                "DelegatedAdministrators": [self.other],
            },
            {"Id": f"o-{self.manager}", "ManagementAccount": self.manager},
        ]

    @property
    def unit(self) -> str:
        """The unit that the spoke is in."""
        return f"ou-root-{self.hub}"

    @property
    def inner(self) -> str:
        """A unit below it."""
        return f"ou-root-{self.hub}inner"


@dataclass
class Scene:
    """The accounts' clients in one protocol, what they called, and the ids of what there is by name."""

    server: Server
    accounts: Accounts
    make: Callable[[str, str], Any]
    recorder: Recorder = field(default_factory=Recorder)
    ids: dict[str, str] = field(default_factory=dict)

    def client(self, account: str, region: str = REGION) -> Any:
        """A client that nobody listens to."""
        return self.make(account, region)

    @cached_property
    def hub(self) -> Any:
        """The hub's client."""
        return self.recorder.listen(self.make(self.accounts.hub, REGION), self.accounts.hub)

    @cached_property
    def spoke(self) -> Any:
        """The spoke's."""
        return self.recorder.listen(self.make(self.accounts.spoke, REGION), self.accounts.spoke)

    @cached_property
    def manager(self) -> Any:
        """The other organization's."""
        return self.recorder.listen(self.make(self.accounts.manager, REGION), self.accounts.manager)

    @cached_property
    def templates(self) -> Callable[[str], str]:
        """Uploads a template and answers its address."""
        s3 = client_of(self.server, "s3", self.accounts.hub)
        s3.create_bucket(Bucket=f"b-{self.accounts.hub}", CreateBucketConfiguration={"LocationConstraint": REGION})

        @cache
        def upload(text: str) -> str:
            key = str(uuid4())
            s3.put_object(Bucket=f"b-{self.accounts.hub}", Key=key, Body=text.encode())
            return f"{self.server.url}/b-{self.accounts.hub}/{key}"

        return upload

    def __getitem__(self, name: str) -> str:
        """The id of what a name of the story stands for."""
        return self.ids[name]

    def who(self, name: str) -> Any:
        """The client of an account by its name."""
        return getattr(self, name) if name in ("hub", "spoke") else self.client(getattr(self.accounts, name))

    def living(self, members: dict[str, Any]) -> dict[str, Any]:
        """An input in which the spares that are gone are replaced by what is still there."""
        return _replaced(members, {self.ids[gone]: self.ids[there] for gone, there in REPLACED.items()})

    def nobodys(self, members: dict[str, Any]) -> dict[str, Any]:
        """An input in which every id is replaced by one of the same kind that nobody has."""
        ids = [found for name, found in self.ids.items() if not name.startswith(("token ", "stack "))]
        unknown = {one: one.partition("-")[0] + "-aaaaaaaaaaaaa" for one in ids}
        tokens = {one: "AAAA" for name, one in self.ids.items() if name.startswith("token ")}
        return _replaced(members, unknown | tokens)

    def without_tokens(self, members: dict[str, Any]) -> dict[str, Any]:
        """An input without the tokens of engines, which speak for themselves wherever they come from."""
        return _replaced(members, {one: "AAAA" for name, one in self.ids.items() if name.startswith("token ")})

    def ended(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Describe the record that an answer began once it has ended."""
        return dict(
            until(
                lambda: self.hub.describe_record(Id=answer["RecordDetail"]["RecordId"]),
                lambda told: told["RecordDetail"]["Status"] in ("SUCCEEDED", "FAILED"),
            )
        )

    def provision(self, name: str, version: str = "first version", **members: Any) -> dict[str, Any]:
        """Launch a version of the product along the first path."""
        answer = self.hub.provision_product(
            **{
                "ProductId": self["product"],
                "ProvisioningArtifactId": self[version],
                "PathId": self.path("portfolio"),
                "ProvisionedProductName": name.replace(" ", "-"),
                "ProvisionToken": str(uuid4()),
                **members,
            }
        )
        self.ids[name] = answer["RecordDetail"]["ProvisionedProductId"]
        self.ids[f"record of {name}"] = answer["RecordDetail"]["RecordId"]
        return dict(answer)

    def path(self, portfolio: str) -> str:
        """The launch path through a portfolio."""
        return f"lpv3-{self[portfolio].removeprefix('port-')}"

    def role(self, name: str) -> str:
        """The ARN of a role of the hub's."""
        return f"arn:aws:iam::{self.accounts.hub}:role/{name}"


def _replaced(members: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    written = json.dumps(members)
    for old, new in texts.items():
        written = written.replace(old, new)
    return dict(json.loads(written))
