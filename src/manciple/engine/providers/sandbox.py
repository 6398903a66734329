"""The sandbox: a simulated cloud, the default provider of every resource type that has a published schema.

It keeps a world of its own in its own tables and commits on its own, never inside a transaction of the engine. A ledger
by client token makes it idempotent: what was answered under a token is answered again, and a different request under a
used token is refused. Nothing it makes exists anywhere else.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from manciple.engine.providers.faults import Fault, Faults
from manciple.engine.providers.ledger import Entry, Ledger
from manciple.engine.providers.provider import (
    Action,
    HandlerRequest,
    Lifetime,
    OperationStatus,
    ProgressEvent,
    Subject,
    failed,
)
from manciple.engine.providers.shapes import Shapes, is_made_up
from manciple.engine.providers.world import Key, Thing, World
from manciple.store.database import Database, Transaction
from manciple.store.sealed import Seal
from manciple.template.property_faults import property_faults
from manciple.template.resource_schemas import ResourceSchema, is_known, schema_of
from manciple.template.resource_tags import with_tags


class Sandbox:
    """A simulated cloud in a database, for all places at once."""

    takes_batches = True

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        self._shapes = Shapes(seal)

    def serves(self, resource_type: str) -> bool:
        """Every type with a published schema is simulated."""
        return is_known(resource_type)

    def simulates(self, _subject: Subject) -> bool:
        """Everything here."""
        return True

    def callback_for(self, _request: HandlerRequest) -> Lifetime | None:
        """Nothing is waited for here; `signalled` and its like see to that."""
        return None

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        """Answer a batch; all that it does is one commit. To read alone takes no lock."""
        reads = all(request.action in _READERS for request in requests)
        with self._database.read() if reads else self._database.write() as tx:
            batch = _Batch(tx, self._seal, self._shapes, requests)
            answers = [batch.answer(request) for request in requests]
            batch.write()
        return answers


class _Batch:
    """The requests of one commit, worked on in memory."""

    def __init__(self, tx: Transaction, seal: Seal, shapes: Shapes, requests: Sequence[HandlerRequest]) -> None:
        self._shapes = shapes
        self._new = {one.token: shapes.shape(one, one.token) for one in requests if one.action == "create"}
        self._now = tx.now()
        self._ledger = Ledger(tx, seal, [request.token for request in requests])
        self._world = World(tx, seal, self._now)
        self._faults = Faults(tx)
        self._world.look_up(self._key(request) for request in requests)

    def answer(self, request: HandlerRequest) -> ProgressEvent:
        """The first answer under the token if it is used, else what the handler does now."""
        if request.action in _READERS:
            return _READERS[request.action](self, request)
        digest = self._ledger.digest(request)
        entry = self._ledger.find(request.token)
        if entry is None:
            return self._first(request, digest)
        if entry.request_digest != digest:
            return failed("InvalidRequest", f"Client token {request.token} was used for a different request.")
        waiting = entry.answer.status == "IN_PROGRESS" and request.callback_context is not None
        if not waiting:
            return self._ledger.repeat(entry)
        return self._settle(request, entry)

    def write(self) -> None:
        """Write what the batch did."""
        self._world.write()
        self._ledger.write()
        self._faults.write()

    def _first(self, request: HandlerRequest, digest: str) -> ProgressEvent:
        if refusal := _invalid_properties(request):
            return refusal
        fault = self._faults.of(request)
        if fault and fault.is_transient and not fault.delay_ms:
            return failed(*fault.error)
        if fault and fault.error_code:
            answer = self._failing(request, fault)
        else:
            answer = _HANDLERS[request.action](self, request)
        if fault and fault.delay_ms and answer.status != "FAILED":
            answer = self._delayed(answer, fault)
        self._ledger.add(request, digest, answer)
        return answer

    def _failing(self, request: HandlerRequest, fault: Fault) -> ProgressEvent:
        """The failure, or with a delay a handler in progress that will end so: of a create the thing has its name."""
        if not fault.delay_ms:
            return failed(*fault.error)
        new = self._new.get(request.token)
        physical_id = new.physical_id if new else request.physical_id
        return ProgressEvent(
            status="IN_PROGRESS", physical_id=physical_id, error_code=fault.error[0], message=fault.error[1]
        )

    def _delayed(self, answer: ProgressEvent, fault: Fault) -> ProgressEvent:
        """The same end, to be heard later."""
        context = {"due": self._now + fault.delay_ms}
        return msgspec.structs.replace(answer, status="IN_PROGRESS", callback_context=context, delay_ms=fault.delay_ms)

    def _settle(self, request: HandlerRequest, entry: Entry) -> ProgressEvent:
        context: dict[str, Any] = request.callback_context or {}
        left = int(context.get("due", 0)) - self._now
        if left > 0:
            return msgspec.structs.replace(entry.answer, delay_ms=left)
        status: OperationStatus = "FAILED" if entry.answer.error_code else "SUCCESS"
        answer = msgspec.structs.replace(entry.answer, status=status, callback_context=None, delay_ms=0)
        self._ledger.change(entry, answer)
        return answer

    def create(self, request: HandlerRequest) -> ProgressEvent:
        """Make a thing; AlreadyExists if its identifier is taken."""
        if self._world.find(self._key(request)):
            return failed("AlreadyExists", f"{self._new[request.token].physical_id} already exists")
        return self._put(request, request.token)

    def update(self, request: HandlerRequest) -> ProgressEvent:
        """Change a thing in place; NotFound if it is gone, NotUpdatable if a create-only property would change."""
        found = self._world.find(self._key(request))
        if found is None:
            return _not_found(request)
        if name := _create_only_change(request, found.thing):
            return failed("NotUpdatable", f"{name} cannot be changed once the resource exists")
        return self._put(request, found.token)

    def delete(self, request: HandlerRequest) -> ProgressEvent:
        """Delete a thing, keeping a note of it where a snapshot is asked for; NotFound if it is gone."""
        key = self._key(request)
        if self._world.find(key) is None:
            return _not_found(request)
        self._world.remove(key, snapshot=request.snapshot)
        return ProgressEvent(status="SUCCESS", physical_id=request.physical_id)

    def read(self, request: HandlerRequest) -> ProgressEvent:
        """A thing as it is."""
        found = self._world.find(self._key(request))
        if found is None:
            return _not_found(request)
        thing = found.thing
        return ProgressEvent(
            status="SUCCESS",
            physical_id=request.physical_id,
            reference=thing.reference,
            attributes=thing.model | thing.attributes,
            model=with_tags(thing.model, thing.tags, schema_of(request.type) or ResourceSchema()),
        )

    def _put(self, request: HandlerRequest, token: str) -> ProgressEvent:
        """Make the thing what the request's model says; `token` is the one that created it."""
        shape = self._shapes.shape(request, token) if request.action == "update" else self._new[token]
        thing = Thing(
            model=request.model,
            attributes=shape.attributes,
            reference=shape.reference,
            tags=request.tags,
            sensitive=request.sensitive,
        )
        self._world.put(self._key(request), thing, token)
        return ProgressEvent(
            status="SUCCESS",
            physical_id=request.physical_id or shape.physical_id,
            reference=shape.reference,
            attributes=shape.attributes,
        )

    def _key(self, request: HandlerRequest) -> Key:
        new = self._new.get(request.token)
        physical_id = new.physical_id if new else request.physical_id or ""
        return request.place.account, request.place.region, request.type, physical_id


_Handler = Callable[[_Batch, HandlerRequest], ProgressEvent]
_HANDLERS: dict[Action, _Handler] = {"create": _Batch.create, "update": _Batch.update, "delete": _Batch.delete}
_READERS: dict[Action, _Handler] = {"read": _Batch.read}


def _invalid_properties(request: HandlerRequest) -> ProgressEvent | None:
    """CloudFormation checks properties by the schema before it calls a handler; what is made up proves nothing."""
    if request.action == "delete":
        return None
    found = property_faults(request.type, request.logical_id, request.model, is_made_up)
    return failed("InvalidRequest", found.status_reason, verbatim=True) if found and found.are_certain else None


def _not_found(request: HandlerRequest) -> ProgressEvent:
    return failed(
        "NotFound", f"Resource of type '{request.type}' with identifier '{request.physical_id}' was not found."
    )


def _create_only_change(request: HandlerRequest, thing: Thing) -> str | None:
    """The first create-only property that an update would change."""
    schema = schema_of(request.type)
    names = (path for path in (schema.create_only if schema else ()) if "/" not in path)
    return next((name for name in names if request.model.get(name) != thing.model.get(name)), None)
