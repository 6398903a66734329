"""Products of provisioning engines in tests: published with a launch role, and an engine's side of a conversation."""

import json
from typing import Any
from uuid import uuid4

from tests.contract.publishing import Published, publish, until

NOTIFY = {
    "PROVISION_PRODUCT": "notify_provision_product_engine_workflow_result",
    "UPDATE_PROVISIONED_PRODUCT": "notify_update_provisioned_product_engine_workflow_result",
    "TERMINATE_PROVISIONED_PRODUCT": "notify_terminate_provisioned_product_engine_workflow_result",
}
ROLE = "arn:aws:iam::{account}:role/Launch"


def publish_external(catalog: Any, s3: Any, account: str, *artifacts: str, kind: str = "EXTERNAL") -> Published:
    """Publish artifacts as versions of a product of an engine's type, launched under a role."""
    found = publish(catalog, s3, *(artifacts or ("an archive",)), kind=kind)
    catalog.create_constraint(
        PortfolioId=found.portfolio_id,
        ProductId=found.product_id,
        Type="LAUNCH",
        Parameters=json.dumps({"RoleArn": ROLE.format(account=account)}),
        IdempotencyToken=str(uuid4()),
    )
    return found


def start(product: Published, name: str = "mine", version: int = 0, **members: Any) -> str:
    """Ask for a launch and do not wait; answers the record's id."""
    detail = product.catalog.provision_product(
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[version],
        ProvisionedProductName=name,
        ProvisionToken=str(uuid4()),
        **members,
    )["RecordDetail"]
    return str(detail["RecordId"])


def take(sqs: Any, queue: str, **members: Any) -> dict[str, Any]:
    """Receive the one message that is waited for."""
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found: dict[str, Any] = until(
        lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, **members), lambda answer: answer.get("Messages")
    )
    return dict(found["Messages"][0])


def body_of(message: dict[str, Any]) -> dict[str, Any]:
    """What a message says."""
    return dict(json.loads(message["Body"]))


def tell(catalog: Any, body: dict[str, Any], status: str = "SUCCEEDED", **members: Any) -> Any:
    """Tell the result of what a message asked for."""
    return getattr(catalog, NOTIFY[body["operation"]])(
        WorkflowToken=body["token"],
        RecordId=body["recordId"],
        Status=status,
        IdempotencyToken=str(uuid4()),
        **members,
    )
