"""Messages to engines hold what engines that exist read of them, and nothing that AWS's do not have."""

import json
from typing import Any

import msgspec
import pytest

from manciple.engine.external.request import EngineRequest, body_of

READ_BY_ENGINES = {
    "PROVISION_PRODUCT": (
        *("token", "operation", "recordId", "launchRoleArn", "identity.awsAccountId", "artifact.path", "artifact.type"),
        *("productId", "provisioningArtifactId", "provisionedProductId", "provisionedProductName"),
        *("parameters.0.key", "parameters.0.value", "tags.0.key", "tags.0.value"),
    ),
    "TERMINATE_PROVISIONED_PRODUCT": (
        *("token", "operation", "recordId", "launchRoleArn", "identity.awsAccountId"),
        *("provisionedProductId", "provisionedProductName"),
    ),
}
"""What the state machines of aws-samples/service-catalog-engine-for-terraform-os (manage_provisioned_product.json,
terminate_provisioned_product.json) and of hashicorp/aws-service-catalog-engine-for-tfc take out of a message."""

REQUEST = EngineRequest(
    record_type="PROVISION_PRODUCT",
    queue_account="111111111111",
    queue="ServiceCatalogExternalProvisionOperationQueue",
    account="222222222222",
    provisioned_product_id="pp-1",
    provisioned_product_name="mine",
    product_id="prod-1",
    artifact_id="pa-1",
    artifact_path="s3://bucket/key",
    launch_role_arn="arn:aws:iam::222222222222:role/Launch",
    parameters={"size": "3"},
    tags={"cost": "7"},
)


def message(record_type: str, *, documented: bool = False) -> dict[str, Any]:
    request = msgspec.structs.replace(REQUEST, record_type=record_type)
    found: dict[str, Any] = json.loads(body_of(request, "dG9rZW4=", "rec-1", documented=documented))
    return found


def at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value[int(step)] if step.isdecimal() else value[step]
    return value


@pytest.mark.parametrize("record_type", ["PROVISION_PRODUCT", "UPDATE_PROVISIONED_PRODUCT"])
def test_what_engines_read_of_a_launch_or_update_is_text(record_type: str) -> None:
    found = message(record_type)

    assert all(isinstance(at(found, path), str) for path in READ_BY_ENGINES["PROVISION_PRODUCT"])
    assert found["operation"] == record_type
    assert found["identity"]["awsAccountId"] == "222222222222"


def test_a_termination_holds_what_engines_read_and_no_more() -> None:
    found = message("TERMINATE_PROVISIONED_PRODUCT")

    assert all(isinstance(at(found, path), str) for path in READ_BY_ENGINES["TERMINATE_PROVISIONED_PRODUCT"])
    assert not found.keys() & {"artifact", "parameters", "tags", "productId", "provisioningArtifactId"}


@pytest.mark.parametrize(
    ("record_type", "name"),
    [
        ("PROVISION_PRODUCT", "PROVISION_PRODUCT"),
        ("UPDATE_PROVISIONED_PRODUCT", "UPDATE_PROVISION_PRODUCT"),
        ("TERMINATE_PROVISIONED_PRODUCT", "TERMINATE_PROVISION_PRODUCT"),
    ],
)
def test_operations_may_be_named_as_the_administrator_guide_names_them(record_type: str, name: str) -> None:
    assert message(record_type, documented=True)["operation"] == name
