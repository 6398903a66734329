"""What provisioning engines outside of this server tell: the three Notify operations (reference, 7.4).

The token is what counts: it names one attempt at one record, in whichever account that is (an engine of a hub account
serves others). The first result that comes under it is kept and the record's operation is woken to read it; the same
again changes nothing, as engines repeat themselves.
"""

from typing import Any, TypeAlias

import msgspec

from manciple.api import shapes
from manciple.catalog.entities import Record, RecordType
from manciple.catalog.workflows import Workflow, WorkflowResult
from manciple.engine.operation import call_back
from manciple.errors import InvalidParametersException, ResourceNotFoundException
from manciple.operations.call import Context, operation
from manciple.operations.records import OPEN
from manciple.store.rows import RECORDS
from manciple.store.workflows import NOT_OVER, WORKFLOWS, find_workflow

Input: TypeAlias = (
    shapes.NotifyProvisionProductEngineWorkflowResultInput
    | shapes.NotifyUpdateProvisionedProductEngineWorkflowResultInput
    | shapes.NotifyTerminateProvisionedProductEngineWorkflowResultInput
)


@operation("NotifyProvisionProductEngineWorkflowResult", writes=True)
def notify_provision_product_engine_workflow_result(
    context: Context, input: shapes.NotifyProvisionProductEngineWorkflowResultInput
) -> shapes.NotifyProvisionProductEngineWorkflowResultOutput:
    """Take in how a launch ended. Raises InvalidParametersException, ResourceNotFoundException."""
    _receive(context, input, "PROVISION_PRODUCT")
    return shapes.NotifyProvisionProductEngineWorkflowResultOutput()


@operation("NotifyUpdateProvisionedProductEngineWorkflowResult", writes=True)
def notify_update_provisioned_product_engine_workflow_result(
    context: Context, input: shapes.NotifyUpdateProvisionedProductEngineWorkflowResultInput
) -> shapes.NotifyUpdateProvisionedProductEngineWorkflowResultOutput:
    """Take in how an update ended. Raises InvalidParametersException, ResourceNotFoundException."""
    _receive(context, input, "UPDATE_PROVISIONED_PRODUCT")
    return shapes.NotifyUpdateProvisionedProductEngineWorkflowResultOutput()


@operation("NotifyTerminateProvisionedProductEngineWorkflowResult", writes=True)
def notify_terminate_provisioned_product_engine_workflow_result(
    context: Context, input: shapes.NotifyTerminateProvisionedProductEngineWorkflowResultInput
) -> shapes.NotifyTerminateProvisionedProductEngineWorkflowResultOutput:
    """Take in how a termination ended. Raises InvalidParametersException, ResourceNotFoundException."""
    _receive(context, input, "TERMINATE_PROVISIONED_PRODUCT")
    return shapes.NotifyTerminateProvisionedProductEngineWorkflowResultOutput()


def _receive(context: Context, input: Input, record_type: RecordType) -> None:
    workflow, record = _find(context, input)
    if record.type != record_type:
        raise InvalidParametersException(f"Record {record.id} is a {record.type} record, not {record_type}.")
    result = _result(input)
    if workflow.result_digest is not None:
        _check_repeated(context, workflow, result)
        return
    if record.status not in OPEN or workflow.received_time is not None:
        raise InvalidParametersException(f"Record {record.id} is not in progress; it is {_status(record)}.")
    digest = context.runtime.objects.put_value(context.tx, result)
    told = {"received_time": context.now, "result_digest": digest}
    if WORKFLOWS.change(context.tx, workflow, expect=NOT_OVER, **told) is None:
        _receive(context, input, record_type)
        return
    call_back(context.tx, record.id)
    context.wake(record.id)


def _find(context: Context, input: Input) -> tuple[Workflow, Record]:
    """The workflow of a token and its record. A token that was issued for another record is as bad as none."""
    workflow = find_workflow(context.tx, input.workflow_token)
    owner = (workflow.account, workflow.region) if workflow else context.owner
    record = RECORDS.get(context.tx, *owner, input.record_id)
    if record is None:
        raise ResourceNotFoundException(f"Record {input.record_id} not found.")
    if workflow is None or workflow.record_id != record.id:
        raise InvalidParametersException(f"The workflow token is not one that was issued for record {record.id}.")
    return workflow, record


def _status(record: Record) -> str:
    """The status of a record that waits no more; one that was given up is about to have failed."""
    return "FAILED" if record.status in OPEN else record.status


def _result(input: Input) -> WorkflowResult:
    identifier = getattr(input, "resource_identifier", None)
    outputs: Any = getattr(input, "outputs", None) or []
    return WorkflowResult(
        status=input.status,
        failure_reason=input.failure_reason,
        resource_identifier=msgspec.to_builtins(identifier) if identifier is not None else None,
        outputs=[msgspec.to_builtins(output) for output in outputs],
    )


def _check_repeated(context: Context, workflow: Workflow, result: WorkflowResult) -> None:
    assert workflow.result_digest is not None
    told = context.runtime.objects.get_value(context.tx, workflow.result_digest, WorkflowResult)
    if told != result:
        raise InvalidParametersException(
            f"Another result of record {workflow.record_id} was told under this workflow token before."
        )
