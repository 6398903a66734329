"""Reading provisioned products: describe, scan, outputs."""

from typing import Any

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.catalog.entities import ProvisionedProduct
from manciple.errors import InvalidParametersException, ResourceNotFoundException
from manciple.operations.access_levels import created_by, visible
from manciple.operations.call import Context, operation
from manciple.operations.launches import find_provisioned_product, named
from manciple.operations.lookups import check_exactly_one
from manciple.operations.records import page_of_outputs
from manciple.store.pages import Pager, Request
from manciple.store.rows import PROVISIONED_PRODUCTS, RECORDS
from manciple.store.tables.catalog import PROVISIONED_PRODUCT


@operation("DescribeProvisionedProduct")
def describe_provisioned_product(
    context: Context, input: shapes.DescribeProvisionedProductInput
) -> shapes.DescribeProvisionedProductOutput:
    """A provisioned product by id or name. Raises ResourceNotFoundException, InvalidParametersException."""
    check_exactly_one(Id=input.id, Name=input.name)
    key = input.id
    found = PROVISIONED_PRODUCTS.get(context.tx, *context.owner, key) if key else named(context, input.name or "")
    found = visible(context.caller, found)
    if found is None:
        raise ResourceNotFoundException(f"Provisioned product not found: {input.id or input.name}")
    return shapes.DescribeProvisionedProductOutput(
        provisioned_product_detail=detail_of(found), cloud_watch_dashboards=[]
    )


@operation("ScanProvisionedProducts")
def scan_provisioned_products(
    context: Context, input: shapes.ScanProvisionedProductsInput
) -> shapes.ScanProvisionedProductsOutput:
    """Every provisioned product that was not terminated, oldest first (default access level User)."""
    conditions = created_by(PROVISIONED_PRODUCT, context.caller, input.access_level_filter)
    scope = (*context.owner, "ScanProvisionedProducts", context.caller.session_arn, input.access_level_filter)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, scope),
        PROVISIONED_PRODUCTS.select.where(*conditions),
        (PROVISIONED_PRODUCT.c.created_time, PROVISIONED_PRODUCT.c.id),
    )
    return shapes.ScanProvisionedProductsOutput(
        provisioned_products=[detail_of(PROVISIONED_PRODUCTS.of(row)) for row in page.items],
        next_page_token=page.next_token,
    )


@operation("GetProvisionedProductOutputs")
def get_provisioned_product_outputs(
    context: Context, input: shapes.GetProvisionedProductOutputsInput
) -> shapes.GetProvisionedProductOutputsOutput:
    """The outputs of the last success. Raises InvalidParametersException if there was none or a key is unknown."""
    product = find_provisioned_product(context, input.provisioned_product_id, input.provisioned_product_name)
    last = product.last_successful_provisioning_record_id
    record = RECORDS.get(context.tx, *context.owner, last) if last else None
    if record is None:
        raise InvalidParametersException("Last Successful Provisioning Record doesn't exist.")
    unknown = sorted(set(input.output_keys or ()) - {output["OutputKey"] for output in record.outputs})
    if unknown:
        raise InvalidParametersException(f"Provisioned product {product.id} has no output {', '.join(unknown)}.")
    page = page_of_outputs(context, record, input.page_size, input.page_token, input.output_keys)
    return shapes.GetProvisionedProductOutputsOutput(outputs=page.items, next_page_token=page.next_token)


def detail_of(product: ProvisionedProduct) -> shapes.ProvisionedProductDetail:
    """A provisioned product as Describe and Scan show it."""
    return shapes.ProvisionedProductDetail(**_common(product), launch_role_arn=product.launch_role_arn)


def attributes_of(product: ProvisionedProduct) -> shapes.ProvisionedProductAttribute:
    """A provisioned product as Search shows it."""
    return shapes.ProvisionedProductAttribute(
        **_common(product),
        physical_id=product.physical_id,
        product_name=product.product_name,
        provisioning_artifact_name=product.provisioning_artifact_name,
        tags=[shapes.Tag(key=key, value=value) for key, value in product.tags.items()],
        user_arn=product.user_arn,
        user_arn_session=product.user_arn_session,
    )


def _common(product: ProvisionedProduct) -> dict[str, Any]:
    return {
        "arn": product.arn,
        "created_time": Timestamp(product.created_time),
        "id": product.id,
        "idempotency_token": product.idempotency_token,
        "last_provisioning_record_id": product.last_provisioning_record_id,
        "last_record_id": product.last_record_id,
        "last_successful_provisioning_record_id": product.last_successful_provisioning_record_id,
        "name": product.name,
        "product_id": product.product_id,
        "provisioning_artifact_id": product.provisioning_artifact_id,
        "status": product.status,
        "status_message": product.status_message,
        "type": product.type,
    }
