"""Calling an operation: what every call needs is done here once.

An operation is one function from a context and a typed input to a typed output. It declares whether it reads or writes.
Reads run on a read snapshot; writes run in one transaction, under the caller's idempotency token if there is one. What
must look beyond the database first (fetch a template, evaluate one) does so in `prepare`, before the transaction.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.audit import AuditEntry, identifiers_of
from manciple.catalog.behaviour import INSTANT, Behaviour, Step
from manciple.engine.parameter_parsers.parser import ParameterParsers
from manciple.engine.stacks import Stacks
from manciple.engine.target_choice import TargetChoice
from manciple.errors import OperationNotSupportedException, UnknownOperationException
from manciple.operations import idempotency
from manciple.operations.access import Access
from manciple.operations.caller import Caller as Caller  # noqa: PLC0414 - found here too
from manciple.operations.throttle import Throttle
from manciple.registry import collect
from manciple.settings import Settings
from manciple.store.audit import add_entry
from manciple.store.database import Database, Transaction
from manciple.store.objects import Objects

In = TypeVar("In", bound=msgspec.Struct)
Out = TypeVar("Out", bound=msgspec.Struct)

_SWEEP_EVERY = 60 * 60 * 1000
_ADVISORY_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


class Waker(Protocol):
    """Tells the driver that an operation has work to do."""

    def wake(self, operation_id: str) -> None:
        """Let the driver look at an operation now. Safe from any thread; never waits."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What one server process is made of; put together in `app.py`.

    `new_id` makes a fresh identifier with a prefix; `now` is the time in milliseconds since the epoch; `public_url` is
    the address that all addresses we hand out begin with; `stacks` finds stacks on all targets, `target_choice` says
    onto which a new product goes; `parsers` read the parameters of what is no template; `behaviour` is how long AWS's
    asynchronous steps last.
    """

    settings: Settings
    database: Database
    objects: Objects
    driver: Waker
    new_id: Callable[[str], str]
    now: Callable[[], int]
    public_url: str
    stacks: Stacks
    target_choice: TargetChoice
    parsers: ParameterParsers
    behaviour: Behaviour = INSTANT


@dataclass(frozen=True, slots=True)
class Context:
    """One call: who calls, the open transaction, the time, and what `prepare` found."""

    runtime: Runtime
    caller: Caller
    tx: Transaction
    now: int
    request_id: str
    prepared: Any = None

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.caller.account

    @property
    def region(self) -> str:
        """The caller's region."""
        return self.caller.region

    @property
    def owner(self) -> tuple[str, str]:
        """(account, region): what every key in the store begins with."""
        return self.caller.account, self.caller.region

    def new_id(self, prefix: str) -> str:
        """A fresh identifier."""
        return self.runtime.new_id(prefix)

    def status_of(self, step: Step, since: int) -> str:
        """The status of an asynchronous step that began at `since`: `CREATING`, then `AVAILABLE`; and its likes."""
        return self.runtime.behaviour.status(step, since, self.now)

    def wake(self, operation_id: str) -> None:
        """Let the driver look at an operation once this transaction is committed."""
        self.tx.after_commit.append(lambda: self.runtime.driver.wake(operation_id))


Prepare = Callable[[Runtime, Caller, Any], Any]


@dataclass(frozen=True, slots=True)
class Operation(Generic[In, Out]):
    """An operation that is there: its function, whether it writes, and what it does before its transaction."""

    name: str
    run: Callable[[Context, In], Out]
    writes: bool
    prepare: Prepare | None = None


def operation(
    name: str, *, writes: bool = False, prepare: Prepare | None = None
) -> Callable[[Callable[[Context, In], Out]], Operation[In, Out]]:
    """Declare a function to be the operation `name`."""

    def declare(run: Callable[[Context, In], Out]) -> Operation[In, Out]:
        return Operation(name, run, writes, prepare)

    return declare


class Operations:
    """Every operation of the service, ready to be called."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._found = {found.name: found for found in collect("manciple.operations", Operation)}
        self.access = Access(runtime.database, runtime.now)
        self._throttle = Throttle(runtime.settings)
        self._sweep_at = 0

    def call(self, name: str, caller: Caller, input: msgspec.Struct, request_id: str) -> msgspec.Struct:
        """Run an operation for a caller.

        Raises AccessDeniedException, UnknownOperationException for a name that the service has not,
        OperationNotSupportedException for one that is not there yet, ThrottlingException, and whatever ServiceError the
        operation raises. A refused call is audited if the operation writes.
        """
        try:
            caller = self.access.admit(caller, name, input)
            found = self._find(name)
            self._throttle.check(caller.account, caller.region, name, self.runtime.now())
            output: msgspec.Struct = self._run(found, caller, input, request_id)
            return output
        except Exception as error:
            self.refused(name, caller, input, request_id, getattr(error, "code", "InternalFailure"))
            raise

    def refused(self, name: str, caller: Caller, input: Any, request_id: str, code: str) -> None:
        """Audit a call that ended in an error, perhaps before it got here, if its operation writes."""
        found = self._found.get(name)
        if found is not None and found.writes:
            with self.runtime.database.write() as tx:
                self._audit(tx, name, caller, request_id, code, input)

    def _run(self, found: Operation[Any, Any], caller: Caller, input: msgspec.Struct, request_id: str) -> Any:
        if found.writes:
            return self._write(found, caller, input, request_id)
        prepared = found.prepare(self.runtime, caller, input) if found.prepare else None
        with self.runtime.database.read() as tx:
            return found.run(self._context(caller, tx, request_id, prepared), input)

    def _audit(
        self, tx: Transaction, name: str, caller: Caller, request_id: str, outcome: str, *members: msgspec.Struct
    ) -> None:
        entry = AuditEntry(
            account=caller.account,
            region=caller.region,
            time=self.runtime.now(),
            request_id=request_id,
            principal=caller.arn,
            session=caller.session_arn,
            operation=name,
            resources=identifiers_of(*members),
            source_address=caller.source_address,
            user_agent=caller.user_agent,
            outcome=outcome,
        )
        add_entry(tx, entry)

    def _find(self, name: str) -> Operation[Any, Any]:
        if found := self._found.get(name):
            return found
        if name in shapes.OPERATIONS:
            raise OperationNotSupportedException(f"{name} is not supported by this version of Manciple.")
        raise UnknownOperationException("")

    def _write(
        self, found: Operation[Any, Any], caller: Caller, input: msgspec.Struct, request_id: str
    ) -> msgspec.Struct:
        self._sweep()
        request = idempotency.Request.of(
            found.name, caller.account, caller.region, caller.arn, input, self.runtime.objects.seal
        )
        if found.prepare and request and (answer := self._answered(found, request, caller, input, request_id)):
            return answer
        prepared = found.prepare(self.runtime, caller, input) if found.prepare else None
        with writing(self.runtime, caller) as tx:
            context = self._context(caller, tx, request_id, prepared)
            output: msgspec.Struct = (
                request.once(tx, context.now, lambda: found.run(context, input))
                if request
                else found.run(context, input)
            )
            self._audit(tx, found.name, caller, request_id, "OK", input, output)
            return output

    def _answered(
        self,
        found: Operation[Any, Any],
        request: idempotency.Request,
        caller: Caller,
        input: msgspec.Struct,
        request_id: str,
    ) -> msgspec.Struct | None:
        """The answer from before, if there is one: nothing need be prepared for it."""
        with self.runtime.database.read() as tx:
            answer = request.answered(tx, self.runtime.now())
        if answer is not None:
            with self.runtime.database.write() as tx:
                self._audit(tx, found.name, caller, request_id, "OK", input, answer)
        return answer

    def _sweep(self) -> None:
        """Once an hour, on the way to a write, forget the answers that no token gets any more."""
        now = self.runtime.now()
        if now < self._sweep_at:
            return
        self._sweep_at = now + _SWEEP_EVERY
        with self.runtime.database.write() as tx:
            idempotency.forget_expired(tx, now)

    def _context(self, caller: Caller, tx: Transaction, request_id: str, prepared: Any) -> Context:
        return Context(self.runtime, caller, tx, self.runtime.now(), request_id, prepared)


@contextmanager
def writing(runtime: Runtime, caller: Caller) -> Iterator[Transaction]:
    """The transaction of a write for a caller."""
    with runtime.database.write() as tx:
        _serialize_writers(tx, caller)
        yield tx


def _serialize_writers(tx: Transaction, caller: Caller) -> None:
    """On PostgreSQL let writers of one account and region take turns, as all writers do on SQLite.

    So rules that read before they write (quotas, unique names, "still in use") hold without a word in the operations.
    """
    if tx.is_postgresql:
        tx.execute(_ADVISORY_LOCK, {"key": f"{caller.account}/{caller.region}"})
