"""A hub, two spokes and a stranger, each an account of its own, in an organization that the directory declares."""

from dataclasses import dataclass
from typing import Any

import msgspec

from manciple.app import Server
from tests.contract.conftest import REGION, _accounts, client_of
from tests.contract.publishing import QUEUE, Published, publish
from tests.contract.raw import send


@dataclass(frozen=True)
class Parties:
    """The accounts; `unit` holds the spoke, `inner` below it the other spoke; the stranger is in no organization."""

    server: Server
    hub: str
    delegate: str
    spoke: str
    nested: str
    stranger: str

    @property
    def organization(self) -> str:
        """The organization's id."""
        return f"o-{self.hub}"

    @property
    def unit(self) -> str:
        """The unit that the spoke is in."""
        return f"ou-root-{self.hub}"

    @property
    def inner(self) -> str:
        """The unit below it, with the nested spoke."""
        return f"ou-root-{self.hub}inner"

    def catalog(self, account: str, region: str = REGION) -> Any:
        """A Service Catalog client for an account."""
        return client_of(self.server, "servicecatalog", account, region)

    def publish(self, *templates: str, account: str | None = None, **names: Any) -> Published:
        """Publish a product, by default in the hub."""
        owner = account or self.hub
        return publish(self.catalog(owner), client_of(self.server, "s3", owner), *(templates or (QUEUE,)), **names)

    def declare(self, **members: Any) -> None:
        """Put the organization into the directory, some of its members replaced."""
        organization = {
            "Id": self.organization,
            "ManagementAccount": self.hub,
            "DelegatedAdministrators": [self.delegate],
            "Accounts": [self.delegate],
            "OrganizationalUnits": [
                {"Id": self.unit, "Accounts": [self.spoke]},
                {"Id": self.inner, "Parent": self.unit, "Accounts": [self.nested]},
            ],
            **members,
        }
        document = msgspec.json.encode({"Organizations": [organization]})
        answer = send(self.server, "PUT", "/_manciple/directory", {}, document)
        assert answer.status == 200, answer.body

    def enable(self) -> None:
        """Let the hub share with nodes."""
        self.catalog(self.hub).enable_aws_organizations_access()

    def import_into(self, account: str, portfolio_id: str, **flags: bool) -> Any:
        """Share a portfolio of the hub's with an account, which accepts; its client."""
        self.catalog(self.hub).create_portfolio_share(PortfolioId=portfolio_id, AccountId=account, **flags)
        catalog = self.catalog(account)
        catalog.accept_portfolio_share(PortfolioId=portfolio_id)
        return catalog

    def open(self, account: str, portfolio_id: str) -> None:
        """Let an account's own principals launch what a portfolio offers."""
        self.catalog(account).associate_principal_with_portfolio(
            PortfolioId=portfolio_id, PrincipalARN=f"arn:aws:iam::{account}:role/Developer", PrincipalType="IAM"
        )


def gather(server: Server) -> Parties:
    """Accounts that nobody else uses, declared in the server's directory."""
    parties = Parties(server, *(next(_accounts) for _ in range(5)))
    parties.declare()
    return parties


def node(type: str, value: str) -> dict[str, str]:
    """An organization node as the API takes it."""
    return {"Type": type, "Value": value}


def ids(answer: dict[str, Any], member: str = "PortfolioDetails") -> list[str]:
    """The ids in a list of details."""
    return [detail["Id"] for detail in answer[member]]
