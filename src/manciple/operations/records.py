"""Records: what was asked of a provisioned product, and how it went."""

from typing import Any

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.catalog.entities import ProvisionedProduct, Record, RecordStatus, RecordType
from manciple.errors import InvalidParametersException, ResourceNotFoundException
from manciple.operations.access_levels import created_by, visible
from manciple.operations.call import Context, operation
from manciple.store.pages import Pager, Request
from manciple.store.rows import PROVISIONED_PRODUCTS, RECORDS
from manciple.store.tables.catalog import RECORD

_PROVISIONING: frozenset[RecordType] = frozenset(
    {
        "PROVISION_PRODUCT",
        "UPDATE_PROVISIONED_PRODUCT",
        "TERMINATE_PROVISIONED_PRODUCT",
        "IMPORT_PROVISIONED_PRODUCT",
    }
)
OPEN: tuple[RecordStatus, ...] = ("CREATED", "IN_PROGRESS", "IN_PROGRESS_IN_ERROR")
"""Statuses of a record that is not over."""

_FILTERS = {"product": RECORD.c.product_id, "provisionedproduct": RECORD.c.provisioned_product_id}


@operation("DescribeRecord")
def describe_record(context: Context, input: shapes.DescribeRecordInput) -> shapes.DescribeRecordOutput:
    """A record with its outputs, paged. Raises ResourceNotFoundException."""
    record = find_record(context, input.id)
    page = page_of_outputs(context, record, input.page_size, input.page_token)
    return shapes.DescribeRecordOutput(
        record_detail=detail_of(record), record_outputs=page.items, next_page_token=page.next_token
    )


@operation("ListRecordHistory")
def list_record_history(context: Context, input: shapes.ListRecordHistoryInput) -> shapes.ListRecordHistoryOutput:
    """Records, newest first, of whom the access level says (default User)."""
    conditions = created_by(RECORD, context.caller, input.access_level_filter)
    wanted = input.search_filter
    if wanted is not None:
        conditions.append(_filter(wanted))
    scope = (*context.owner, "ListRecordHistory", context.caller.session_arn, input.access_level_filter, wanted)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, scope),
        RECORDS.select.where(*conditions),
        (RECORD.c.created_time, RECORD.c.id),
        descending=True,
    )
    return shapes.ListRecordHistoryOutput(
        record_details=[detail_of(RECORDS.of(row)) for row in page.items], next_page_token=page.next_token
    )


def _filter(wanted: shapes.ListRecordHistorySearchFilter) -> Any:
    column = _FILTERS.get(wanted.key or "")
    if column is None:
        raise InvalidParametersException(f"SearchFilter takes the keys {' and '.join(_FILTERS)}, not {wanted.key}.")
    return column == wanted.value


def find_record(context: Context, id: str) -> Record:
    """The record with this id. Raises ResourceNotFoundException."""
    record = RECORDS.get(context.tx, *context.owner, id)
    if record is None or not _is_visible(context, record):
        raise ResourceNotFoundException(f"Record {id} not found.")
    return record


def _is_visible(context: Context, record: Record) -> bool:
    """Does the caller's access level reach a record? It belongs to whoever owns the product now (reference, 4.7)."""
    if context.caller.level == "Account":
        return True
    product = PROVISIONED_PRODUCTS.get(context.tx, *context.owner, record.provisioned_product_id)
    return visible(context.caller, product or record) is not None


def page_of_outputs(context: Context, record: Record, size: int | None, token: str | None, keys: Any = None) -> Any:
    """One page of a record's outputs (all, or those with these keys), in their order; none before it succeeded."""
    outputs = record.outputs if record.status == "SUCCEEDED" else []
    found = [(number, output) for number, output in enumerate(outputs) if not keys or output["OutputKey"] in keys]
    request = Request(size, token, (*context.owner, "outputs", record.id, keys))
    page = Pager(context.runtime.objects.seal).cut(request, found, lambda item: (item[0],))
    return page.of(lambda item: output_of(item[1]))


def output_of(output: dict[str, Any]) -> shapes.RecordOutput:
    """An output as the API shows it."""
    return shapes.RecordOutput(
        output_key=output["OutputKey"], output_value=output["OutputValue"], description=output.get("Description")
    )


def detail_of(record: Record) -> shapes.RecordDetail:
    """A record as the API shows it; a member that does not apply is absent, lists are always there."""
    return shapes.RecordDetail(
        record_id=record.id,
        record_type=record.type,
        status=record.status,
        created_time=Timestamp(record.created_time),
        updated_time=Timestamp(record.updated_time),
        provisioned_product_id=record.provisioned_product_id,
        provisioned_product_name=record.provisioned_product_name,
        provisioned_product_type=record.provisioned_product_type,
        product_id=record.product_id,
        provisioning_artifact_id=record.provisioning_artifact_id,
        path_id=record.path_id,
        launch_role_arn=record.launch_role_arn,
        record_tags=[shapes.RecordTag(key=key, value=value) for key, value in record.tags.items()],
        record_errors=[
            shapes.RecordError(code=error["Code"], description=error["Description"]) for error in record.errors
        ],
    )


def open_record(
    context: Context, product: ProvisionedProduct, type: RecordType, *, plan_id: str | None = None, **choice: str
) -> Record:
    """Write a record in status CREATED for a provisioned product, and make it the product's newest.

    `choice` may name the product_account, and another product_id, provisioning_artifact_id or path_id than the
    provisioned product has (an update). For LastProvisioningRecordId launches, updates, terminations and imports count
    (AWS API reference; imports are inferred).
    """
    record = Record(
        account=product.account,
        region=product.region,
        id=context.new_id("rec"),
        type=type,
        status="CREATED",
        created_time=context.now,
        updated_time=context.now,
        provisioned_product_id=product.id,
        provisioned_product_name=product.name,
        provisioned_product_type=product.type,
        product_account=choice.get("product_account"),
        product_id=choice.get("product_id", product.product_id),
        provisioning_artifact_id=choice.get("provisioning_artifact_id", product.provisioning_artifact_id),
        path_id=choice.get("path_id", product.path_id),
        launch_role_arn=product.launch_role_arn,
        plan_id=plan_id,
        user_arn=context.caller.arn,
        user_arn_session=context.caller.session_arn,
    )
    RECORDS.insert(context.tx, record)
    newest: dict[str, Any] = {"last_record_id": record.id}
    if type in _PROVISIONING:
        newest["last_provisioning_record_id"] = record.id
    PROVISIONED_PRODUCTS.change(context.tx, product, **newest)
    return record
