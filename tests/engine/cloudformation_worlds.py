"""A world whose products are deployed onto a CloudFormation that others wrote, and what can be seen there."""

import itertools
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.entities import Plan, Record
from manciple.catalog.ids import stack_name
from manciple.engine import operation
from manciple.engine.credentials import Clients
from manciple.engine.events import Event, list_events
from manciple.engine.launch import Adoption, Launch, Termination
from manciple.engine.limits import Limits
from manciple.engine.memory import Memory
from manciple.engine.probe import Probe
from manciple.engine.reconcile import Done, Engine
from manciple.engine.slice import Parts
from manciple.engine.targets.cloudformation import CloudFormationTarget
from manciple.store.database import Database
from manciple.store.metadata import METADATA
from manciple.store.rows import PLANS, RECORDS
from manciple.store.tables import engine as engine_tables
from tests import peers
from tests.engine.worlds import ACCOUNT, QUICK, World, do_not_wait_for_the_disk

_numbers = itertools.count(random.randrange(10**9))


_clients = cache(Clients)


class CloudWorld(World):
    """One product at an endpoint: plans and operations on it, and the endpoint's own view of them."""

    def __init__(self, database: Database, url: str, limits: Limits = QUICK) -> None:
        self.url = url
        self.bucket: str | None = None
        self.number = next(_numbers)
        self.product = f"pp-{self.number:013d}"
        self.stack_name = stack_name(ACCOUNT, self.product)
        self.cloudformation = peers.client_of(url, "cloudformation")
        super().__init__(database, limits)

    def new_engine(
        self, probe: Probe | None = None, *, remembers: bool = False, url: str | None = None, sts: str | None = ""
    ) -> Engine:
        parts = self._parts(probe)
        s3 = self.url.replace("127.0.0.1", "localhost")  # moto takes the first part of any other host for the bucket
        clients = _clients(url or self.url, self.url if sts == "" else sts, s3, self.bucket)
        target = CloudFormationTarget(clients, poll=0)
        return Engine(parts, {target.name: target}, Memory(64 if remembers else 0))

    def _parts(self, probe: Probe | None) -> Parts:
        found = super().new_engine(probe)
        return found.parts

    def launch_of(self, text: str, **fields: Any) -> Launch:
        """A launch of a template on the target."""
        with self.database.write() as tx:
            digest = self.objects.put(tx, text.encode())
        return Launch(
            account=ACCOUNT,
            region=peers.REGION,
            provisioned_product_id=self.product,
            template_digest=digest,
            target="cloudformation",
            **fields,
        )

    def publish(self, text: str) -> str:
        """Put the template of a nested stack where the endpoint can read it; its address."""
        if self.bucket is None:
            self.use_bucket()
        key = self.next_id("child")
        peers.client_of(self.url, "s3").put_object(Bucket=self.bucket, Key=key, Body=text.encode())
        return f"{self.url}/{self.bucket}/{key}"

    def use_bucket(self) -> None:
        """From here on templates that are too long for a request go to a bucket at the endpoint."""
        self.bucket = "templates"
        s3 = peers.client_of(self.url, "s3")
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": peers.REGION})
        self.engine = self.new_engine()

    def accept(self, kind: str, text: str, **fields: Any) -> str:
        """Accept a plan, a launch (`provision`) or an `update`; nothing runs yet."""
        launch = self.launch_of(text, **fields)
        name = self.next_id("plan" if kind == "plan" else "rec")
        with self.database.write() as tx:
            if kind == "plan":
                PLANS.insert(tx, _plan(name, self.product))
                return operation.submit_plan(tx, self.objects, launch, plan_id=name)
            RECORDS.insert(tx, _record(name, self.product))
            submit = {"provision": operation.submit_provision, "update": operation.submit_update}[kind]
            return submit(tx, self.objects, launch, record_id=name)

    def accept_import(self, arn: str) -> str:
        """Accept the import of a stack; nothing runs yet."""
        name = self.next_id("rec")
        with self.database.write() as tx:
            digest = self.objects.put(tx, b"{}")
            adoption = Adoption(
                account=ACCOUNT,
                region=peers.REGION,
                provisioned_product_id=self.product,
                target="cloudformation",
                stack_arn=arn,
                template_digest=digest,
            )
            RECORDS.insert(tx, _record(name, self.product))
            return operation.submit_import(tx, self.objects, adoption, record_id=name)

    def age(self, operation_id: str, by: int) -> None:
        """Let an operation be accepted so many milliseconds earlier."""
        table = engine_tables.OPERATION
        earlier = table.c.created_time - by
        with self.database.write() as tx:
            tx.execute(sa.update(table).where(table.c.id == operation_id).values(created_time=earlier))

    def accept_execution(self, plan_id: str, text: str) -> str:
        """Accept the execution of a plan that was made."""
        launch = self.launch_of(text)
        with self.database.write() as tx:
            plan = PLANS.get(tx, ACCOUNT, peers.REGION, plan_id)
            assert plan is not None
            record_id = self.next_id("rec")
            RECORDS.insert(tx, _record(record_id, self.product))
            return operation.submit_execution(tx, self.objects, launch, plan=plan, record_id=record_id)

    def accept_termination(self) -> str:
        """Accept the end of the product."""
        termination = Termination(
            account=ACCOUNT,
            region=peers.REGION,
            provisioned_product_id=self.product,
            target="cloudformation",
        )
        record_id = self.next_id("rec")
        with self.database.write() as tx:
            RECORDS.insert(tx, _record(record_id, self.product))
            return operation.submit_termination(tx, self.objects, termination, record_id=record_id)

    def accept_discard(self, plan_id: str) -> str:
        """Delete a plan, as the catalog does; nothing runs yet."""
        name = self.next_id("discard")
        with self.database.write() as tx:
            plan = PLANS.get(tx, ACCOUNT, peers.REGION, plan_id)
            assert plan is not None
            PLANS.delete(tx, plan)
            operation.submit_discard(tx, self.objects, plan_id, lambda _target: True, name)
            operation.forget_stack(tx, ACCOUNT, peers.REGION, self.product)
        return name

    def next_id(self, prefix: str) -> str:
        """An id that no other world at the endpoint has."""
        self.records += 1
        return f"{prefix}-{self.number}-{self.records}"

    def carry_out(self, operation_id: str, engine: Engine | None = None) -> str:
        """Run slices until the operation is done; returns the stack's status, empty if no stack is left."""
        deadline = time.monotonic() + 30
        while not isinstance((engine or self.engine).reconcile(operation_id), Done):
            assert time.monotonic() < deadline, f"{operation_id} does not end: {self.operation(operation_id)}"
            self.pass_time(operation_id)
        return self.status() if self.rows(engine_tables.STACK) else ""

    def cancel(self, operation_id: str) -> None:
        """Ask an operation to turn back."""
        with self.database.write() as tx:
            operation.request_cancel(tx, ACCOUNT, peers.REGION, operation_id)

    def record(self, record_id: str) -> Record:
        """A record as the catalog has it."""
        with self.database.read() as tx:
            found = RECORDS.get(tx, ACCOUNT, peers.REGION, record_id)
        assert found is not None
        return found

    @property
    def peer(self) -> str:
        """Who wrote the endpoint."""
        return peers.NAMES[self.url]

    def carry_on_until(self, operation_id: str, status: str) -> None:
        """Run slices until the stack's row has a status."""
        deadline = time.monotonic() + 30
        while not self.rows(engine_tables.STACK) or self.status() != status:
            assert time.monotonic() < deadline, f"{operation_id} does not get there: {self.operation(operation_id)}"
            self.engine.reconcile(operation_id)
            self.pass_time(operation_id)

    def told_of(self, operation_id: str) -> list[Event]:
        """An operation's events."""
        with self.database.read() as tx:
            return list_events(tx, operation_id)

    def plan(self, plan_id: str) -> Plan:
        """A plan as the catalog has it."""
        with self.database.read() as tx:
            found = PLANS.get(tx, ACCOUNT, peers.REGION, plan_id)
        assert found is not None
        return found

    def changes(self, plan_id: str) -> list[shapes.ResourceChange]:
        """The resource changes that DescribeProvisionedProductPlan would show."""
        digest = self.plan(plan_id).changes_digest
        assert digest is not None
        with self.database.read() as tx:
            found: list[shapes.ResourceChange] = self.objects.get_value(tx, digest, list[shapes.ResourceChange])
        return found

    def row(self) -> Any:
        """The stack's row."""
        return self.rows(engine_tables.STACK)[-1]

    def stacks_there(self) -> list[Mapping[str, Any]]:
        """Every stack of the product that the endpoint has or had."""
        pages = self.cloudformation.get_paginator("list_stacks").paginate()
        found = [one for page in pages for one in page["StackSummaries"]]
        return [one for one in found if one["StackName"] == self.stack_name]

    def standing_stacks(self) -> list[str]:
        """The statuses of the product's stacks that the endpoint has, without those that were deleted."""
        return [one["StackStatus"] for one in self.stacks_there() if one["StackStatus"] != "DELETE_COMPLETE"]

    def change_sets_there(self) -> list[str]:
        """The names of the change sets that the endpoint has for the product."""
        found = self.cloudformation.list_change_sets(StackName=self.stack_name)["Summaries"]
        return sorted(one["ChangeSetName"] for one in found if one["StackName"] == self.stack_name)

    def events_there(self) -> list[Mapping[str, Any]]:
        """The events of the product's stack, oldest first, as the endpoint tells them."""
        found = self.cloudformation.describe_stack_events(StackName=self.row().arn)["StackEvents"]
        return list(reversed(found))

    def resources_there(self) -> list[str]:
        """The logical ids of what the stack consists of."""
        found = self.cloudformation.list_stack_resources(StackName=self.stack_name)["StackResourceSummaries"]
        return sorted(one["LogicalResourceId"] for one in found)

    def queues_there(self) -> int:
        """How many queues of the product the endpoint has."""
        found = peers.client_of(self.url, "sqs").list_queues(QueueNamePrefix=self.stack_name)
        return len(found.get("QueueUrls", []))

    def check_nothing_twice(self, *operation_ids: str) -> None:
        """The endpoint has one stack, one change set an operation, and told us each event once and in order."""
        there = [event["EventId"] for event in self.events_there()]
        statuses = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in self.events_there()]
        told = [event for one in operation_ids for event in self.told_of(one) if event.status != "REVIEW_IN_PROGRESS"]
        names = self.change_sets_there()
        assert len(self.stacks_there()) == 1
        assert len(names) == len(set(names))
        assert len(there) == len(set(there))
        assert [(event.logical_id, event.status) for event in told] == [
            pair for pair in statuses if pair[1] != "REVIEW_IN_PROGRESS"
        ]
        assert statuses.count((self.stack_name, "CREATE_IN_PROGRESS")) <= 1


@contextmanager
def open_cloud_world(database_url: str, url: str, limits: Limits = QUICK) -> Iterator[CloudWorld]:
    """A world on a database that is made if it is empty."""
    database = Database(database_url)
    sa.event.listen(database.engine, "connect", do_not_wait_for_the_disk)
    with database.write() as tx:
        METADATA.create_all(tx.connection)
    world = CloudWorld(database, url, limits)
    try:
        yield world
    finally:
        world.pool.shutdown()
        database.close()


def _plan(plan_id: str, product: str) -> Plan:
    return Plan(
        account=ACCOUNT,
        region=peers.REGION,
        id=plan_id,
        name="plan",
        type="CLOUDFORMATION",
        provisioned_product_id=product,
        provisioned_product_name="product",
        product_id="prod-1",
        provisioning_artifact_id="pa-1",
        path_id="lpv3-1",
        status="CREATE_IN_PROGRESS",
        created_time=0,
        updated_time=0,
        user_arn="arn:aws:iam::123456789012:root",
        user_arn_session="arn:aws:iam::123456789012:root",
        is_new=True,
        base_revision=0,
        request_digest="0" * 64,
    )


def _record(record_id: str, product: str) -> Record:
    return Record(
        account=ACCOUNT,
        region=peers.REGION,
        id=record_id,
        type="PROVISION_PRODUCT",
        status="CREATED",
        created_time=0,
        updated_time=0,
        provisioned_product_id=product,
        provisioned_product_name="product",
        product_id="prod-1",
        provisioning_artifact_id="pa-1",
        path_id="lpv3-1",
        user_arn="arn:aws:iam::123456789012:root",
        user_arn_session="arn:aws:iam::123456789012:root",
    )
