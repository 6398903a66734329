"""An operation's work with the program: one run at a time, its handle on the operation's row.

The handle is written before the run is begun, so whoever goes on after a death finds the run by its directory: it goes
on, has ended, or is gone. No slice waits for it.
"""

import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from manciple.catalog.terraform import TerraformState
from manciple.engine.probe import Point
from manciple.engine.slice import Settle, Slice
from manciple.engine.targets.target import Wake
from manciple.engine.terraform.commands import (
    CLI_FILE,
    PARAMETERS_FILE,
    backend,
    command_line_configuration,
    identity_of,
    request_of,
    runs_directory,
    secrets_of_environment,
)
from manciple.engine.terraform.package import BACKEND_FILE, write_package
from manciple.engine.terraform.preparation import Prepared
from manciple.engine.terraform.run import Command, Run, Status
from manciple.settings.sections import Terraform
from manciple.store.database import Transaction
from manciple.store.terraform import Content, add_run, end_runs, keep_version, open_state, release_dead_lock

Stage = Literal["plan", "apply", "over"]
Commands = Callable[[Run], list[Command]]

STATES = "/_manciple/terraform/state"

_SHORTEST, _LONGEST = 40, 1000
_SILENCE = 60_000
"""Milliseconds after which a run on another host is taken for dead when nobody told of it any more."""
_TELL_EVERY = 15_000


class Handle(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What an operation remembers of its run: its directory, the host and place of that, since when, which attempt.

    `heard` is when its host last told of it. `told` counts the bytes of its stream that were told as events, `failing`
    are resources that failed and have not said why; `cause` is the first failure.
    `stopping` is when it was asked to stop. A plan that `skips_imports` was tried with them. A stage that is `over` has
    ended as `reason` tells, well without one.
    """

    stage: Stage
    run: str
    host: str
    begun: int
    heard: int
    attempt: int = 1
    told: int = 0
    failing: dict[str, str] = {}
    cause: str | None = None
    stopping: int | None = None
    skips_imports: bool = False
    reason: str | None = None


class Job:
    """What a slice does with the run of its operation."""

    def __init__(self, slice: Slice, settings: Terraform, data: Path) -> None:
        self.slice = slice
        self.settings = settings
        self._runs = runs_directory(data, settings)
        self._host = f"{socket.gethostname()}:{self._runs}"
        slice.work.mask.add_texts(secrets_of_environment(settings))
        kept = slice.work.operation.handle
        self.handle = None if kept is None else msgspec.convert(kept, Handle)

    @property
    def run(self) -> Run:
        """The run that the handle names."""
        assert self.handle is not None
        return Run(self._runs / self.handle.run)

    @property
    def status(self) -> Status:
        """How the run stands; one of another host, which has fallen silent, is lost."""
        assert self.handle is not None
        return self.run.status if self.handle.host == self._host else Status.LOST

    def is_in(self, stage: Stage) -> bool:
        """Has this stage of the operation begun?"""
        return self.handle is not None and self.handle.stage == stage

    def begin(
        self,
        stage: Stage,
        prepared: Prepared,
        commands: Commands,
        *,
        files: Mapping[str, bytes] | None = None,
        settle: Callable[[Transaction, TerraformState], None] | None = None,
    ) -> Wake:
        """Begin a run, written down first. Raises Fenced, CalledBackError for a cancelled execution."""
        operation = self.slice.work.operation
        self.handle = self._next_handle(stage)
        issued: list[tuple[str, str]] = []

        def write(tx: Transaction) -> None:
            end_runs(tx, operation.id)
            state = open_state(tx, operation.account, operation.region, operation.provisioned_product_id)
            state = release_dead_lock(tx, state)
            issued.append((state.id, add_run(tx, state, operation.id, may_write=stage == "apply")))
            if settle is not None:
                settle(tx, state)

        self._reach("before intent")
        self.commit(write, unless_cancelled=stage == "apply" and operation.kind != "terminate")
        self._reach("after intent")
        state_id, token = issued[0]
        self._start(prepared, commands, files or {}, address_of(self.slice.parts.public_url, state_id), token)
        self._reach("after call")
        return self.pause()

    def _next_handle(self, stage: Stage) -> Handle:
        """The handle of a run that is to be begun; what is left of the one before it, if it is of this host, goes."""
        operation, now, before = self.slice.work.operation, self.slice.now(), self.handle
        if before is None or before.stage != stage:
            return Handle(stage=stage, run=f"{operation.id}-{stage}-1", host=self._host, begun=now, heard=now)
        if before.host == self._host:
            self.run.remove()
        attempt = before.attempt + 1
        return Handle(
            stage=stage,
            run=f"{operation.id}-{stage}-{attempt}",
            host=self._host,
            begun=now,
            heard=now,
            attempt=attempt,
            skips_imports=before.skips_imports,
        )

    def skip_imports(self) -> None:
        """Plan without taking up what killed runs had made: that failed."""
        assert self.handle is not None
        self.handle.skips_imports = True

    def _start(
        self, prepared: Prepared, commands: Commands, files: Mapping[str, bytes], address: str, token: str
    ) -> None:
        run, identity = self.run, identity_of(self.settings)
        run.make(is_for_another=identity.uid is not None)
        write_package(prepared.package, run.package)
        run.write(f"package/{BACKEND_FILE}", backend(address))
        run.write(CLI_FILE, command_line_configuration(self.settings))
        run.write(PARAMETERS_FILE, msgspec.json.encode(prepared.values))
        for file, content in files.items():
            run.write(file, content)
        run.keep_token(token)
        if identity.uid is not None:
            run.give_to(*identity)
        run.start(request_of(run, self.settings, commands(run), token))

    def elsewhere(self) -> Wake | None:
        """When to look again where another host has the run and lives; None if it is ours, or was given up there."""
        assert self.handle is not None
        now = self.slice.now()
        if self.handle.host == self._host or now - self.handle.heard > _SILENCE:
            return None
        return Wake(now + _LONGEST)

    def pause(self) -> Wake:
        """Look again after a while: soon at first, later more seldom."""
        assert self.handle is not None
        now = self.slice.now()
        if now - self.handle.heard > _TELL_EVERY:
            self.handle.heard = now
            self.commit()
        return Wake(now + min(max((now - self.handle.begun) // 8, _SHORTEST), _LONGEST))

    def stop(self) -> None:
        """Ask the run to stop; after the grace it is killed, if its supervisor has not done so."""
        assert self.handle is not None
        now = self.slice.now()
        if self.handle.stopping is None:
            self.handle.stopping = now
            self.commit()
            self.run.stop()
        elif now - self.handle.stopping > (self.settings.grace_seconds + 10) * 1000:
            self.run.stop(hard=True)

    def sweep(self) -> None:
        """Keep a state that the program could not send, if it follows what there is."""
        content = self.run.read("package", "errored.tfstate", most=self.settings.state_bytes)
        if content is None:
            return
        operation, objects = self.slice.work.operation, self.slice.parts.objects

        def write(tx: Transaction) -> None:
            state = open_state(tx, operation.account, operation.region, operation.provisioned_product_id)
            if _follows(content, state):
                keep_version(tx, objects, state, content, operation.id)

        self.commit(write)

    def close(self, settle: Settle | None = None) -> None:
        """End the run: its token opens nothing, its lock is free, its files go."""
        run, operation = self.run, self.slice.work.operation

        def write(tx: Transaction) -> None:
            end_runs(tx, operation.id)
            state = open_state(tx, operation.account, operation.region, operation.provisioned_product_id)
            release_dead_lock(tx, state)
            if settle is not None:
                settle(tx)

        self.commit(write)
        run.remove()
        self._reach("after outcome")

    def commit(self, settle: Settle | None = None, *, unless_cancelled: bool = False) -> None:
        """Write what was noted, the handle with it."""
        self.slice.work.operation.handle = None if self.handle is None else msgspec.to_builtins(self.handle)
        self.slice.commit(settle, unless_cancelled=unless_cancelled)

    def _reach(self, point: Point) -> None:
        self.slice.parts.probe.reach(point, self.slice.work.operation.id)


def _follows(content: bytes, state: TerraformState) -> bool:
    try:
        told = msgspec.json.decode(content, type=Content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return state.lineage in (None, told.lineage) and told.serial >= state.serial


def address_of(public_url: str, state_id: str) -> str:
    """Where a state is read and written."""
    return f"{public_url}{STATES}/{state_id}"
