"""One slice of an operation: it holds the lease, writes in one go, and runs the steps of a phase as far as they go."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from manciple.engine import deploy, outcome
from manciple.engine.agenda import Agenda
from manciple.engine.calls import Call, Calls
from manciple.engine.dynamic_references import DynamicReferences
from manciple.engine.lease import Lease
from manciple.engine.limits import Limits
from manciple.engine.mailbox import Mailbox
from manciple.engine.nested import course
from manciple.engine.nested.course import Expand, leave
from manciple.engine.probe import NoProbe, Probe
from manciple.engine.providers.provider import HandlerRequest, Providers
from manciple.engine.rows import Step
from manciple.engine.service_actions.runners import Runners
from manciple.engine.work import Work
from manciple.errors import TemplateError
from manciple.store.database import Database, Transaction
from manciple.store.objects import Objects

Settle = Callable[[Transaction], None]
T = TypeVar("T")

_LOOK = 0.5
"""Seconds between two looks at whether a call is to be given up."""


class CalledBackError(Exception):
    """A cancel arrived before the commit; nothing of the transaction was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an engine is made of; `public_url` is where callbacks reach this installation.

    `runners` run service actions.
    """

    database: Database
    objects: Objects
    providers: Providers
    pool: Executor
    limits: Limits = field(default_factory=Limits)
    public_url: str = "http://127.0.0.1:4566"
    runners: Runners = field(default_factory=Runners)
    probe: Probe = field(default_factory=NoProbe)


class Slice:
    """The work of one claim on an operation."""

    def __init__(self, parts: Parts, lease: Lease, work: Work) -> None:
        self.parts = parts
        self.lease = lease
        self.work = work
        self.references = DynamicReferences(parts.database, parts.objects)
        self.mailbox = Mailbox(parts.database, parts.objects, parts.public_url, work.operation.id)
        self._heard_at = time.monotonic()
        self._was_called = False
        self._expand: Expand = leave

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
        heard = self.work.operation.calls
        with self.parts.database.write() as tx:
            self.work.now = self.lease.hold(tx)
            self._was_called = self._was_called or self.work.operation.calls != heard
            self._heard_at = time.monotonic()
            if unless_cancelled and self.work.operation.cancelled:
                raise CalledBackError
            if first is not None:
                first(tx)
            self.work.write(tx)
            self.mailbox.write(tx, self.work.now)
            if settle is not None:
                settle(tx)

    def wait_for(self, call: Future[T], seconds: float, is_stopped: Callable[[], bool]) -> T:
        """What a call that is under way answers; the lease is kept meanwhile.

        Raises TimeoutError if it does not in time or is stopped, Fenced if the operation was taken over, and what the
        call raises.
        """
        deadline = time.monotonic() + seconds
        while not call.done():
            left = deadline - time.monotonic()
            if left <= 0 or is_stopped():
                raise TimeoutError
            wait([call], min(left, self.parts.limits.lease / 3000, _LOOK))
            if time.monotonic() - self._heard_at > self.parts.limits.lease / 3000:
                self.lease.renew()
                self._heard_at = time.monotonic()
        self.work.now = self.now()
        return call.result()

    def run(self, phase: str, is_stopping: Callable[[], bool], expand: Expand = leave) -> int | None:
        """Carry the steps of a phase as far as they go; returns when the next one can go on, None if none can.

        `expand` is asked about every nested stack that is opened.
        """
        work, parts = self.work, self.parts
        self._expand = expand
        self._call_signalled(phase)
        agenda = Agenda(work.steps, phase, work.needs)
        calls = Calls(parts.pool, parts.providers, parts.probe, self.references)
        while True:
            if self._was_called:
                self._call_signalled(phase)
            ready = self._prepare(agenda, is_stopping)
            if ready or work.is_dirty:
                self._write_intents(ready)
                calls.send(ready)
            if calls:
                self._hear(calls, agenda)
            elif not self._was_called:
                return agenda.next_time(stopping=is_stopping())

    def _call_signalled(self, phase: str) -> None:
        """Whoever waits and was sent a signal is called at once; one may come while the slice runs."""
        self._was_called = False
        waiting = [step for step in self.work.steps if step.phase == phase and step.state == "waiting"]
        if waiting:
            self.mailbox.read()
        for step in waiting:
            if self.mailbox.signals(step):
                step.not_before = 0

    def _prepare(self, agenda: Agenda, is_stopping: Callable[[], bool]) -> list[Call]:
        """The calls that can be made now; steps that need none are settled on the way."""
        self.work.now = self.now()
        ready: list[Call] = []
        while taken := agenda.take(self.work.now, stopping=is_stopping()):
            self._open_mail(taken)
            for step in taken:
                steps, needs = len(self.work.steps), len(self.work.needs)
                call = self._call(step)
                if len(self.work.steps) > steps:
                    agenda.add(self.work.steps[steps:], self.work.needs[needs:])
                if call is None:
                    agenda.put_back(step)
                else:
                    ready.append(call)
        return ready

    def _open_mail(self, taken: list[Step]) -> None:
        """Look for what came for steps that were called before; a binding has to be written first."""
        if any(step.state != "pending" for step in taken):
            if self.mailbox.is_dirty:
                self.commit()
            self.mailbox.read()

    def _call(self, step: Step) -> Call | None:
        try:
            if course.is_bracket(step):
                course.start(self.work, step, self._expand)
                return None
            if step.state == "pending" and not deploy.start(self.work, step):
                return None
            request = self._addressed(step, deploy.request_of(self.work, step))
            self.references.check(request)
        except deploy.Refused as refused:
            outcome.fail(self.work, step, "NotPlanned", str(refused))
        except TemplateError as error:
            outcome.fail(self.work, step, "InvalidTemplate", error.message)
        else:
            step.deadline = step.deadline or self.work.now + self.parts.limits.deadline
            request = msgspec.structs.replace(request, is_overdue=self.work.now >= step.deadline)
            return step, outcome.with_context(self.work, step, request)
        return None

    def _addressed(self, step: Step, request: HandlerRequest) -> HandlerRequest:
        """The request with the address of its step, where its handler waits to be called back, and what came there."""
        signals = self.mailbox.signals(step)
        lifetime = self.parts.providers.callback_for(request)
        if lifetime is None:
            return msgspec.structs.replace(request, signals=signals) if signals else request
        return msgspec.structs.replace(request, signals=signals, callback_url=self.mailbox.open(step, lifetime))

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
            if answer.binds:
                self.mailbox.bind(step, answer.binds)
            agenda.put_back(step)
