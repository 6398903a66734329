"""Provisioning artifacts, the versions of a product."""

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.requests import TEMPLATE, Bucket, add_version, create_product, refusal, version

UNKNOWN = "pa-aaaaaaaaaaaaa"

PARAMETERS = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Secret: {Type: String, NoEcho: true, MinLength: 8, AllowedPattern: "[a-z]*", ConstraintDescription: letters}
  Count: {Type: Number, Default: 3, MinValue: 1, MaxValue: 5, Description: how many}
  Size: {Type: String, Default: small, AllowedValues: [small, large]}
Resources:
  Queue: {Type: "AWS::SQS::Queue"}
"""


@pytest.fixture
def product_id(catalog: Any, s3: Bucket) -> str:
    return create_product(catalog, s3)


def test_a_new_version_is_available_and_its_source_is_answered_as_template_url(
    catalog: Any, s3: Bucket, product_id: str
) -> None:
    parameters = version(s3, Name="v2", Description="second")

    answer = catalog.create_provisioning_artifact(
        ProductId=product_id, Parameters=parameters, IdempotencyToken=str(uuid4())
    )

    detail = answer["ProvisioningArtifactDetail"]
    assert answer["Info"] == {"TemplateUrl": parameters["Info"]["LoadTemplateFromURL"]}
    assert answer["Status"] == "AVAILABLE"
    assert (detail["Name"], detail["Description"], detail["Active"]) == ("v2", "second", True)
    assert (detail["Guidance"], detail["Type"]) == ("DEFAULT", "CLOUD_FORMATION_TEMPLATE")


def test_the_same_request_under_the_same_token_makes_one_version(catalog: Any, s3: Bucket, product_id: str) -> None:
    request = {"ProductId": product_id, "Parameters": version(s3), "IdempotencyToken": "once"}

    first = catalog.create_provisioning_artifact(**request)
    second = catalog.create_provisioning_artifact(**request)

    assert second["ProvisioningArtifactDetail"] == first["ProvisioningArtifactDetail"]
    assert len(catalog.list_provisioning_artifacts(ProductId=product_id)["ProvisioningArtifactDetails"]) == 2


def test_an_invalid_template_makes_no_version(catalog: Any, s3: Bucket, product_id: str) -> None:
    code, message = refusal(lambda: add_version(catalog, s3, product_id, "Resources: 3"))

    assert code == "InvalidParametersException"
    assert message == "Invalid templateBody. Please make sure that your template is valid"


def test_an_unknown_product_is_told_before_the_template_is_read(catalog: Any, s3: Bucket) -> None:
    code, message = refusal(lambda: add_version(catalog, s3, "prod-aaaaaaaaaaaaa", "no template"))

    assert code == "ResourceNotFoundException"
    assert message == "prod-aaaaaaaaaaaaa does not exist or access was denied"


def test_a_version_that_was_never_deployed_here_cannot_be_imported(catalog: Any, product_id: str) -> None:
    arn = "arn:aws:cloudformation:eu-west-1:123456789012:stack/SC-123456789012-pp-aaaaaaaaaaaaa/0"

    code, message = refusal(
        lambda: catalog.create_provisioning_artifact(
            ProductId=product_id, Parameters={"Info": {"ImportFromPhysicalId": arn}}, IdempotencyToken=str(uuid4())
        )
    )

    assert code == "InvalidParametersException"
    assert arn in message


def test_a_product_has_a_hundred_versions_and_no_more(catalog: Any, s3: Bucket, product_id: str) -> None:
    parameters = version(s3)

    def add() -> Any:
        return catalog.create_provisioning_artifact(
            ProductId=product_id, Parameters=parameters, IdempotencyToken=str(uuid4())
        )

    for _ in range(99):
        add()

    code, message = refusal(add)

    assert code == "LimitExceededException"
    assert "100" in message


def test_versions_are_listed_in_the_order_they_were_created_active_or_not(
    catalog: Any, s3: Bucket, product_id: str
) -> None:
    second, third = (add_version(catalog, s3, product_id, Name=name) for name in ("b", "a"))
    catalog.update_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=second, Active=False)

    listed = catalog.list_provisioning_artifacts(ProductId=product_id)["ProvisioningArtifactDetails"]

    assert [detail["Id"] for detail in listed][1:] == [second, third]
    assert [detail["Active"] for detail in listed] == [True, False, True]


def test_an_update_sets_what_is_given_and_leaves_the_rest(catalog: Any, s3: Bucket, product_id: str) -> None:
    version_id = add_version(catalog, s3, product_id, Name="v2", Description="second")
    key = {"ProductId": product_id, "ProvisioningArtifactId": version_id}

    updated = catalog.update_provisioning_artifact(**key, Guidance="DEPRECATED", Name="old")

    detail = updated["ProvisioningArtifactDetail"]
    assert (detail["Name"], detail["Guidance"], detail["Description"]) == ("old", "DEPRECATED", "second")
    assert updated["Status"] == "AVAILABLE"
    assert updated["Info"].keys() == {"TemplateUrl"}
    assert catalog.describe_provisioning_artifact(**key)["ProvisioningArtifactDetail"] == detail


def test_a_version_is_described_by_id_or_name_of_product_and_version(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, Name="Named")
    version_id = add_version(catalog, s3, product_id, Name="v2")

    by_id = catalog.describe_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=version_id)
    by_name = catalog.describe_provisioning_artifact(ProductName="Named", ProvisioningArtifactName="v2")

    assert by_id["ProvisioningArtifactDetail"] == by_name["ProvisioningArtifactDetail"]
    assert by_id["ProvisioningArtifactDetail"]["Id"] == version_id
    assert "ProvisioningArtifactParameters" not in by_id


def test_a_name_of_several_versions_is_refused(catalog: Any, s3: Bucket, product_id: str) -> None:
    for _ in range(2):
        add_version(catalog, s3, product_id, Name="twin")

    code, message = refusal(
        lambda: catalog.describe_provisioning_artifact(ProductId=product_id, ProvisioningArtifactName="twin")
    )

    assert (code, message) == ("InvalidParametersException", "Multiple Provisioning Artifact with name twin found.")


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"ProductId": "prod-a"},
        {"ProvisioningArtifactId": "pa-a"},
        {"ProductId": "prod-a", "ProductName": "x", "ProvisioningArtifactId": "pa-a"},
        {"ProductId": "prod-a", "ProvisioningArtifactId": "pa-a", "ProvisioningArtifactName": "v1"},
    ],
)
def test_one_of_id_and_name_must_be_given_for_product_and_version(catalog: Any, members: dict[str, str]) -> None:
    code, message = refusal(lambda: catalog.describe_provisioning_artifact(**members))

    assert code == "InvalidParametersException"
    assert message.startswith("Specify exactly one of ")


def test_a_verbose_description_carries_the_template(catalog: Any, s3: Bucket, product_id: str) -> None:
    version_id = add_version(catalog, s3, product_id)

    info = catalog.describe_provisioning_artifact(
        ProductId=product_id, ProvisioningArtifactId=version_id, Verbose=True
    )["Info"]

    assert info["CloudFormationTemplate"] == TEMPLATE


def test_a_version_keeps_its_template_when_the_object_changes(catalog: Any, s3: Bucket, product_id: str) -> None:
    parameters = version(s3)
    catalog.create_provisioning_artifact(
        ProductId=product_id, Parameters=parameters | {"Name": "v2"}, IdempotencyToken="t"
    )
    s3.put(parameters["Info"]["LoadTemplateFromURL"].rpartition("/")[2], "changed")

    described = catalog.describe_provisioning_artifact(
        ProductId=product_id, ProvisioningArtifactName="v2", Verbose=True
    )

    assert described["Info"]["CloudFormationTemplate"] == TEMPLATE


def test_parameters_are_described_in_the_templates_order_with_their_constraints(
    catalog: Any, s3: Bucket, product_id: str
) -> None:
    version_id = add_version(catalog, s3, product_id, PARAMETERS)

    found = catalog.describe_provisioning_artifact(
        ProductId=product_id, ProvisioningArtifactId=version_id, IncludeProvisioningArtifactParameters=True
    )["ProvisioningArtifactParameters"]

    assert found == [
        {
            "ParameterKey": "Secret",
            "ParameterType": "String",
            "IsNoEcho": True,
            "ParameterConstraints": {
                "AllowedPattern": "[a-z]*",
                "AllowedValues": [],
                "ConstraintDescription": "letters",
                "MinLength": "8",
            },
        },
        {
            "ParameterKey": "Count",
            "ParameterType": "Number",
            "DefaultValue": "3",
            "Description": "how many",
            "IsNoEcho": False,
            "ParameterConstraints": {"AllowedValues": [], "MaxValue": "5", "MinValue": "1"},
        },
        {
            "ParameterKey": "Size",
            "ParameterType": "String",
            "DefaultValue": "small",
            "IsNoEcho": False,
            "ParameterConstraints": {"AllowedValues": ["small", "large"]},
        },
    ]


def test_parameters_of_an_external_version_are_not_read_from_just_any_bytes(catalog: Any, s3: Bucket) -> None:
    product_id = create_product(catalog, s3, b"archive", ProductType="EXTERNAL")

    code, message = refusal(
        lambda: catalog.describe_provisioning_artifact(
            ProductId=product_id, ProvisioningArtifactName="v1", IncludeProvisioningArtifactParameters=True
        )
    )

    assert code == "InvalidParametersException"
    assert re.fullmatch(
        r"Error occurred during parameter parsing: Artifact from s3://\S+ is not a valid tar\.gz file: .+", message
    )


def test_a_deleted_version_is_gone(catalog: Any, s3: Bucket, product_id: str) -> None:
    version_id = add_version(catalog, s3, product_id)
    key = {"ProductId": product_id, "ProvisioningArtifactId": version_id}

    catalog.delete_provisioning_artifact(**key)

    code, message = refusal(lambda: catalog.describe_provisioning_artifact(**key))
    assert code == "ResourceNotFoundException"
    assert message == f"Provisioning artifact {version_id} does not exist or access was denied"


def test_the_last_version_of_a_product_is_not_deleted(catalog: Any, product_id: str) -> None:
    listed = catalog.list_provisioning_artifacts(ProductId=product_id)["ProvisioningArtifactDetails"]

    code, message = refusal(
        lambda: catalog.delete_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=listed[0]["Id"])
    )

    assert code == "ResourceInUseException"
    assert product_id in message


@pytest.mark.parametrize(
    "operation", ["describe_provisioning_artifact", "update_provisioning_artifact", "delete_provisioning_artifact"]
)
def test_an_unknown_version_is_not_found(catalog: Any, product_id: str, operation: str) -> None:
    code, message = refusal(lambda: getattr(catalog, operation)(ProductId=product_id, ProvisioningArtifactId=UNKNOWN))

    assert code == "ResourceNotFoundException"
    assert UNKNOWN in message


def test_a_version_of_another_product_is_not_found(catalog: Any, s3: Bucket, product_id: str) -> None:
    other = add_version(catalog, s3, create_product(catalog, s3))

    code, _ = refusal(
        lambda: catalog.describe_provisioning_artifact(ProductId=product_id, ProvisioningArtifactId=other)
    )

    assert code == "ResourceNotFoundException"
