"""How an operation shows in the catalog: its record, product and plan, written with the phase they belong to.

Statuses are those of contracts, section 6; texts those of the service-catalog-api reference, 3.5 and 4.6.
"""

import uuid
from typing import Any

from manciple.catalog.entities import Plan, ProvisionedProduct, ProvisionedProductStatus, Record
from manciple.catalog.plan_document import PlanFacts, plan_document
from manciple.engine.planned import Planned, encode_stack
from manciple.engine.rows import Operation
from manciple.engine.targets.target import Ended, Failed, Made
from manciple.store.database import Transaction
from manciple.store.objects import Objects
from manciple.store.rows import PLANS, PRODUCTS, PROVISIONED_PRODUCTS, PROVISIONING_ARTIFACTS, RECORDS
from manciple.store.stack_instances import forget_instances
from manciple.template.change_set import as_service_catalog
from manciple.template.values import revealed

NO_UPDATES = "No updates are to be performed."

_PRODUCT_STATUSES: dict[str, ProvisionedProductStatus] = {
    "CREATE_COMPLETE": "AVAILABLE",
    "UPDATE_COMPLETE": "AVAILABLE",
    "CREATE_FAILED": "ERROR",
    "ROLLBACK_COMPLETE": "ERROR",
    "ROLLBACK_FAILED": "ERROR",
    "UPDATE_FAILED": "ERROR",
    "UPDATE_ROLLBACK_COMPLETE": "TAINTED",
    "UPDATE_ROLLBACK_FAILED": "ERROR",
    "DELETE_FAILED": "TAINTED",
    "DELETE_COMPLETE": "ERROR",
}


class Settlement:
    """Writes what became of one operation."""

    def __init__(self, tx: Transaction, objects: Objects, operation: Operation, now: int) -> None:
        self._tx = tx
        self._objects = objects
        self._operation = operation
        self._now = now

    def is_wanted(self) -> bool:
        """Is there still a plan to be made? It may have been deleted meanwhile."""
        return self._operation.kind != "plan" or self._plan() is not None

    def plan_made(self, made: Made, planned_digest: str, base: str | None) -> None:
        """The plan can be executed. `base` is the digest of what was deployed when it was made, None if nothing was."""
        plan = self._plan()
        if plan is None:
            return
        fingerprint = self._fingerprint(plan, made.planned)
        facts = PlanFacts(
            plan_id=plan.id,
            status="CREATE_SUCCESS",
            provisioned_product_id=plan.provisioned_product_id,
            status_message=made.change_set.warning,
            fingerprint=fingerprint,
            base_fingerprint=base,
            simulated=made.simulated,
            not_simulated=made.not_simulated,
            asked=made.asked,
            drift=made.drift,
        )
        document = plan_document(facts, made.change_set)
        changes = as_service_catalog(made.change_set)
        PLANS.change(
            self._tx,
            plan,
            status="CREATE_SUCCESS",
            updated_time=self._now,
            planned_digest=planned_digest,
            document_digest=self._objects.put_value(self._tx, document),
            changes_digest=self._objects.put_value(self._tx, changes),
            fingerprint=fingerprint,
            base_fingerprint=base,
        )

    def plan_failed(self, failed: Failed) -> None:
        """The plan cannot be executed; it says why as Service Catalog does."""
        text = failed.message
        if failed.code is not None and not failed.nothing_to_change:
            text = f"Error calling API cloudformation:CreateChangeSet. ErrorCode: {failed.code}, Message: {text}"
        if plan := self._plan():
            reason = "NO_CHANGES" if failed.nothing_to_change else None
            PLANS.change(
                self._tx,
                plan,
                status="CREATE_FAILED",
                status_message=text,
                status_reason=reason,
                updated_time=self._now,
            )

    def under_way(self, *, turned_back: bool = False) -> None:
        """The record is being worked on, or is being rolled back."""
        if record := self._record():
            status = "IN_PROGRESS_IN_ERROR" if turned_back else "IN_PROGRESS"
            RECORDS.change(self._tx, record, status=status, updated_time=self._now)

    def refused(self, failed: Failed, stack_status: str) -> None:
        """A launch or update whose template or parameters failed before anything was touched.

        With nothing to change the product stays what it was, which its stack tells.
        """
        if failed.nothing_to_change:
            self._end_record("FAILED", NO_UPDATES)
            self._change(status=self._as_before(stack_status))
            return
        text = relayed(failed, self._operation.id)
        self._end_record("FAILED", text)
        self._end_plan(good=False, reason=text)
        is_broken = _PRODUCT_STATUSES.get(stack_status, "ERROR") == "ERROR"
        self._change(status="ERROR" if is_broken else "TAINTED", status_message=text)

    def keep_outputs(self, outputs: list[dict[str, Any]]) -> None:
        """Keep a record's outputs with the commit: what they read outside may be gone when the clean-up is over."""
        if record := self._record():
            RECORDS.change(self._tx, record, outputs=outputs)

    def kept_outputs(self) -> list[dict[str, Any]]:
        """The outputs that the commit kept."""
        record = self._record()
        return list(record.outputs) if record else []

    def ended(self, ended: Ended, outputs: list[dict[str, Any]], stack_arn: str, planned: Planned | None) -> None:
        """A launch or an update is over."""
        good = ended.reason is None
        fields: dict[str, Any] = {"status": _PRODUCT_STATUSES[ended.status], "status_message": ended.reason}
        if good and planned is not None:
            fields |= self._deployed(planned)
        self._change(**fields, physical_id=stack_arn or None)
        self._end_record("SUCCEEDED" if good else "FAILED", ended.reason, outputs if good else [])
        self._end_plan(good=good, reason=ended.reason)

    def imported(self, outputs: list[dict[str, Any]], stack_arn: str, parameters_digest: str) -> None:
        """A stack has become the product's; what constrains the product counts from its first update on."""
        self._end_record("SUCCEEDED", None, outputs)
        self._change(
            status="AVAILABLE",
            physical_id=stack_arn,
            parameters_digest=parameters_digest,
            last_successful_provisioning_record_id=self._operation.record_id,
        )

    def terminated(self, ended: Ended | None, *, ignore_errors: bool) -> None:
        """A termination is over; the product is gone unless something could not be deleted."""
        if ended is not None and ended.reason is not None and not ignore_errors:
            self._end_record("FAILED", ended.reason)
            self._change(status=_PRODUCT_STATUSES[ended.status], status_message=ended.reason)
            return
        self._end_record("SUCCEEDED", None)
        if product := self._product():
            PROVISIONED_PRODUCTS.delete(self._tx, product)
            forget_instances(self._tx, product.account, product.region, product.id)

    def acted(self, status_before: str, reason: str | None) -> None:
        """A service action is over: the product is what it was, and a plan made from it still holds."""
        self._end_record("SUCCEEDED" if reason is None else "FAILED", reason)
        if product := self._product():
            PROVISIONED_PRODUCTS.change(self._tx, product, status=status_before)

    def given_up(self, stack_status: str, reason: str) -> None:
        """The engine could not carry the operation on."""
        if self._operation.kind == "plan":
            self.plan_failed(Failed(code="InternalFailure", message=reason))
            return
        self._end_record("FAILED", reason)
        self._end_plan(good=False, reason=reason)
        self._change(status=_PRODUCT_STATUSES[stack_status], status_message=reason)

    def _as_before(self, stack_status: str) -> ProvisionedProductStatus:
        """What a product was before a change that came to nothing: its stack tells, and the message of a taint."""
        status = _PRODUCT_STATUSES.get(stack_status, "ERROR")
        product = self._product()
        is_tainted = status == "AVAILABLE" and product is not None and product.status_message is not None
        return "TAINTED" if is_tainted else status

    def _deployed(self, planned: Planned) -> dict[str, Any]:
        """What a product is after a success: the record's product and version, the parameters and tags in force."""
        parameters = planned.stacks[""].evaluation.parameters.values()
        values = {one.name: revealed(one.given) for one in parameters}
        fields: dict[str, Any] = {
            "parameters_digest": self._objects.put_value(self._tx, values),
            "notification_arns": planned.launch.notification_arns,
            "tags": planned.launch.tags | planned.launch.auto_tags,
            "launch_role_arn": planned.launch.role_arn,
        }
        record, product = self._record(), self._product()
        if record is None or product is None:
            return fields
        owner = (record.product_account or product.account, product.region)
        artifact = PROVISIONING_ARTIFACTS.get(self._tx, *owner, record.provisioning_artifact_id)
        offered = PRODUCTS.get(self._tx, *owner, record.product_id)
        return fields | {
            "product_id": record.product_id,
            "product_name": offered.name if offered else product.product_name,
            "provisioning_artifact_id": record.provisioning_artifact_id,
            "provisioning_artifact_name": artifact.name if artifact else product.provisioning_artifact_name,
            "path_id": record.path_id,
            "last_successful_provisioning_record_id": record.id,
        }

    def _end_record(self, status: str, reason: str | None, outputs: list[dict[str, Any]] | None = None) -> None:
        record = self._record()
        if record is None:
            return
        errors = [] if reason is None else [{"Code": "1", "Description": reason}]
        product = self._product()
        RECORDS.change(
            self._tx,
            record,
            status=status,
            updated_time=self._now,
            errors=errors,
            outputs=outputs or [],
            tags=product.tags if product else {},
        )

    def _end_plan(self, *, good: bool, reason: str | None) -> None:
        if plan := self._plan():
            status = "EXECUTE_SUCCESS" if good else "EXECUTE_FAILED"
            PLANS.change(self._tx, plan, status=status, status_message=reason, updated_time=self._now)

    def _change(self, **fields: Any) -> None:
        if product := self._product():
            PROVISIONED_PRODUCTS.change(self._tx, product, revision=product.revision + 1, **fields)

    def _product(self) -> ProvisionedProduct | None:
        operation = self._operation
        return PROVISIONED_PRODUCTS.get(self._tx, operation.account, operation.region, operation.provisioned_product_id)

    def _record(self) -> Record | None:
        operation = self._operation
        key = (operation.account, operation.region, operation.record_id)
        return RECORDS.get(self._tx, *key) if operation.record_id else None

    def _plan(self) -> Plan | None:
        operation = self._operation
        key = (operation.account, operation.region, operation.plan_id)
        return PLANS.get(self._tx, *key) if operation.plan_id else None

    def _fingerprint(self, plan: Plan, planned: Planned) -> str:
        """What the plan was made from: the stacks as evaluated with their facts, and the product's revision."""
        content = b"".join(encode_stack(stack) for stack in planned.stacks.values())
        return self._objects.seal.digest(content + f"/{plan.base_revision}".encode())


def relayed(failed: Failed, operation_id: str) -> str:
    """CloudFormation's refusal as Service Catalog relays it (two spaces after the exception's name)."""
    if failed.code is None:
        return failed.message
    request_id = uuid.uuid5(uuid.NAMESPACE_URL, operation_id)
    return (
        f"AmazonCloudFormationException  {failed.message} (Service: AmazonCloudFormation; Status Code: 400; "
        f"Error Code: {failed.code}; Request ID: {request_id})"
    )
