"""A package for AWS by the real provider, against moto: the mirror with the provider is named in the environment.

`MANCIPLE_TEST_TF_MIRROR` is a directory laid out as a filesystem mirror that holds hashicorp/aws.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from manciple.app import Server
from tests import peers
from tests.contract.conftest import serve
from tests.contract.packages import needs_program, packed
from tests.contract.publishing import Published

MIRROR = os.environ.get("MANCIPLE_TEST_TF_MIRROR")

pytestmark = [
    needs_program,
    pytest.mark.skipif(MIRROR is None, reason="MANCIPLE_TEST_TF_MIRROR names no mirror with the AWS provider"),
]

PACKAGE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "seconds" {
  type    = number
  default = 30
}
variable "name" { type = string }
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
}
resource "aws_sqs_queue" "orders" {
  name                       = var.name
  visibility_timeout_seconds = var.seconds
}
resource "aws_s3_bucket" "files" { bucket = "${var.name}-files" }
output "url" { value = aws_sqs_queue.orders.url }
"""


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with peers.running_peer("moto", tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture
def server(moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    variables = {**peers.KEYS, "AWS_ENDPOINT_URL": moto}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    flags = {
        "targets.terraform.providers": ("registry.terraform.io/hashicorp/aws",),
        "targets.terraform.mirror": MIRROR,
        "targets.terraform.environment": tuple(variables),
    }
    yield from serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, **flags)


@pytest.fixture
def catalog(make_client: Callable[..., Any]) -> Any:
    return make_client("servicecatalog")


def test_a_queue_and_a_bucket_are_made_changed_replaced_and_removed(
    publish: Callable[..., Published], moto: str
) -> None:
    def given(**values: str) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in values.items()]

    product = replace(publish(packed({"main.tf": PACKAGE}), kind="TERRAFORM_OPEN_SOURCE"), seconds=300)
    sqs = peers.client_of(moto, "sqs")

    made = product.launch("mine", ProvisioningParameters=given(name="one"), Tags=[{"Key": "cost", "Value": "7"}])
    assert made["RecordDetail"]["Status"] == "SUCCEEDED", made["RecordDetail"]["RecordErrors"]
    url = made["RecordOutputs"][0]["OutputValue"]
    tags = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9"})
    plan = product.plan("mine", ProvisioningParameters=given(name="one", seconds="60"))
    changed = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    replacing = product.plan("mine", ProvisioningParameters=given(name="two"))
    terminated = product.terminate("mine")

    tracer = "SERVICE_CATALOG_TERRAFORM_INTEGRATION-DO_NOT_DELETE"
    assert made["RecordDetail"]["Status"] == "SUCCEEDED", made
    assert (tags["cost"], tags[tracer][:3]) == ("7", "pp-")
    details = {one["Target"]["Name"] for one in plan["ResourceChanges"][0]["Details"]}
    assert plan["ResourceChanges"][0]["LogicalResourceId"] == "aws_sqs_queue.orders"
    assert {"visibility_timeout_seconds", "delay_seconds"} <= details
    assert changed["RecordDetail"]["Status"] == "SUCCEEDED", changed
    assert (attributes["VisibilityTimeout"], attributes["DelaySeconds"]) == ("60", "0")
    assert {one["LogicalResourceId"]: one["Replacement"] for one in replacing["ResourceChanges"]} == {
        "aws_sqs_queue.orders": "TRUE",
        "aws_s3_bucket.files": "TRUE",
    }
    assert terminated["RecordDetail"]["Status"] == "SUCCEEDED", terminated
    assert sqs.list_queues().get("QueueUrls", []) == []
