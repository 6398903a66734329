"""What the catalog asks of the engine when a service action is executed, and what a runner is told."""

from typing import Any

import msgspec


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A resource of the provisioned product."""

    logical_id: str
    physical_id: str
    type: str


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a service action against a provisioned product.

    `values` are those of its parameters, `secrets` the ones among them that nobody but the runner may read.
    `status_before` is the product's status, which it has again afterwards; `stack_id` is whose events tell of it.
    """

    account: str
    region: str
    provisioned_product_id: str
    target: str
    action_id: str
    action_name: str
    document: str
    version: str
    role_arn: str | None = None
    values: dict[str, list[str]] = {}
    secrets: tuple[str, ...] = ()
    product: dict[str, str | None] = {}
    targets: tuple[Target, ...] = ()
    status_before: str = "AVAILABLE"
    stack_id: str = ""


def document_of(execution: Execution, token: str) -> dict[str, Any]:
    """What a runner is given as JSON; `Token` is the same however often it is asked for the same execution."""
    return {
        "Token": token,
        "Account": execution.account,
        "Region": execution.region,
        "ServiceAction": {"Id": execution.action_id, "Name": execution.action_name},
        "Document": {"Name": execution.document, "Version": execution.version},
        "Parameters": execution.values,
        "RoleArn": execution.role_arn,
        "ProvisionedProduct": execution.product,
        "Targets": [
            {"LogicalResourceId": one.logical_id, "PhysicalResourceId": one.physical_id, "ResourceType": one.type}
            for one in execution.targets
        ],
    }
