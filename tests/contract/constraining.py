"""Constraining what a test has published."""

import json
from typing import Any
from uuid import uuid4

from tests.contract.publishing import Published


def constrain(published: Published, type_: str, parameters: Any, **members: Any) -> str:
    """Create a constraint on a published product in its portfolio and return its id."""
    made = published.catalog.create_constraint(
        **{
            "PortfolioId": published.portfolio_id,
            "ProductId": published.product_id,
            "Type": type_,
            "Parameters": json.dumps(parameters),
            "IdempotencyToken": str(uuid4()),
            **members,
        }
    )
    return str(made["ConstraintDetail"]["ConstraintId"])


def role(account: str, name: str = "Launch") -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{account}:role/{name}"


def tag_updates(value: str) -> dict[str, Any]:
    """The parameters of a RESOURCE_UPDATE constraint."""
    return {"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": value}}
