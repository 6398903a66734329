#!/bin/sh
# From a template to a plan with the aws command line. Start `manciple serve` first, and run this in this directory.
set -eu
export AWS_ENDPOINT_URL="${AWS_ENDPOINT_URL:-http://127.0.0.1:4566}" AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID=111122223333 AWS_SECRET_ACCESS_KEY=any # in open mode 12 digits name the account

aws s3 mb s3://templates
aws s3 cp order-intake/v1.yaml s3://templates/v1.yaml
PORTFOLIO=$(aws servicecatalog create-portfolio --display-name Kits --provider-name Ana --query PortfolioDetail.Id --output text)
PRODUCT=$(aws servicecatalog create-product --name Orders --owner Ana --product-type CLOUD_FORMATION_TEMPLATE --provisioning-artifact-parameters 'Name=v1,Type=CLOUD_FORMATION_TEMPLATE,Info={LoadTemplateFromURL=s3://templates/v1.yaml}' --query ProductViewDetail.ProductViewSummary.ProductId --output text)
VERSION=$(aws servicecatalog list-provisioning-artifacts --product-id "$PRODUCT" --query 'ProvisioningArtifactDetails[0].Id' --output text)
aws servicecatalog associate-product-with-portfolio --product-id "$PRODUCT" --portfolio-id "$PORTFOLIO"
aws servicecatalog associate-principal-with-portfolio --portfolio-id "$PORTFOLIO" --principal-arn 'arn:aws:iam:::role/*' --principal-type IAM_PATTERN
PLAN=$(aws servicecatalog create-provisioned-product-plan --plan-name first --plan-type CLOUDFORMATION --product-id "$PRODUCT" --provisioning-artifact-id "$VERSION" --provisioned-product-name orders --provisioning-parameters Key=PartnerKey,Value=an-example-only --query PlanId --output text)
aws servicecatalog describe-provisioned-product-plan --plan-id "$PLAN" # what AWS says: names
curl --silent --header "X-Manciple-Account: $AWS_ACCESS_KEY_ID" "$AWS_ENDPOINT_URL/_manciple/plans/$PLAN" # what AWS cannot say: values, causes, risks
