"""Publishing a product for a test, through the API alone."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

CLOUDFORMATION = "CLOUD_FORMATION_TEMPLATE"

QUEUE = """
Parameters:
  Delay: {Type: Number, Default: 0}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !Ref Delay}}
Outputs:
  Url: {Value: !Ref Queue, Description: Where the messages go}
"""
"""A queue, its delay a parameter."""

QUEUE_AND_TOPIC = (
    QUEUE
    + """
  Topic: {Value: !Ref Topic}
"""
).replace("Resources:", "Resources:\n  Topic: {Type: AWS::SNS::Topic}")
"""The queue and a topic beside it."""


@dataclass(frozen=True)
class Published:
    """A product that the test's caller can launch, its versions' ids in the order published.

    What takes longer than `seconds` fails the test.
    """

    catalog: Any
    product_id: str
    portfolio_id: str
    versions: tuple[str, ...]
    seconds: float = 30

    def plan(self, name: str, version: int = 0, *, wait: bool = True, **members: Any) -> dict[str, Any]:
        """Make a plan of a version for a provisioned product; by default wait until it is made and describe it."""
        made = self.catalog.create_provisioned_product_plan(
            **{
                "PlanName": f"{name}-plan",
                "PlanType": "CLOUDFORMATION",
                "ProductId": self.product_id,
                "ProvisionedProductName": name,
                "ProvisioningArtifactId": self.versions[version],
                "IdempotencyToken": str(uuid4()),
                **members,
            }
        )
        return self.wait_for_plan(made["PlanId"]) if wait else dict(made)

    def wait_for_plan(self, plan_id: str, pending: str = "CREATE_IN_PROGRESS") -> dict[str, Any]:
        """Describe a plan once it has left a status."""
        answer: dict[str, Any] = until(
            lambda: self.catalog.describe_provisioned_product_plan(PlanId=plan_id),
            lambda answer: answer["ProvisionedProductPlanDetails"]["Status"] != pending,
            self.seconds,
        )
        return answer

    def execute(self, plan_id: str, *, wait: bool = True) -> dict[str, Any]:
        """Execute a plan; by default wait until its record has ended and describe that."""
        detail = self.catalog.execute_provisioned_product_plan(PlanId=plan_id, IdempotencyToken=str(uuid4()))[
            "RecordDetail"
        ]
        return self.wait_for_record(detail["RecordId"]) if wait else dict(detail)

    def launch(self, name: str, version: int = 0, **members: Any) -> dict[str, Any]:
        """Launch a version without a plan and describe the record once it has ended."""
        detail = self.catalog.provision_product(
            **{
                "ProductId": self.product_id,
                "ProvisioningArtifactId": self.versions[version],
                "ProvisionedProductName": name,
                "ProvisionToken": str(uuid4()),
                **members,
            }
        )["RecordDetail"]
        return self.wait_for_record(detail["RecordId"])

    def update(self, name: str, version: int = 0, **members: Any) -> dict[str, Any]:
        """Update a provisioned product to a version without a plan and describe the record once it has ended."""
        detail = self.catalog.update_provisioned_product(
            **{
                "ProvisionedProductName": name,
                "ProductId": self.product_id,
                "ProvisioningArtifactId": self.versions[version],
                "UpdateToken": str(uuid4()),
                **members,
            }
        )["RecordDetail"]
        return self.wait_for_record(detail["RecordId"])

    def terminate(self, name: str, **members: Any) -> dict[str, Any]:
        """Terminate a provisioned product and describe the record once it has ended."""
        detail = self.catalog.terminate_provisioned_product(
            ProvisionedProductName=name, TerminateToken=str(uuid4()), **members
        )["RecordDetail"]
        return self.wait_for_record(detail["RecordId"])

    def describe(self, name: str) -> dict[str, Any]:
        """The detail of a provisioned product."""
        return dict(self.catalog.describe_provisioned_product(Name=name)["ProvisionedProductDetail"])

    def wait_for_record(self, record_id: str) -> dict[str, Any]:
        """Describe a record once it has ended."""
        answer: dict[str, Any] = until(
            lambda: self.catalog.describe_record(Id=record_id),
            lambda answer: answer["RecordDetail"]["Status"] in ("SUCCEEDED", "FAILED"),
            self.seconds,
        )
        return answer


def until(look: Callable[[], Any], is_done: Callable[[Any], bool], seconds: float = 30) -> Any:
    """Look again and again until what is seen is done; fails the test when that takes unreasonably long."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while not is_done(seen := look()):
        assert time.monotonic() < deadline, f"not done after {seconds} s: {seen}"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    return seen


def walk(operation: Callable[..., dict[str, Any]], member: str, **members: Any) -> list[list[Any]]:
    """Every page of a list."""
    pages: list[list[Any]] = []
    token: dict[str, str] = {}
    while True:
        answer = operation(**members, **token)
        pages.append(answer[member])
        if "NextPageToken" not in answer:
            return pages
        token = {"PageToken": answer["NextPageToken"]}


def publish(
    catalog: Any,
    s3: Any,
    *templates: str | bytes,
    name: str = "product",
    kind: str = CLOUDFORMATION,
    partition: str = "aws",
) -> Published:
    """Publish templates as the versions of one product in a portfolio that the caller is associated with."""
    _make_bucket(s3)
    portfolio_id = catalog.create_portfolio(DisplayName=f"{name}s", ProviderName="test", IdempotencyToken=str(uuid4()))[
        "PortfolioDetail"
    ]["Id"]
    infos = [_version(s3, f"{name}-{uuid4()}", number, text, kind) for number, text in enumerate(templates, 1)]
    made = catalog.create_product(
        Name=name,
        Owner="test",
        ProductType=kind,
        ProvisioningArtifactParameters=infos[0],
        IdempotencyToken=str(uuid4()),
    )
    product_id = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    versions = [made["ProvisioningArtifactDetail"]["Id"]]
    for info in infos[1:]:
        added = catalog.create_provisioning_artifact(
            ProductId=product_id, Parameters=info, IdempotencyToken=str(uuid4())
        )
        versions.append(added["ProvisioningArtifactDetail"]["Id"])
    catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=portfolio_id)
    catalog.associate_principal_with_portfolio(
        PortfolioId=portfolio_id, PrincipalARN=f"arn:{partition}:iam:::role/*", PrincipalType="IAM_PATTERN"
    )
    return Published(catalog, product_id, portfolio_id, tuple(versions))


def _version(s3: Any, key: str, number: int, text: str | bytes, kind: str) -> dict[str, Any]:
    content = text.encode() if isinstance(text, str) else text
    s3.put_object(Bucket=bucket_of(s3), Key=f"{key}/v{number}.yaml", Body=content)
    url = f"{s3.meta.endpoint_url}/{bucket_of(s3)}/{key}/v{number}.yaml"
    return {"Name": f"v{number}", "Type": kind, "Info": {"LoadTemplateFromURL": url}}


def _make_bucket(s3: Any) -> None:
    try:
        s3.head_bucket(Bucket=bucket_of(s3))
    except s3.exceptions.ClientError:
        s3.create_bucket(Bucket=bucket_of(s3))


def bucket_of(s3: Any) -> str:
    """A name for each region: the names of buckets are taken in all of them."""
    return f"published-{s3.meta.region_name}"
