"""What a benchmark publishes and launches, through the API as any client does."""

import time
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import boto3
from botocore.config import Config

REGION = "us-east-1"
BUCKET = "bench-templates"
WAIT_SECONDS = 1800
POLL_SECONDS = (0.02, 0.5)
"""From the first pause between two looks to the longest: looking often would cost the server what is measured."""


class Credentials(NamedTuple):
    """Who calls."""

    account: str
    arn: str
    access_key_id: str
    secret_access_key: str


class Product(NamedTuple):
    """A product and its only version, offered to the caller."""

    id: str
    artifact_id: str
    portfolio_id: str

    @property
    def target(self) -> Mapping[str, str]:
        """What a launch or plan names."""
        return {"ProductId": self.id, "ProvisioningArtifactId": self.artifact_id}


def client(service: Literal["servicecatalog", "s3"], url: str, credentials: Credentials) -> Any:
    """A boto3 client that never retries."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=600),
    )


def create_portfolio(catalog: Any) -> str:
    """Make a portfolio with two tags and return its id."""
    tags = [{"Key": "cost-centre", "Value": "4711"}, {"Key": "team", "Value": "benchmarks"}]
    created = catalog.create_portfolio(
        DisplayName="Benchmarks", ProviderName="Platform team", Description="What is measured.", Tags=tags
    )
    return str(created["PortfolioDetail"]["Id"])


def publish(url: str, credentials: Credentials, name: str, template: str) -> Product:
    """Make a product with this template and offer it to the caller."""
    catalog, s3 = client("servicecatalog", url, credentials), client("s3", url, credentials)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=f"{name}.yaml", Body=template.encode())
    artifact = {
        "Name": "v1",
        "Type": "CLOUD_FORMATION_TEMPLATE",
        "Info": {"LoadTemplateFromURL": f"{url}/{BUCKET}/{name}.yaml"},
    }
    made = catalog.create_product(
        Name=name, Owner="Platform team", ProductType=artifact["Type"], ProvisioningArtifactParameters=artifact
    )
    product_id = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    portfolio_id = create_portfolio(catalog)
    catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=portfolio_id)
    catalog.associate_principal_with_portfolio(
        PortfolioId=portfolio_id, PrincipalARN=credentials.arn, PrincipalType="IAM"
    )
    return Product(product_id, made["ProvisioningArtifactDetail"]["Id"], portfolio_id)


def wait_for_plan(catalog: Any, plan_id: str) -> None:
    """Wait until a plan is made. Raises RuntimeError with the reason if it fails."""
    describe = catalog.describe_provisioned_product_plan
    _wait(lambda: describe(PlanId=plan_id, PageSize=1)["ProvisionedProductPlanDetails"])


def wait_for_record(catalog: Any, record_id: str) -> None:
    """Wait until a record has succeeded. Raises RuntimeError with the reason if it fails."""
    _wait(lambda: catalog.describe_record(Id=record_id, PageSize=1)["RecordDetail"])


def _wait(look: Any) -> None:
    pause, longest = POLL_SECONDS
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found["Status"] in ("CREATE_SUCCESS", "SUCCEEDED"):
            return
        if "FAILED" in found["Status"]:
            raise RuntimeError(f"{found['Status']}: {found.get('StatusMessage') or found.get('RecordErrors')}")
        time.sleep(pause)
        pause = min(pause * 1.2, longest)
    raise RuntimeError(f"nothing after {WAIT_SECONDS} s")
