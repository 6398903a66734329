"""One slice of an operation: it holds the lease, writes in one go, and runs the steps of a phase as far as they go."""

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from manciple.engine import deploy, outcome
from manciple.engine.agenda import Agenda
from manciple.engine.calls import Call, Calls
from manciple.engine.dynamic_references import DynamicReferences
from manciple.engine.lease import Lease
from manciple.engine.limits import Limits
from manciple.engine.probe import NoProbe, Probe
from manciple.engine.providers.provider import Providers
from manciple.engine.rows import Step
from manciple.engine.work import Work
from manciple.errors import TemplateError
from manciple.store.database import Database, Transaction
from manciple.store.objects import Objects

Settle = Callable[[Transaction], None]


class CalledBackError(Exception):
    """A cancel arrived before the commit; nothing of the transaction was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an engine is made of."""

    database: Database
    objects: Objects
    providers: Providers
    pool: Executor
    limits: Limits = field(default_factory=Limits)
    probe: Probe = field(default_factory=NoProbe)


class Slice:
    """The work of one claim on an operation."""

    def __init__(self, parts: Parts, lease: Lease, work: Work) -> None:
        self.parts = parts
        self.lease = lease
        self.work = work
        self.references = DynamicReferences(parts.database, parts.objects)
        self._heard_at = time.monotonic()

    def now(self) -> int:
        """The database's time, carried on by our own clock between two writes."""
        return self.lease.now + int((time.monotonic() - self._heard_at) * 1000)

    def commit(
        self, settle: Settle | None = None, *, first: Settle | None = None, unless_cancelled: bool = False
    ) -> None:
        """Write all that was noted, in one transaction that only the holder of the lease can make.

        `first` runs before anything is written, `settle` after everything is. Raises Fenced if the operation was
        taken over, CalledBackError if it is not to go on.
        """
        with self.parts.database.write() as tx:
            self.work.now = self.lease.hold(tx)
            self._heard_at = time.monotonic()
            if unless_cancelled and self.work.operation.cancelled:
                raise CalledBackError
            if first is not None:
                first(tx)
            self.work.write(tx)
            if settle is not None:
                settle(tx)

    def run(self, phase: str, is_stopping: Callable[[], bool]) -> int | None:
        """Carry the steps of a phase as far as they go; returns when the next one can go on, None if none can."""
        work, parts = self.work, self.parts
        agenda = Agenda(work.steps, phase, work.needs)
        calls = Calls(parts.pool, parts.providers, parts.probe, self.references)
        while True:
            ready = self._prepare(agenda, is_stopping)
            if ready or work.is_dirty:
                self._write_intents(ready)
                calls.send(ready)
            if not calls:
                return agenda.next_time(stopping=is_stopping())
            self._hear(calls, agenda)

    def _prepare(self, agenda: Agenda, is_stopping: Callable[[], bool]) -> list[Call]:
        """The calls that can be made now; steps that need none are settled on the way."""
        self.work.now = self.now()
        ready: list[Call] = []
        while taken := agenda.take(self.work.now, stopping=is_stopping()):
            for step in taken:
                call = self._call(step)
                if call is None:
                    agenda.put_back(step)
                else:
                    ready.append(call)
        return ready

    def _call(self, step: Step) -> Call | None:
        try:
            if step.state == "pending" and not deploy.start(self.work, step):
                return None
            request = deploy.request_of(self.work, step)
            self.references.check(request)
        except deploy.Refused as refused:
            outcome.fail(self.work, step, "NotPlanned", str(refused))
        except TemplateError as error:
            outcome.fail(self.work, step, "InvalidTemplate", error.message)
        else:
            step.deadline = step.deadline or self.work.now + self.parts.limits.deadline
            return step, outcome.with_context(self.work, step, request)
        return None

    def _write_intents(self, ready: list[Call]) -> None:
        operation_id = self.work.operation.id
        if ready:
            self.parts.probe.reach("before intent", operation_id)
        self.commit()
        self.parts.probe.reach("after intent" if ready else "after outcome", operation_id)

    def _hear(self, calls: Calls, agenda: Agenda) -> None:
        """Take note of answers; while none comes, keep the lease."""
        heard = calls.hear(self.parts.limits.lease / 3000)
        if not heard:
            self.lease.renew()
            self._heard_at = time.monotonic()
            return
        self.work.now = self.now()
        self.parts.probe.reach("after call", self.work.operation.id)
        self.work.operation.claims = 0
        for step, request, answer in heard:
            outcome.apply(self.work, step, request, answer, self.parts.limits)
            agenda.put_back(step)
