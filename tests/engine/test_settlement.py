"""How operations show in the catalog: records, products and plans, in AWS's statuses and words."""

from typing import Any

import pytest
import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.entities import Plan, ProvisionedProduct, Record
from manciple.catalog.plan_document import PlanDocument
from manciple.engine import operation
from manciple.engine.launch import Launch, Termination
from manciple.engine.providers.faults import Fault
from manciple.store.environments import Environment, write_environment
from manciple.store.rows import PLANS, PROVISIONED_PRODUCTS, RECORDS
from manciple.store.tables.engine import OPERATION, STACK
from tests.engine.worlds import ACCOUNT, PRODUCT, REGION, World, template, topic

OWNER: dict[str, Any] = {"account": ACCOUNT, "region": REGION}
AUTO_TAGS = {"aws:servicecatalog:productArn": "arn:product", "aws:servicecatalog:portfolioArn": "arn:portfolio"}
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


class Catalog:
    """One provisioned product with its plans and records, as the operations layer would write them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.number = 0
        self.launches: dict[str, Launch] = {}
        product = ProvisionedProduct(
            **OWNER,
            id=PRODUCT,
            name="mine",
            arn="arn:mine",
            status="PLAN_IN_PROGRESS",
            created_time=1,
            product_id="prod-a",
            product_name="Product",
            provisioning_artifact_id="pa-1",
            path_id="lpv3-a",
            user_arn="arn:user",
            user_arn_session="arn:user",
            tags={"team": "blue"} | AUTO_TAGS,
        )
        with world.database.write() as tx:
            PROVISIONED_PRODUCTS.insert(tx, product)

    def plan(self, resources: dict[str, Any], **sections: Any) -> str:
        """Have a plan made."""
        self.number += 1
        operation_id = f"plan-{self.number}"
        with self.world.database.write() as tx:
            launch = self._launch(tx, template(resources, **sections))
            digest = self.world.objects.put_value(tx, launch)
            plan = Plan(
                **OWNER,
                id=operation_id,
                name="p",
                provisioned_product_id=PRODUCT,
                provisioned_product_name="mine",
                product_id="prod-a",
                provisioning_artifact_id="pa-1",
                path_id="lpv3-a",
                status="CREATE_IN_PROGRESS",
                created_time=2,
                updated_time=2,
                user_arn="arn:user",
                user_arn_session="arn:user",
                is_new=True,
                base_revision=1,
                request_digest=digest,
            )
            PLANS.insert(tx, plan)
            operation.submit_plan(tx, self.world.objects, launch, plan_id=operation_id)
        self.launches[operation_id] = launch
        self.world.run(operation_id)
        return operation_id

    def execute(self, plan_id: str) -> str:
        """Have a plan carried out."""
        with self.world.database.write() as tx:
            plan = PLANS.get(tx, ACCOUNT, REGION, plan_id)
            assert plan is not None
            operation_id = self._record(tx, "PROVISION_PRODUCT")
            executing = PLANS.change(tx, plan, status="EXECUTE_IN_PROGRESS", record_id=operation_id)
            assert executing is not None
            launch = self.launches[plan_id]
            operation.submit_execution(tx, self.world.objects, launch, plan=executing, record_id=operation_id)
        self.world.run(operation_id)
        return operation_id

    def provision(self, resources: dict[str, Any], kind: str = "provision", **sections: Any) -> str:
        """Launch, or update."""
        submit = operation.submit_provision if kind == "provision" else operation.submit_update
        with self.world.database.write() as tx:
            launch = self._launch(tx, template(resources, **sections))
            operation_id = self._record(tx, "PROVISION_PRODUCT")
            submit(tx, self.world.objects, launch, record_id=operation_id)
        self.world.run(operation_id)
        return operation_id

    def terminate(self, **choices: Any) -> str:
        """Terminate."""
        with self.world.database.write() as tx:
            operation_id = self._record(tx, "TERMINATE_PROVISIONED_PRODUCT")
            termination = Termination(**OWNER, provisioned_product_id=PRODUCT, **choices)
            operation.submit_termination(tx, self.world.objects, termination, record_id=operation_id)
        self.world.run(operation_id)
        return operation_id

    def product(self) -> ProvisionedProduct | None:
        with self.world.database.read() as tx:
            return PROVISIONED_PRODUCTS.get(tx, ACCOUNT, REGION, PRODUCT)

    def status(self) -> str:
        product = self.product()
        assert product is not None
        return product.status

    def plan_row(self, plan_id: str) -> Plan:
        with self.world.database.read() as tx:
            found = PLANS.get(tx, ACCOUNT, REGION, plan_id)
        assert found is not None
        return found

    def record(self, record_id: str) -> Record:
        with self.world.database.read() as tx:
            found = RECORDS.get(tx, ACCOUNT, REGION, record_id)
        assert found is not None
        return found

    def _launch(self, tx: Any, text: str) -> Launch:
        digest = self.world.objects.put(tx, text.encode())
        return Launch(
            **OWNER, provisioned_product_id=PRODUCT, template_digest=digest, tags={"team": "blue"}, auto_tags=AUTO_TAGS
        )

    def _record(self, tx: Any, type: str) -> str:
        self.number += 1
        record = Record(
            **OWNER,
            id=f"rec-{self.number}",
            type=type,
            status="CREATED",
            created_time=3,
            updated_time=3,
            provisioned_product_id=PRODUCT,
            provisioned_product_name="mine",
            product_id="prod-a",
            provisioning_artifact_id="pa-2",
            path_id="lpv3-a",
            user_arn="arn:user",
            user_arn_session="arn:user",
        )
        RECORDS.insert(tx, record)
        product = PROVISIONED_PRODUCTS.get(tx, ACCOUNT, REGION, PRODUCT)
        assert product is not None
        PROVISIONED_PRODUCTS.change(tx, product, status="UNDER_CHANGE", last_record_id=record.id)
        return record.id


@pytest.fixture
def catalog(world: World) -> Catalog:
    return Catalog(world)


def test_a_plan_ends_in_create_success_and_changes_nothing(catalog: Catalog) -> None:
    plan = catalog.plan_row(catalog.plan({"A": topic("a")}))

    assert (plan.status, plan.status_message) == ("CREATE_SUCCESS", None)
    assert catalog.world.things() == {}
    assert catalog.status() == "PLAN_IN_PROGRESS"


def test_a_plan_keeps_its_changes_and_its_document(catalog: Catalog) -> None:
    plan = catalog.plan_row(catalog.plan({"A": topic("a")}))

    with catalog.world.database.read() as tx:
        objects = catalog.world.objects
        changes = objects.get_value(tx, plan.changes_digest or "", list[shapes.ResourceChange])
        document = objects.get_value(tx, plan.document_digest or "", PlanDocument)
    assert [(change.action, change.logical_resource_id) for change in changes] == [("ADD", "A")]
    assert (document.summary.add, document.simulated, document.fingerprint) == (1, True, plan.fingerprint)


def test_a_plan_with_a_bad_parameter_fails_as_aws_words_it(catalog: Catalog) -> None:
    plan = catalog.plan_row(catalog.plan({"A": topic("a")}, Parameters={"Size": {"Type": "String"}}))

    assert plan.status == "CREATE_FAILED"
    assert plan.status_message == (
        "Error calling API cloudformation:CreateChangeSet. ErrorCode: ValidationError, "
        "Message: Parameters: [Size] must have values"
    )


def test_a_plan_that_would_change_nothing_fails_as_aws_words_it(catalog: Catalog) -> None:
    catalog.execute(catalog.plan({"A": topic("a")}))

    plan = catalog.plan_row(catalog.plan({"A": topic("a")}))

    assert (plan.status, plan.status_message, plan.status_reason) == ("CREATE_FAILED", NO_CHANGES, "NO_CHANGES")


def test_an_executed_plan_makes_the_product_available(catalog: Catalog) -> None:
    plan_id = catalog.plan({"A": topic("a")})

    record_id = catalog.execute(plan_id)

    product, record, plan = catalog.product(), catalog.record(record_id), catalog.plan_row(plan_id)
    assert product is not None
    (stack,) = catalog.world.rows(STACK)
    assert (record.status, plan.status, product.status) == ("SUCCEEDED", "EXECUTE_SUCCESS", "AVAILABLE")
    assert (product.physical_id, product.status_message) == (stack.arn, None)
    assert product.last_successful_provisioning_record_id == record_id
    assert product.provisioning_artifact_id == "pa-2"


def test_a_succeeded_record_has_the_stacks_arn_first_then_the_outputs(catalog: Catalog) -> None:
    outputs = {
        "Name": {"Value": {"Fn::GetAtt": ["A", "TopicName"]}, "Description": "its name"},
        "Arn": {"Value": {"Ref": "A"}},
    }

    record = catalog.record(catalog.provision({"A": topic("a")}, Outputs=outputs))

    (stack,) = catalog.world.rows(STACK)
    assert record.outputs == (
        {
            "OutputKey": "CloudformationStackARN",
            "OutputValue": stack.arn,
            "Description": "The ARN of the launched Cloudformation Stack",
        },
        {"OutputKey": "Name", "OutputValue": "a", "Description": "its name"},
        {"OutputKey": "Arn", "OutputValue": "arn:aws:sns:eu-west-1:123456789012:a"},
    )


class ForgetsInCleanup:
    """Deletes every value outside once an operation has committed."""

    def __init__(self, world: World) -> None:
        self._world = world

    def reach(self, _point: str, operation_id: str) -> None:
        if self._world.operation(operation_id).phase == "cleanup":
            with self._world.database.write() as tx:
                write_environment(tx, self._world.objects.seal, ACCOUNT, REGION, Environment())


def test_a_value_that_goes_during_the_clean_up_does_not_spoil_a_good_update(catalog: Catalog) -> None:
    world, outputs = catalog.world, {"Out": {"Value": "{{resolve:ssm:/greeting}}"}}
    with world.database.write() as tx:
        environment = Environment(parameters={"/greeting": "hello"})
        write_environment(tx, world.objects.seal, ACCOUNT, REGION, environment)
    catalog.provision({"A": topic("a")}, Outputs=outputs)
    world.engine = world.new_engine(ForgetsInCleanup(world))

    record = catalog.record(catalog.provision({"A": topic("b")}, "update", Outputs=outputs))

    assert (record.status, catalog.status()) == ("SUCCEEDED", "AVAILABLE")
    assert record.outputs[1] == {"OutputKey": "Out", "OutputValue": "hello"}


def test_a_finished_record_carries_the_products_tags(catalog: Catalog) -> None:
    record = catalog.record(catalog.provision({"A": topic("a")}))

    assert record.tags == {"team": "blue"} | AUTO_TAGS


def test_resources_get_the_stacks_tags_and_the_auto_tags(catalog: Catalog) -> None:
    catalog.provision({"A": topic("a")})

    (thing,) = catalog.world.things().values()
    assert thing.tags == {"team": "blue"} | AUTO_TAGS


def test_a_launch_without_a_needed_parameter_fails_with_two_spaces_and_leaves_no_stack(catalog: Catalog) -> None:
    record = catalog.record(catalog.provision({"A": topic("a")}, Parameters={"KeyName": {"Type": "String"}}))

    product = catalog.product()
    assert product is not None
    assert record.status == "FAILED"
    assert record.errors[0]["Description"] == product.status_message
    assert str(product.status_message).startswith(
        "AmazonCloudFormationException  Parameters: [KeyName] must have values "
        "(Service: AmazonCloudFormation; Status Code: 400; Error Code: ValidationError; Request ID: "
    )
    assert (product.status, product.physical_id, catalog.world.rows(STACK)) == ("ERROR", None, [])


def test_a_failed_launch_leaves_the_product_in_error_and_says_what_failed_first(catalog: Catalog) -> None:
    catalog.world.fault(Fault(selector="A", action="create", error_code="AlreadyExists", message="taken"))

    record = catalog.record(catalog.provision({"A": topic("a"), "B": topic("b", "A")}))

    description = record.errors[0]["Description"]
    assert (record.status, catalog.status()) == ("FAILED", "ERROR")
    assert description.startswith(
        'The following resource(s) failed to create: [A]. Resource handler returned message: "taken"'
    )
    assert record.outputs == ()


def test_a_failed_update_that_was_rolled_back_leaves_the_product_tainted(catalog: Catalog) -> None:
    catalog.provision({"A": topic("a")})
    catalog.world.fault(Fault(selector="A", action="update", error_code="AccessDenied", remaining=1))

    record = catalog.record(catalog.provision({"A": topic("a", DisplayName="x")}, "update"))

    assert (record.status, catalog.status()) == ("FAILED", "TAINTED")
    assert "The following resource(s) failed to update: [A]. " in record.errors[0]["Description"]


def test_a_rollback_that_failed_leaves_the_product_in_error(catalog: Catalog) -> None:
    catalog.provision({"A": topic("a")})
    catalog.world.fault(Fault(selector="A", action="update", error_code="AccessDenied"))

    record = catalog.record(catalog.provision({"A": topic("a", DisplayName="x")}, "update"))

    assert (record.status, catalog.status()) == ("FAILED", "ERROR")


def test_an_update_that_changes_nothing_fails_and_leaves_the_product_as_it_was(catalog: Catalog) -> None:
    catalog.provision({"A": topic("a")})

    record = catalog.record(catalog.provision({"A": topic("a")}, "update"))

    assert (record.status, record.errors[0]["Description"]) == ("FAILED", "No updates are to be performed.")
    assert catalog.status() == "AVAILABLE"


def test_a_terminated_product_is_gone_and_its_record_stays(catalog: Catalog) -> None:
    catalog.provision({"A": topic("a")})

    record = catalog.record(catalog.terminate())

    assert (record.status, catalog.product(), catalog.world.things()) == ("SUCCEEDED", None, {})
    assert record.tags == {"team": "blue"} | AUTO_TAGS


def test_a_termination_that_fails_leaves_the_product_tainted(catalog: Catalog) -> None:
    catalog.provision({"A": topic("a")})
    catalog.world.fault(Fault(selector="A", action="delete", error_code="AccessDenied"))

    record = catalog.record(catalog.terminate())

    assert (record.status, catalog.status()) == ("FAILED", "TAINTED")
    assert record.errors[0]["Description"].startswith("The following resource(s) failed to delete: [A]. ")


def test_a_termination_that_ignores_errors_forgets_the_product(catalog: Catalog) -> None:
    catalog.provision({"A": topic("a")})
    catalog.world.fault(Fault(selector="A", action="delete", error_code="AccessDenied"))

    record = catalog.record(catalog.terminate(ignore_errors=True))

    assert (record.status, catalog.product()) == ("SUCCEEDED", None)


def test_a_termination_that_retains_deletes_nothing(catalog: Catalog) -> None:
    catalog.provision({"A": topic("a")})

    record = catalog.record(catalog.terminate(retain=True))

    assert (record.status, catalog.product(), list(catalog.world.names())) == ("SUCCEEDED", None, ["a"])


def test_a_product_that_never_had_a_stack_can_be_terminated(catalog: Catalog) -> None:
    catalog.provision({"A": topic("a")}, Parameters={"KeyName": {"Type": "String"}})

    record = catalog.record(catalog.terminate())

    assert (record.status, catalog.product()) == ("SUCCEEDED", None)


def test_while_it_runs_a_record_is_in_progress_and_while_it_rolls_back_in_error(catalog: Catalog) -> None:
    seen: list[str] = []
    world = catalog.world
    world.fault(
        Fault(selector="A", action="create", delay_ms=60_000),
        Fault(selector="A", action="delete", delay_ms=60_000),
    )
    with world.database.write() as tx:
        launch = catalog._launch(tx, template({"A": topic("a")}))
        record_id = catalog._record(tx, "PROVISION_PRODUCT")
        operation_id = operation.submit_provision(tx, world.objects, launch, record_id=record_id)
    world.engine.reconcile(operation_id)
    seen.append(catalog.record(operation_id).status)
    with world.database.write() as tx:
        operation.request_cancel(tx, ACCOUNT, REGION, operation_id)

    world.engine.reconcile(operation_id)

    seen.append(catalog.record(operation_id).status)
    assert seen == ["IN_PROGRESS", "IN_PROGRESS_IN_ERROR"]


def test_a_plan_deleted_while_it_is_made_leaves_no_stack(catalog: Catalog) -> None:
    launch = catalog.plan({"A": topic("a")})
    with catalog.world.database.write() as tx:
        PLANS.delete(tx, catalog.plan_row(launch))
        operation.submit_plan(tx, catalog.world.objects, catalog.launches[launch], plan_id="plan-gone")

    catalog.world.run("plan-gone")

    assert catalog.world.rows(STACK) == []


def test_the_base_fingerprint_of_a_plan_tells_what_was_deployed(catalog: Catalog) -> None:
    first = catalog.plan({"A": topic("a")})
    catalog.execute(first)
    second, third = (catalog.plan({"A": topic("a"), "B": topic(name)}) for name in ("b", "c"))

    (stack,) = catalog.world.rows(STACK)
    bases = [catalog.plan_row(plan).base_fingerprint for plan in (first, second, third)]
    assert bases == [None, stack.deployed_digest, stack.deployed_digest]


def test_a_plan_that_is_given_up_leaves_the_stack_as_it_is(catalog: Catalog) -> None:
    catalog.execute(catalog.plan({"A": topic("a")}))
    (stack,) = catalog.world.rows(STACK)
    with catalog.world.database.write() as tx:
        launch = catalog._launch(tx, template({"B": topic("b")}))
        operation.submit_plan(tx, catalog.world.objects, launch, plan_id="plan-2")
        died = {"claims": catalog.world.limits.claims, "stack_id": stack.id}
        tx.execute(sa.update(OPERATION).where(OPERATION.c.id == "plan-2").values(died))

    catalog.world.run("plan-2")

    assert "given up" in catalog.world.operation("plan-2").reason
    assert catalog.world.status() == "CREATE_COMPLETE"


def test_every_operation_is_done_and_due_no_more(catalog: Catalog) -> None:
    catalog.execute(catalog.plan({"A": topic("a")}))
    catalog.terminate()

    rows = catalog.world.rows(OPERATION)
    assert {(row.phase, row.not_before, row.lease) for row in rows} == {("done", None, 0)}
