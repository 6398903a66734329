"""From a template to a plan with boto3. Start `manciple serve` first, and run this in this directory."""

import os
import time
from pathlib import Path

import boto3

server = {
    "endpoint_url": os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
    "region_name": "us-east-1",
    "aws_access_key_id": "444455556666",  # in open mode 12 digits name the account
    "aws_secret_access_key": "any",
}
s3, catalog = boto3.client("s3", **server), boto3.client("servicecatalog", **server)

s3.create_bucket(Bucket="templates")
s3.put_object(Bucket="templates", Key="v1.yaml", Body=Path("order-intake/v1.yaml").read_bytes())
version = {"Name": "v1", "Type": "CLOUD_FORMATION_TEMPLATE", "Info": {"LoadTemplateFromURL": "s3://templates/v1.yaml"}}
portfolio = catalog.create_portfolio(DisplayName="Kits", ProviderName="Ana")["PortfolioDetail"]["Id"]
product = catalog.create_product(
    Name="Orders", Owner="Ana", ProductType="CLOUD_FORMATION_TEMPLATE", ProvisioningArtifactParameters=version
)
product_id = product["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=portfolio)
catalog.associate_principal_with_portfolio(
    PortfolioId=portfolio, PrincipalARN="arn:aws:iam:::role/*", PrincipalType="IAM_PATTERN"
)
plan = catalog.create_provisioned_product_plan(
    PlanName="first",
    PlanType="CLOUDFORMATION",
    ProductId=product_id,
    ProvisioningArtifactId=product["ProvisioningArtifactDetail"]["Id"],
    ProvisionedProductName="orders",
    ProvisioningParameters=[{"Key": "PartnerKey", "Value": "an-example-only"}],
)
while (found := catalog.describe_provisioned_product_plan(PlanId=plan["PlanId"]))["ProvisionedProductPlanDetails"][
    "Status"
] == "CREATE_IN_PROGRESS":
    time.sleep(0.1)
for change in found["ResourceChanges"]:
    print(change["Action"], change["LogicalResourceId"], change["ResourceType"])
