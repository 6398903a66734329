"""Calling an operation: what every call needs is done here once.

An operation is one function from a context and a typed input to a typed output. It declares whether it reads or writes.
Reads run on a read snapshot; writes run in one transaction, under the caller's idempotency token if there is one. What
must look beyond the database first (fetch a template, evaluate one) does so in `prepare`, before the transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.behaviour import INSTANT, Behaviour, Step
from manciple.catalog.ids import partition_of
from manciple.errors import OperationNotSupportedException, UnknownOperationException
from manciple.operations import idempotency
from manciple.operations.throttle import Throttle
from manciple.registry import collect
from manciple.settings import Settings
from manciple.store.database import Database, Transaction
from manciple.store.objects import Objects

In = TypeVar("In", bound=msgspec.Struct)
Out = TypeVar("Out", bound=msgspec.Struct)

_SWEEP_EVERY = 60 * 60 * 1000
_ADVISORY_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and where. `arn` is the IAM user or role (or root), `session_arn` the session's ARN if there is one.

    `matches_any_principal` is set for callers in open mode: any IAM principal of their account opens a launch path
    for them (contracts, section 2; differs from AWS on purpose).
    """

    account: str
    region: str
    arn: str
    session_arn: str
    policy: str = "admin"
    is_operator: bool = False
    matches_any_principal: bool = False

    @property
    def partition(self) -> str:
        """The partition of the caller's region."""
        return partition_of(self.region)


class Waker(Protocol):
    """Tells the driver that an operation has work to do."""

    def wake(self, operation_id: str) -> None:
        """Let the driver look at an operation now. Safe from any thread; never waits."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What one server process is made of; put together in `app.py`.

    `new_id` makes a fresh identifier with a prefix; `now` is the time in milliseconds since the epoch; `public_url` is
    the address that all addresses we hand out begin with; `behaviour` is how long AWS's asynchronous steps last.
    """

    settings: Settings
    database: Database
    objects: Objects
    driver: Waker
    new_id: Callable[[str], str]
    now: Callable[[], int]
    public_url: str
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
        self._throttle = Throttle(runtime.settings)
        self._sweep_at = 0

    def call(self, name: str, caller: Caller, input: msgspec.Struct, request_id: str) -> msgspec.Struct:
        """Run an operation for a caller.

        Raises UnknownOperationException for a name that the service has not, OperationNotSupportedException for one
        that is not there yet, ThrottlingException, and whatever ServiceError the operation raises.
        """
        found = self._find(name)
        self._throttle.check(caller.account, caller.region, name, self.runtime.now())
        if found.writes:
            return self._write(found, caller, input, request_id)
        prepared = found.prepare(self.runtime, caller, input) if found.prepare else None
        with self.runtime.database.read() as tx:
            output: msgspec.Struct = found.run(self._context(caller, tx, request_id, prepared), input)
            return output

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
        if found.prepare and request:
            with self.runtime.database.read() as tx:
                if answer := request.answered(tx, self.runtime.now()):
                    return answer
        prepared = found.prepare(self.runtime, caller, input) if found.prepare else None
        with self.runtime.database.write() as tx:
            _serialize_writers(tx, caller)
            context = self._context(caller, tx, request_id, prepared)
            return (
                request.once(tx, context.now, lambda: found.run(context, input))
                if request
                else found.run(context, input)
            )

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


def _serialize_writers(tx: Transaction, caller: Caller) -> None:
    """On PostgreSQL let writers of one account and region take turns, as all writers do on SQLite.

    So rules that read before they write (quotas, unique names, "still in use") hold without a word in the operations.
    """
    if tx.is_postgresql:
        tx.execute(_ADVISORY_LOCK, {"key": f"{caller.account}/{caller.region}"})
