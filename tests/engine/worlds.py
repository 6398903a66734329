"""A small world to try the engine in: a database, a sandbox, an engine whose slices run when the test says so."""

import hashlib
import io
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import sqlalchemy as sa

from manciple.app import Store, make_providers
from manciple.engine import operation
from manciple.engine.events import Event, list_events
from manciple.engine.launch import Launch, Termination
from manciple.engine.limits import Limits
from manciple.engine.memory import Memory
from manciple.engine.planned import decode_planned, put_planned
from manciple.engine.probe import NoProbe, Point, Probe
from manciple.engine.providers.faults import Fault, set_faults
from manciple.engine.providers.sandbox import Sandbox
from manciple.engine.providers.world import Thing, things
from manciple.engine.reconcile import Done, Engine
from manciple.engine.service_actions.runners import Runners
from manciple.engine.slice import Parts
from manciple.engine.targets.stack import StackTarget
from manciple.settings import load
from manciple.store import objects, tables  # noqa: F401 (importing fills METADATA)
from manciple.store.artifacts import StoredObject, create_bucket, put_object
from manciple.store.database import Database
from manciple.store.metadata import METADATA
from manciple.store.objects import Objects
from manciple.store.sealed import Seal
from manciple.store.tables import catalog, engine, sandbox  # noqa: F401 (likewise)
from manciple.template.limits import Limits as TemplateLimits

ACCOUNT, REGION, PRODUCT = "123456789012", "eu-west-1", "pp-aaaaaaaaaaaaa"
BUCKET = "templates"
KEY = b"k" * 32
QUICK = Limits(backoff=0, lease=30_000, attempts=3, poll=50)
LARGE = TemplateLimits(resources=10_000, template_bytes=50_000_000, produced=100_000_000)


def topic(name: str, *reads: str, depends_on: Sequence[str] = (), **properties: Any) -> dict[str, Any]:
    """A topic whose display name reads other resources' attributes; `name` is create-only."""
    resource: dict[str, Any] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name, **properties}}
    if reads:
        parts = [{"Fn::GetAtt": [read, "TopicArn"]} for read in reads]
        resource["Properties"]["DisplayName"] = {"Fn::Join": [",", parts]}
    if depends_on:
        resource["DependsOn"] = list(depends_on)
    return resource


def broken(selector: str, action: str, *, skip: int = 0) -> Fault:
    """A fault that no retry mends."""
    return Fault(selector=selector, action=action, error_code="AccessDenied", message="no", skip=skip)


def nested(key: str, parameters: Mapping[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    """A stack nested by the template under a key of the account's bucket."""
    properties = {"TemplateURL": f"https://{BUCKET}.s3.amazonaws.com/{key}"}
    given = {"Parameters": dict(parameters)} if parameters else {}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": properties | given, **attributes}


def attachment(kind: str) -> dict[str, Any]:
    """A resource of a type that must be deleted before its replacement is made; a change of kind replaces it."""
    unix = {"Type": "UNIX", "UnixUser": {"Name": "a"}}
    posix = {"Type": "POSIX", "PosixUser": {"Uid": 1, "Gid": 1}}
    configurations = {
        "ONTAP": {"OntapConfiguration": {"VolumeId": "fsvol-0123456789abcdef0", "FileSystemIdentity": unix}},
        "OPENZFS": {"OpenZFSConfiguration": {"VolumeId": "fsvol-0123456789abcdef0", "FileSystemIdentity": posix}},
    }
    properties = {"Name": "only", "Type": kind, **configurations[kind]}
    return {"Type": "AWS::FSx::S3AccessPointAttachment", "Properties": properties}


def template(resources: Mapping[str, Any], **sections: Any) -> str:
    """A template's text."""
    return json.dumps({"Resources": dict(resources), **sections})


class World:
    """The database, the sandbox's account and an engine; ids of records are counted."""

    def __init__(self, database: Database, limits: Limits = QUICK, probe: Probe | None = None, **settings: Any) -> None:
        self.database = database
        self.settings = load({"data": "unused", **_flags(settings)}, {}).settings
        self.objects = Objects(Seal(KEY))
        self.sandbox = Sandbox(database, self.objects.seal)
        self.pool = ThreadPoolExecutor(limits.threads)
        self.limits = limits
        self.template_limits = LARGE
        self.records = 0
        self.engine = self.new_engine(probe)

    def new_engine(self, probe: Probe | None = None, *, remembers: bool = False) -> Engine:
        """Another engine on the same database, as a second process would have.

        One that remembers operations between slices does not notice when a test passes over time in the rows.
        """
        parts = Parts(
            database=self.database,
            objects=self.objects,
            providers=make_providers(self.settings, Store(self.database, self.objects)),
            pool=self.pool,
            limits=self.limits,
            probe=probe or NoProbe(),
            runners=Runners(self.settings.service_actions),
        )
        return Engine(parts, {"stack": StackTarget(self.template_limits)}, Memory(64 if remembers else 0))

    def submit(
        self,
        text: str,
        kind: str = "provision",
        parameters: Mapping[str, str] | None = None,
        product: str = PRODUCT,
        **fields: Any,
    ) -> str:
        """Accept a launch or an update, with other fields of the request; nothing runs yet."""
        self.records += 1
        with self.database.write() as tx:
            launch = Launch(
                account=ACCOUNT,
                region=REGION,
                provisioned_product_id=product,
                template_digest=self.objects.put(tx, text.encode()),
                parameters=dict(parameters or {}),
                **fields,
            )
            submit = operation.submit_provision if kind == "provision" else operation.submit_update
            return submit(tx, self.objects, launch, record_id=f"rec-{self.records}")

    def submit_termination(self, *, retain: bool = False) -> str:
        """Accept a termination; nothing runs yet."""
        self.records += 1
        termination = Termination(account=ACCOUNT, region=REGION, provisioned_product_id=PRODUCT, retain=retain)
        with self.database.write() as tx:
            return operation.submit_termination(tx, self.objects, termination, record_id=f"rec-{self.records}")

    def run(self, operation_id: str, engine: Engine | None = None) -> int:
        """Run slices until the operation is done, passing over the time between them; returns their number."""
        for slices in range(1, 1000):
            if isinstance((engine or self.engine).reconcile(operation_id), Done):
                return slices
            self.pass_time(operation_id)
        raise AssertionError(f"operation {operation_id} does not end")

    def clear(self) -> None:
        """Make the world empty again."""
        with self.database.write() as tx:
            for table in reversed(METADATA.sorted_tables):
                tx.execute(sa.delete(table))

    def wait_until_done(self, *operation_ids: str, seconds: float = 30) -> None:
        """Wait until a driver has ended the operations."""
        deadline = time.monotonic() + seconds
        while any(self.operation(operation_id).phase != "done" for operation_id in operation_ids):
            assert time.monotonic() < deadline, (
                f"not done: {[row.id for row in self.rows(engine.OPERATION) if row.phase != 'done']}"
            )
            time.sleep(0.01)

    def put_template(self, key: str, resources: Mapping[str, Any], **sections: Any) -> None:
        """Put a template into the account's bucket, in place of the one that was there."""
        content = template(resources, **sections).encode()
        stored = StoredObject(
            key=key,
            size=len(content),
            digest=hashlib.sha256(content).hexdigest(),
            etag="",
            headers={},
            checksums={},
            last_modified=0,
        )
        with self.database.write() as tx:
            create_bucket(tx, (ACCOUNT, REGION), BUCKET, 0)
            put_object(tx, (ACCOUNT, REGION), BUCKET, stored, io.BytesIO(content))

    def provision(self, resources: Mapping[str, Any], **sections: Any) -> str:
        """Launch a template and carry it out; returns the stack's status."""
        self.run(self.submit(template(resources, **sections)))
        return self.status()

    def update(self, resources: Mapping[str, Any], **sections: Any) -> str:
        """Update to a template and carry it out; returns the stack's status."""
        self.run(self.submit(template(resources, **sections), "update"))
        return self.status()

    def terminate(self) -> str:
        """Terminate; returns the stack's status."""
        self.run(self.submit_termination())
        return self.status()

    def forbid_replacements(self, operation_id: str) -> None:
        """Have an operation's plan made, then take from it the leave to replace anything."""
        self.engine = self.new_engine(_Dying("before intent"))
        with suppress(_Died):
            self.run(operation_id)
        self.pass_time(operation_id)
        self.engine = self.new_engine()
        row = self.operation(operation_id)
        with self.database.write() as tx:
            planned = decode_planned(self.objects.get(tx, row.planned_digest))
            for permit in planned.stacks[""].permits.values():
                msgspec.structs.force_setattr(permit, "replacement", "False" if permit.replacement else None)
            digest = put_planned(tx, self.objects, planned)
            tx.execute(sa.update(engine.OPERATION).values(planned_digest=digest))

    def pass_time(self, operation_id: str) -> None:
        """Let every lease run out and every waiting time be over."""
        past: list[Any] = [
            sa.update(engine.OPERATION).where(engine.OPERATION.c.id == operation_id).values(lease=0, not_before=1),
            sa.update(engine.STEP).where(engine.STEP.c.operation_id == operation_id).values(not_before=0),
        ]
        with self.database.write() as tx:
            for statement in past:
                tx.execute(statement)

    def age_operations(self) -> None:
        """Let every operation so far be older than those that follow."""
        with self.database.write() as tx:
            tx.execute(sa.update(engine.OPERATION).values(created_time=engine.OPERATION.c.created_time - 1000))

    def age_sandbox(self) -> None:
        """Let everything that the sandbox delays be due: its own clock cannot be passed over, so answers are opened."""
        with self.database.write() as tx:
            for row in tx.all(sa.select(sandbox.SANDBOX_LEDGER)):
                answer = json.loads(self.objects.seal.open(row.answer))
                if answer.get("callback_context"):
                    answer["callback_context"] = {"due": 0}
                    sealed = self.objects.seal.close(json.dumps(answer).encode())
                    tx.execute(
                        sa.update(sandbox.SANDBOX_LEDGER)
                        .where(sandbox.SANDBOX_LEDGER.c.token == row.token)
                        .values(answer=sealed)
                    )
            for step in tx.all(sa.select(engine.STEP).where(engine.STEP.c.context.is_not(None))):
                context = self.objects.seal.close(b'{"due":0}')
                of_step = (engine.STEP.c.operation_id == step.operation_id, engine.STEP.c.number == step.number)
                tx.execute(sa.update(engine.STEP).where(*of_step).values(context=context, not_before=0))

    def fault(self, *faults: Fault) -> None:
        """Make these the sandbox's faults."""
        with self.database.write() as tx:
            set_faults(tx, ACCOUNT, REGION, list(faults))

    def status(self) -> str:
        """The stack's status."""
        return str([row for row in self.rows(engine.STACK) if row.parent_id is None][-1].status)

    def stack(self) -> Any:
        """The stack's row."""
        return self.rows(engine.STACK)[-1]

    def operation(self, operation_id: str) -> Any:
        """An operation's row."""
        return next(row for row in self.rows(engine.OPERATION) if row.id == operation_id)

    def rows(self, table: sa.Table) -> list[Any]:
        """All rows of a table."""
        with self.database.read() as tx:
            return list(tx.all(sa.select(table)))

    def things(self) -> dict[tuple[str, str], Thing]:
        """What exists in the sandbox, by type and physical operation_id."""
        with self.database.read() as tx:
            found = things(tx, self.objects.seal, ACCOUNT, REGION)
        return {(type_, operation_id): thing for (_, _, type_, operation_id), thing in found.items()}

    def models(self) -> list[dict[str, Any]]:
        """The models of what exists, in an order of their own."""
        return sorted((thing.model for thing in self.things().values()), key=json.dumps)

    def names(self) -> dict[str, str]:
        """Topics that exist: display name by topic name."""
        models = [thing.model for thing in self.things().values()]
        return {str(model["TopicName"]): str(model.get("DisplayName", "")) for model in models}

    def check(self) -> None:
        """The laws that hold however often the engine died: nothing twice, nothing lost, nothing forgotten."""
        rows = self.rows(sandbox.SANDBOX_LEDGER)
        created = [row.physical_id for row in rows if row.action == "create" and row.physical_id]
        deleted = [row.physical_id for row in rows if row.action == "delete" and row.physical_id]
        instances = [row for row in self.rows(engine.INSTANCE) if row.physical_id]
        nested = sorted(row.physical_id for row in instances if row.type == "AWS::CloudFormation::Stack")
        stacks = [row for row in self.rows(engine.STACK) if row.parent_id and row.status != "DELETE_COMPLETE"]
        known = [row.physical_id for row in instances if row.physical_id not in nested]
        existing = [physical_id for _, physical_id in self.things()]
        assert sorted(existing) == sorted(known), "what exists is what the engine knows of"
        assert sorted(row.arn for row in stacks) == nested, "each nested stack is one thing of the stack around it"
        assert sorted(existing + deleted) == sorted(created), "each create made one thing, each delete took one"
        unfinished = [row.id for row in self.rows(engine.OPERATION) if row.phase != "done"]
        assert unfinished == [], "every operation has ended"

    def events(self, operation_id: str | None = None) -> list[Event]:
        """The events of an operation, of the newest one if none is named."""
        with self.database.read() as tx:
            return list_events(tx, operation_id or f"rec-{self.records}")

    def told(self, operation_id: str | None = None) -> list[tuple[str, str]]:
        """Events as (logical operation_id, status), the stack's as `stack`."""
        return [(_name(event), event.status) for event in self.events(operation_id)]


def _name(event: Event) -> str:
    """The resource with its path; a stack's own events are `stack`, those of a nested one `Child/stack`."""
    is_own = event.type == "AWS::CloudFormation::Stack" and (event.physical_id or "").endswith(event.stack_id)
    return "/".join(filter(None, (event.path, "stack" if is_own else event.logical_id)))


class _Died(BaseException):
    pass


class _Dying:
    def __init__(self, point: Point) -> None:
        self._point = point

    def reach(self, point: Point, operation_id: str) -> None:
        if point == self._point:
            raise _Died(operation_id)


@contextmanager
def open_world(
    url: str, limits: Limits = QUICK, probe: Probe | None = None, *, is_durable: bool = True, **settings: Any
) -> Iterator[World]:
    """A world on a database that is made if it is empty; one that is not durable does not wait for the disk."""
    database = Database(url)
    if not is_durable:
        sa.event.listen(database.engine, "connect", do_not_wait_for_the_disk)
    with database.write() as tx:
        METADATA.create_all(tx.connection)
    world = World(database, limits, probe, **settings)
    try:
        yield world
    finally:
        world.pool.shutdown()
        database.close()


def do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    """Make a SQLite connection quick: what it writes is lost if the machine dies."""
    connection.execute("PRAGMA synchronous=OFF")


def _flags(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`sandbox__signals` is the setting `sandbox.signals`."""
    return {name.replace("__", "."): value for name, value in settings.items()}
