"""What an engine is asked: AWS's message, member by member.

Source: service-catalog-api reference, 7.3; the administrator guide, "External engines"; the members' order, and the
names of the operations, as AWS's own messages have them, of which engines tell (aws-samples/
service-catalog-engine-for-terraform-os checks for them). `identity` is not used, but for the account, by which engines
tell states apart.
"""

from typing import Any

import msgspec

ARTIFACT_TYPE = "AWS_S3"

_DOCUMENTED = {
    "UPDATE_PROVISIONED_PRODUCT": "UPDATE_PROVISION_PRODUCT",
    "TERMINATE_PROVISIONED_PRODUCT": "TERMINATE_PROVISION_PRODUCT",
}
"""How the administrator guide spells operations whose names in real messages are those of the records."""


class EngineRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `queue_account` is the account that owns the product, `account` the one that launches it.

    A termination has no artifact, parameters or tags.
    """

    record_type: str
    queue_account: str
    queue: str
    account: str
    provisioned_product_id: str
    provisioned_product_name: str
    product_id: str
    artifact_id: str
    artifact_path: str | None = None
    launch_role_arn: str | None = None
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}


def body_of(request: EngineRequest, token: str, record_id: str, *, documented: bool) -> bytes:
    """The message's body: JSON without blanks, as AWS's is."""
    name = request.record_type
    head = {
        "token": token,
        "operation": _DOCUMENTED.get(name, name) if documented else name,
        "provisionedProductId": request.provisioned_product_id,
        "provisionedProductName": request.provisioned_product_name,
    }
    identity = {"principal": "", "awsAccountId": request.account, "organizationId": ""}
    middle = {"recordId": record_id, "launchRoleArn": request.launch_role_arn or ""}
    if request.record_type == "TERMINATE_PROVISIONED_PRODUCT":
        return msgspec.json.encode(head | middle | {"identity": identity})
    version = {"productId": request.product_id, "provisioningArtifactId": request.artifact_id}
    work = {
        "artifact": {"path": request.artifact_path, "type": ARTIFACT_TYPE},
        "identity": identity,
        "parameters": _pairs(request.parameters),
        "tags": _pairs(request.tags),
    }
    return msgspec.json.encode(head | version | middle | work)


def _pairs(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in values.items()]
