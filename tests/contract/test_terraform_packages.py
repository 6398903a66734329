"""The catalog's side of Terraform packages: versions are made of them, and their variables are what a launch asks for.

None of this needs the program that runs them.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.publishing import Published
from tests.contract.requests import Bucket, create_product, new_product, refusal, version
from tests.packages import archive, entry, pack

KINDS = ["TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD", "EXTERNAL"]

PACKAGE: dict[str, bytes | str] = {
    "./main.tf": 'resource "terraform_data" "it" {\n  input = var.zone\n}\n',
    "./variables.tf": """
variable "zone" {
  type        = string
  description = "Where"
}
variable "shape" {
  type = object({
    wide = optional(bool, true) # by default
    name = string
  })
  default = { wide = false, name = "<é>" }
}
variable "password" {
  type      = string
  default   = "s3cret"
  sensitive = true
}
variable "count_of" {
  default = 1.0
}
variable "names" {
  type    = "list"
  default = []
}
""",
    "./modules/inner/main.tf": 'variable "not_asked_for" {}\n',
}

SHAPE_TYPE = """object({
    wide = optional(bool, true) # by default
    name = string
  })"""


def parameter(key: str, type: str, default: str, description: str = "", *, no_echo: bool = False) -> dict[str, Any]:
    return {
        "ParameterKey": key,
        "ParameterType": type,
        "DefaultValue": default,
        "Description": description,
        "IsNoEcho": no_echo,
        "ParameterConstraints": {"AllowedValues": []},
    }


PARAMETERS = [
    parameter("zone", "string", "", "Where"),
    parameter("shape", SHAPE_TYPE, '{"name":"\\u003cé\\u003e","wide":false}'),
    parameter("password", "string", "s3cret", no_echo=True),
    parameter("count_of", "", "1"),
    parameter("names", "list", "[]"),
]


def described(product: Published) -> list[dict[str, Any]]:
    told = product.catalog.describe_provisioning_parameters(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[0]
    )
    return list(told["ProvisioningArtifactParameters"])


def problem(product: Published) -> str:
    code, message = refusal(lambda: described(product))
    assert code == "InvalidParametersException"
    return message.removeprefix("Error occurred during parameter parsing: ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_launch_asks_for_the_root_modules_variables(publish: Callable[..., Published], kind: str) -> None:
    product = publish(pack(PACKAGE), kind=kind)

    assert described(product) == PARAMETERS


@pytest.mark.parametrize("kind", KINDS)
def test_a_version_is_described_with_its_parameters(catalog: Any, s3: Bucket, kind: str) -> None:
    product_id = create_product(catalog, s3, pack(PACKAGE), ProductType=kind)

    told = catalog.describe_provisioning_artifact(
        ProductId=product_id, ProvisioningArtifactName="v1", IncludeProvisioningArtifactParameters=True
    )

    assert told["ProvisioningArtifactDetail"]["Type"] == kind
    assert told["ProvisioningArtifactParameters"] == PARAMETERS
    assert list(told["Info"]) == ["TemplateUrl"]


def test_another_version_may_ask_for_something_else(publish: Callable[..., Published]) -> None:
    product = publish(pack(PACKAGE), pack({"main.tf": 'variable "other" {}'}), kind="TERRAFORM_OPEN_SOURCE")

    told = product.catalog.describe_provisioning_parameters(
        ProductId=product.product_id, ProvisioningArtifactId=product.versions[1]
    )

    assert [one["ParameterKey"] for one in told["ProvisioningArtifactParameters"]] == ["other"]


def test_a_package_without_variables_asks_for_nothing(publish: Callable[..., Published]) -> None:
    product = publish(pack({"main.tf": ""}), kind="TERRAFORM_OPEN_SOURCE")

    assert described(product) == []


@pytest.mark.parametrize("address", ["s3://{bucket}/{key}", "{endpoint}/{bucket}/{key}"])
def test_a_package_is_named_by_every_address_of_the_artifact_store(catalog: Any, s3: Bucket, address: str) -> None:
    url = s3.put("space.tar.gz", pack(PACKAGE))
    bucket, key = url.split("/")[-2:]
    endpoint = url.removesuffix(f"/{bucket}/{key}")
    info = {"LoadTemplateFromURL": address.format(endpoint=endpoint, bucket=bucket, key=key)}

    made = catalog.create_product(
        **new_product(s3, ProductType="TERRAFORM_OPEN_SOURCE")
        | {"ProvisioningArtifactParameters": {"Name": "v1", "Type": "TERRAFORM_OPEN_SOURCE", "Info": info}}
    )

    assert made["ProvisioningArtifactDetail"]["Type"] == "TERRAFORM_OPEN_SOURCE"


def test_a_version_is_not_validated_when_it_is_made(catalog: Any, s3: Bucket) -> None:
    """Template validation is not supported for these types (API reference, DisableTemplateValidation)."""
    members = version(s3, b"no archive", Type="TERRAFORM_OPEN_SOURCE", DisableTemplateValidation=False)

    made = catalog.create_product(
        **new_product(s3, ProductType="TERRAFORM_OPEN_SOURCE") | {"ProvisioningArtifactParameters": members}
    )

    assert made["ProvisioningArtifactDetail"]["Type"] == "TERRAFORM_OPEN_SOURCE"


def test_bytes_that_are_no_archive_are_told_in_awss_words(publish: Callable[..., Published]) -> None:
    said = problem(publish(b"no archive", kind="TERRAFORM_OPEN_SOURCE"))

    assert said.startswith("Artifact from s3://")
    assert said.endswith(" is not a valid tar.gz file: it does not begin as gzip does")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"main.tf": 'variable "a" {\n  default =\n}'}, "main.tf line 2: an expression is missing before the end of"),
        ({"main.tf.json": "{"}, "main.tf.json is not JSON: "),
        ({"folder/main.tf": ""}, "The package has no .tf or .tf.json file at its root: "),
        ({"main.tf": "", "../x": ""}, "'../x' leads out of the package."),
    ],
)
def test_a_package_that_cannot_be_read_says_why(
    publish: Callable[..., Published], files: dict[str, bytes | str], said: str
) -> None:
    assert problem(publish(pack(files), kind="TERRAFORM_OPEN_SOURCE")).startswith(said)


def test_a_link_in_a_package_is_refused(publish: Callable[..., Published]) -> None:
    link = entry("main.tf", type=b"2", linkname="/etc/passwd")

    assert problem(publish(archive((link, b"")), kind="TERRAFORM_OPEN_SOURCE")).startswith("'main.tf' is a link")
