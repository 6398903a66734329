"""The course of a stack set's operation: region after region, so many accounts at a time, until too many have failed.

What it is about is decided once and kept in the operation's handle, with what has ended; the rest is in the rows of
the operations that it began.
"""

from typing import Any

import msgspec

from manciple.catalog.stack_sets import Change, InstanceStatus, StackInstance, Verb
from manciple.engine.events import USER_INITIATED
from manciple.engine.launch import Launch, Termination
from manciple.engine.slice import Slice
from manciple.engine.stack_sets import instances
from manciple.store.database import Transaction
from manciple.template.evaluation import STACK_TYPE

Place = tuple[str, str]

_VERBS = {"create": "CREATE", "update": "UPDATE", "delete": "DELETE"}
_AFTER: dict[Verb, tuple[InstanceStatus | None, InstanceStatus]] = {
    "create": ("CURRENT", "OUTDATED"),
    "update": ("CURRENT", "OUTDATED"),
    "delete": (None, "INOPERABLE"),
}
"""An instance's status after its operation, by its verb: if that went well, and if it failed."""


class Handle(msgspec.Struct, kw_only=True):
    """`goals` are the regions with their accounts, in order; `ended` why an instance failed, empty if it did not."""

    goals: list[tuple[str, list[str]]]
    ended: dict[str, str] = {}


class Course:
    """One slice of it."""

    def __init__(self, slice: Slice) -> None:
        self._slice = slice
        self._work = slice.work
        with slice.parts.database.read() as tx:
            kind = Termination if self._work.operation.kind == "terminate" else Launch
            self._request: Any = slice.parts.objects.get_value(tx, self._work.operation.request_digest, kind)
            there = instances.instances_of(tx, self._work.operation)
        self._change = self._request.stack_set if kind is Launch else _everywhere(there, self._request)
        self._begun: list[Place] = []
        self._marks: list[tuple[Place, InstanceStatus | None]] = []
        if self._work.operation.handle is None:
            self._handle = Handle(goals=self._change.goals(there))
            if self._change.verb == "update":
                self._marks += [(one.place, "OUTDATED") for one in there if one.status == "CURRENT"]
        else:
            self._handle = msgspec.convert(self._work.operation.handle, Handle)

    @property
    def reason(self) -> str | None:
        """Why the operation failed; None if it did not, although a few of its instances may have."""
        failed = {place: reason for place, reason in self._handle.ended.items() if reason}
        is_stopped = any(self._is_stopped_in(region, accounts) for region, accounts in self._handle.goals)
        if failed and (is_stopped or self._work.operation.kind == "terminate"):
            first = next(iter(failed.values()))
            return f"The following stack instance(s) failed to {self._change.verb}: [{', '.join(failed)}]. {first}"
        return f"{USER_INITIATED}." if is_stopped else None

    def go_on(self) -> bool:
        """Note what has ended, begin what can be begun; is there something to wait for?"""
        is_waiting = False
        for region, accounts in self._handle.goals:
            is_waiting = self._go_on_in(region, accounts)
            if is_waiting or self._is_stopped_in(region, accounts):
                break
        if self._begun or self._marks:
            self._keep()
            self._slice.commit(self._write)
        return is_waiting

    def _is_stopped_in(self, region: str, accounts: list[str]) -> bool:
        """Is nothing more to be begun in a region: more failed than may, or the operation is called back?"""
        failed = sum(bool(self._handle.ended.get(f"{account}/{region}")) for account in accounts)
        is_all = all(f"{account}/{region}" in self._handle.ended for account in accounts)
        return failed > self._change.tolerated(len(accounts)) or (self._work.operation.cancelled and not is_all)

    def _go_on_in(self, region: str, accounts: list[str]) -> bool:
        """Likewise in one region."""
        waiting = [account for account in accounts if f"{account}/{region}" not in self._handle.ended]
        with self._slice.parts.database.read() as tx:
            parts = instances.parts_of(tx, self._work.operation, region, waiting)
        for account, part in parts.items():
            if part.is_over:
                self._end(account, region, part.reason)
        running = sum(not part.is_over for part in parts.values())
        for account in waiting:
            room = running < self._change.at_once(len(accounts)) and not self._is_stopped_in(region, accounts)
            if account not in parts and room:
                self._begin(account, region)
                running += 1
        return running > 0

    def _begin(self, account: str, region: str) -> None:
        self._begun.append((account, region))
        self._tell(account, region, f"{_VERBS[self._change.verb]}_IN_PROGRESS")

    def _end(self, account: str, region: str, reason: str | None) -> None:
        self._handle.ended[f"{account}/{region}"] = reason or ""
        self._marks.append(((account, region), _AFTER[self._change.verb][reason is not None]))
        self._tell(account, region, f"{_VERBS[self._change.verb]}_{'FAILED' if reason else 'COMPLETE'}", reason)

    def _tell(self, account: str, region: str, status: str, reason: str | None = None) -> None:
        """An instance's way as events of the stack set, its place in the logical id's stead."""
        place = f"{account}/{region}"
        stack = self._work.root.stack
        self._work.now = self._slice.now()
        self._work.log.add(stack.id, self._work.now, status, logical_id=place, type_=STACK_TYPE, reason=reason)

    def _keep(self) -> None:
        self._work.operation.handle = msgspec.to_builtins(self._handle)

    def _write(self, tx: Transaction) -> None:
        operation, objects = self._work.operation, self._slice.parts.objects
        for (account, region), status in self._marks:
            instances.mark(tx, operation, account, region, status)
        for account, region in self._begun:
            request = self._request_of(tx, account, region)
            instances.begin_part(tx, objects, operation, request, self._change.verb)

    def _request_of(self, tx: Transaction, account: str, region: str) -> Launch | Termination:
        if self._change.verb == "delete":
            return instances.termination_of(tx, self._end_of_stacks(), account, region)
        assert self._work.planned is not None
        return instances.launch_of(tx, self._request, self._work.planned, self._change, account, region)

    def _end_of_stacks(self) -> Termination:
        if isinstance(self._request, Termination):
            return self._request
        launch = self._request
        return Termination(
            account=launch.account, region=launch.region, provisioned_product_id=launch.provisioned_product_id
        )


def _everywhere(there: list[StackInstance], termination: Termination) -> Change:
    """The end of the whole stack set: everything is tried, in all accounts of a region at once."""
    return Change(
        verb="delete",
        accounts=tuple(dict.fromkeys(one.instance_account for one in there)),
        regions=tuple(dict.fromkeys(one.instance_region for one in there)),
        execution_role="",
        target=termination.target,
        tolerance=len(there),
        concurrency=len(there) or 1,
    )
