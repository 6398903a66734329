"""UpdateProvisionedProductProperties: another owner, another launch role."""

from typing import Any

from manciple.api import shapes
from manciple.catalog.provisioned_product_properties import read_launch_role, read_owner
from manciple.errors import InvalidStateException
from manciple.operations.call import Context, operation
from manciple.operations.launches import find_provisioned_product
from manciple.operations.records import open_record
from manciple.operations.roles import demand_role
from manciple.store.rows import PROVISIONED_PRODUCTS, RECORDS

_BUSY = ("UNDER_CHANGE", "PLAN_IN_PROGRESS")
"""Statuses in which properties stay as they are: an operation reads them meanwhile (inferred)."""


@operation("UpdateProvisionedProductProperties", writes=True)
def update_provisioned_product_properties(
    context: Context, input: shapes.UpdateProvisionedProductPropertiesInput
) -> shapes.UpdateProvisionedProductPropertiesOutput:
    """Give a provisioned product another owner or launch role, at once, and note that in a record.

    From then on the old owner neither sees nor touches the product; records stay whose they are. Raises
    ResourceNotFoundException, InvalidParametersException, InvalidStateException while it is under change.
    """
    product = find_provisioned_product(context, input.provisioned_product_id, None)
    if product.status in _BUSY:
        raise InvalidStateException(
            f"Provisioned product {product.id} is {product.status}; its properties can be updated once it is not."
        )
    given = {str(key): value for key, value in input.provisioned_product_properties.items()}
    record = open_record(context, product, "UPDATE_PROVISIONED_PRODUCT_PROPERTIES")
    changed = PROVISIONED_PRODUCTS.change(context.tx, product, **_fields(context, given))
    role = changed.launch_role_arn if changed else None
    RECORDS.change(context.tx, record, status="SUCCEEDED", launch_role_arn=role, tags=product.tags)
    return shapes.UpdateProvisionedProductPropertiesOutput(
        provisioned_product_id=product.id,
        provisioned_product_properties=given,
        record_id=record.id,
        status="SUCCEEDED",
    )


def _fields(context: Context, given: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "OWNER" in given:
        owner = read_owner(given["OWNER"], context.account)
        fields |= {"user_arn": owner.arn, "user_arn_session": owner.session_arn}
    if "LAUNCH_ROLE" in given:
        fields["launch_role_arn"] = role = read_launch_role(given["LAUNCH_ROLE"])
        demand_role(context, role)
    return fields
