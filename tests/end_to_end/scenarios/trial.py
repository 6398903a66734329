"""One test's product on one target: what a scenario does and sees, whatever the target is."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.contract import publishing
from tests.contract.publishing import Published, until
from tests.end_to_end.scenarios.served import Served
from tests.end_to_end.scenarios.target import Target, Versions

NAME = "mine"
FIRST, SECOND, FAILING, HANGING = range(4)
ENDED = ("SUCCEEDED", "FAILED")
SECONDS = 120
"""More than any target takes on a small machine that does other things too."""


@dataclass(frozen=True)
class Trial:
    """A published product and the account that launches it."""

    target: Target
    served: Served
    account: str
    product: Published

    @classmethod
    def publish(cls, target: Target, served: Served, account: str, versions: Versions) -> "Trial":
        """Publish versions of a product in an account that nobody else uses."""
        clients = [served.client(service, account) for service in ("servicecatalog", "s3")]
        product = publishing.publish(*clients, *versions, kind=target.kind)
        target.prepare(served, account, product)
        return cls(target, served, account, product)

    @classmethod
    def of_things(cls, target: Target, served: Served, account: str) -> "Trial":
        """The product of the scenarios."""
        return cls.publish(target, served, account, target.versions(account))

    def given(self, size: int = 10, zone: str = "a") -> list[dict[str, str]]:
        """Provisioning parameters; the zone is a name that no other account has."""
        values = {"Size": str(size), "Zone": f"{zone}-{self.account}"}
        return [{"Key": key, "Value": value} for key, value in values.items()]

    def start(self, version: int = FIRST, **members: Any) -> str:
        """Ask for a launch; answers the record's id."""
        answer = self.product.catalog.provision_product(
            ProductId=self.product.product_id,
            ProvisioningArtifactId=self.product.versions[version],
            ProvisionedProductName=NAME,
            ProvisioningParameters=self.given(**members),
            ProvisionToken=str(uuid4()),
        )
        return str(answer["RecordDetail"]["RecordId"])

    def launch(self, version: int = FIRST, **members: Any) -> dict[str, Any]:
        """Launch and describe the record once it has ended."""
        return self.ended(self.start(version, **members))

    def start_update(self, version: int = FIRST, **members: Any) -> str:
        """Ask for an update; answers the record's id."""
        answer = self.product.catalog.update_provisioned_product(
            ProvisionedProductName=NAME,
            ProductId=self.product.product_id,
            ProvisioningArtifactId=self.product.versions[version],
            ProvisioningParameters=self.given(**members),
            UpdateToken=str(uuid4()),
        )
        return str(answer["RecordDetail"]["RecordId"])

    def plan(self, version: int = FIRST, **members: Any) -> dict[str, Any]:
        """Plan, and describe the plan once it is made."""
        made = self.product.plan(NAME, version, wait=False, ProvisioningParameters=self.given(**members))
        return self.planned(made["PlanId"])

    def planned(self, plan_id: str) -> dict[str, Any]:
        """Describe a plan once it is made."""
        return dict(
            until(
                lambda: self.product.catalog.describe_provisioned_product_plan(PlanId=plan_id),
                lambda told: told["ProvisionedProductPlanDetails"]["Status"] != "CREATE_IN_PROGRESS",
                SECONDS,
            )
        )

    def execute(self, plan: dict[str, Any]) -> dict[str, Any]:
        """Execute a plan and describe the record once it has ended."""
        detail = self.product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"], wait=False)
        return self.ended(detail["RecordId"])

    def terminate(self) -> dict[str, Any]:
        """Terminate and describe the record once it has ended."""
        answer = self.product.catalog.terminate_provisioned_product(
            ProvisionedProductName=NAME, TerminateToken=str(uuid4())
        )
        return self.ended(answer["RecordDetail"]["RecordId"])

    def ended(self, record_id: str) -> dict[str, Any]:
        """Describe a record once it has ended."""
        return dict(
            until(
                lambda: self.product.catalog.describe_record(Id=record_id),
                lambda told: told["RecordDetail"]["Status"] in ENDED,
                SECONDS,
            )
        )

    def document(self, plan: dict[str, Any]) -> dict[str, Any]:
        """The plan document."""
        plan_id = plan["ProvisionedProductPlanDetails"]["PlanId"]
        return dict(self.served.own("GET", f"plans/{plan_id}", self.account))

    def events(self, record_id: str) -> list[dict[str, Any]]:
        """What a record's events tell so far."""
        return list(self.served.own("GET", f"records/{record_id}/events", self.account)["Events"])

    def begun(self, record_id: str) -> None:
        """Wait until something was begun for a record."""
        until(lambda: self.events(record_id), bool, SECONDS)

    def cancel(self, record_id: str) -> None:
        """Ask for a record to be cancelled."""
        try:
            self.served.own("POST", f"records/{record_id}/cancel", self.account, {})
        except AssertionError as refused:
            raise AssertionError(f"{refused}: {self.events(record_id)}") from refused

    def status(self) -> str:
        """The provisioned product's status."""
        return str(self.product.describe(NAME)["Status"])

    def things(self, record: dict[str, Any]) -> dict[str, str]:
        """What exists of the product a record is about, by name; nothing exists twice."""
        found = self.target.things(self.served, self.account, record["RecordDetail"]["ProvisionedProductId"])
        assert len({thing.name for thing in found}) == len(found), found
        return {thing.name: thing.identity for thing in found}
