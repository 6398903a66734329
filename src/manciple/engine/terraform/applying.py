"""Carrying out: the saved plan's very file is applied, or everything destroyed; what happens is told as it happens."""

from collections.abc import Callable

import msgspec

from manciple.catalog.terraform import SavedPlan, TerraformState
from manciple.engine.events import USER_INITIATED
from manciple.engine.slice import Slice
from manciple.engine.targets.target import Wake
from manciple.engine.terraform.changes import logical_id_of
from manciple.engine.terraform.commands import LOCKS_FILE, PLAN_FILE, to_apply, to_destroy
from manciple.engine.terraform.imports import left_behind
from manciple.engine.terraform.job import Job
from manciple.engine.terraform.overrides import OVERRIDES_FILE, provider_overrides, tags_of
from manciple.engine.terraform.planning import failure, saved_state_differs
from manciple.engine.terraform.preparation import Refused, prepare
from manciple.engine.terraform.run import Status
from manciple.engine.terraform.state import held_in, read_state
from manciple.engine.terraform.stream import messages_of
from manciple.engine.terraform.telling import forget, keep, leave, tell, tell_failures
from manciple.engine.terraform.values import secrets_of
from manciple.store.database import Transaction
from manciple.store.terraform import SAVED_PLANS, STATES, state_of
from manciple.template.values import revealed

_KILLED = (
    "The run was killed before it could tell how it ended. What it had made is kept by name, and the next plan takes "
    "it up."
)


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What was applied last, or was to be: the package, the variables' values, the dependency lock file."""

    package_digest: str
    parameters: dict[str, str]
    tags: dict[str, str] = {}
    locks_digest: str | None = None


class Over(msgspec.Struct, frozen=True):
    """The execution is over: why it failed, None if it did not."""

    reason: str | None


def carry_out(job: Job) -> Wake | Over:
    """Begin, or look how far it is. Raises CalledBackError if it was cancelled before it began."""
    handle = job.handle
    if handle is None or handle.stage == "plan":
        return _begin(job)
    if handle.stage == "over":
        job.run.remove()
        return Over(handle.reason)
    if (wake := job.elsewhere()) is not None:
        return wake
    status = job.status
    _tell_news(job)
    if status is Status.RUNNING:
        if job.slice.work.operation.cancelled:
            job.stop()
        return job.pause()
    if status is Status.NEW:
        return _begin(job)
    return _end(job, is_lost=status is Status.LOST)


def _begin(job: Job) -> Wake | Over:
    try:
        if job.slice.work.operation.kind == "terminate":
            return _begin_destruction(job)
        return _begin_application(job)
    except Refused as refused:
        return Over(str(refused))


def _begin_application(job: Job) -> Wake | Over:
    current = job.slice
    planned = current.work.planned
    assert planned is not None
    evaluation = planned.stacks[""].evaluation
    with current.parts.database.read() as tx:
        saved = SAVED_PLANS.get(tx, current.work.operation.plan_id or current.work.operation.id)
        differs = saved_state_differs(current, tx, saved) if saved else "The plan's file is gone; make a new plan."
        files = _files(current, tx, saved) if saved else {}
    if saved is None or differs is not None:
        return Over(differs)
    given = {name: str(revealed(one.given)) for name, one in evaluation.parameters.items() if not one.is_default}
    prepared = prepare(current.parts, job.settings, saved.package_digest, given)
    if prepared.program.version != saved.program:
        return Over(
            f"The plan was made by {saved.program} and the program is {prepared.program.version} now; make a new plan."
        )
    applied = Applied(
        package_digest=saved.package_digest,
        parameters=given,
        tags=tags_of(planned.launch),
        locks_digest=saved.locks_digest,
    )
    return job.begin(
        "apply",
        prepared,
        lambda run: to_apply(prepared.program.path, run, job.settings, gives_variables=prepared.is_ephemeral),
        files=files,
        settle=_keeper(current, applied),
    )


def _files(slice: Slice, tx: Transaction, saved: SavedPlan) -> dict[str, bytes]:
    files = {PLAN_FILE: slice.parts.objects.get(tx, saved.content_digest)}
    if saved.locks_digest is not None:
        files[f"package/{LOCKS_FILE}"] = slice.parts.objects.get(tx, saved.locks_digest)
    return files


def _keeper(slice: Slice, applied: Applied) -> Callable[[Transaction, TerraformState], None]:
    """Keep what is applied with the state: a destruction needs it, whatever becomes of the application."""

    def settle(tx: Transaction, state: TerraformState) -> None:
        STATES.change(tx, state, applied_digest=slice.parts.objects.put_value(tx, applied))

    return settle


def _begin_destruction(job: Job) -> Wake | Over:
    current = job.slice
    operation = current.work.operation
    with current.parts.database.read() as tx:
        state = state_of(tx, operation.account, operation.region, operation.provisioned_product_id)
        is_empty = not list(held_in(read_state(current, tx)))
        if is_empty or state is None or state.applied_digest is None:
            return Over(_left_words(current))
        applied = current.parts.objects.get_value(tx, state.applied_digest, Applied)
        locks = current.parts.objects.get(tx, applied.locks_digest) if applied.locks_digest else None
    prepared = prepare(current.parts, job.settings, applied.package_digest, applied.parameters)
    current.work.mask.add_texts(prepared.secrets)
    files = {} if locks is None else {f"package/{LOCKS_FILE}": locks}
    if (overrides := provider_overrides(prepared.configuration, current.work.root.place, applied.tags)) is not None:
        files[OVERRIDES_FILE] = overrides
    return job.begin("apply", prepared, lambda run: to_destroy(prepared.program.path, run, job.settings), files=files)


def _left_words(slice: Slice) -> str | None:
    """Why a product cannot go yet: there are things that no state knows."""
    names = [f"{one.logical_id} ({one.physical_id or 'id unknown'})" for one in left_behind(slice)]
    if not names:
        return None
    return (
        f"A run that was killed had made {', '.join(names)}, and no state knows of it. Make and execute a plan, which "
        "takes it up, or remove it yourself and terminate with IgnoreErrors."
    )


def _tell_news(job: Job) -> None:
    """Tell what the run has told since the last time, once: where it was read to is written with it."""
    handle, work = job.handle, job.slice.work
    assert handle is not None
    messages, length = messages_of(job.run.output("apply", handle.told))
    if length == 0:
        return
    _hide_secrets(job)
    work.now = job.slice.now()
    handle.told += length
    handle.heard = work.now
    tell(work, handle, messages)
    job.commit()


def _hide_secrets(job: Job) -> None:
    """Let no word tell of the run's token, and of what the plan marks as sensitive."""
    job.slice.work.mask.add_texts([job.run.token])
    try:
        shown = msgspec.json.decode(job.run.output("show"))
    except msgspec.MsgspecError:
        return
    job.slice.work.mask.add_texts(secrets_of(shown))


def _end(job: Job, *, is_lost: bool) -> Over:
    """The end of the run; what it made is compared with the state that there is then."""
    handle, work = job.handle, job.slice.work
    assert handle is not None
    work.now = job.slice.now()
    tell_failures(work, handle)
    job.sweep()
    reason = _KILLED if is_lost else _reason(job)
    if handle.cause and is_lost:
        reason = f"{handle.cause} {reason}"
    handle.stage, handle.reason = "over", work.mask.hide(reason) if reason else None
    _match_state(job)
    if handle.reason is None and work.operation.kind == "terminate":
        handle.reason = _left_words(job.slice)
    job.close()
    return Over(handle.reason)


def _reason(job: Job) -> str | None:
    handle, ended = job.handle, job.run.ended
    assert handle is not None
    if job.slice.work.operation.cancelled and ended.stopped:
        return f"{USER_INITIATED}."
    if ended.late:
        limit = f"{job.settings.seconds:g} s (targets.terraform.seconds)"
        return f"The run was stopped because it took longer than {limit}."
    if ended.codes.get("apply") == 0:
        return None
    return handle.cause or failure(job.run, ended)


def _match_state(job: Job) -> None:
    """Have the instances that the state holds: it knows of moves and imports, too.

    What was made and is not in it stays as left behind, unless all ended well.
    """
    work = job.slice.work
    with job.slice.parts.database.read() as tx:
        held = {logical_id_of(one.address): one for one in held_in(read_state(job.slice, tx))}
    instances = list(work.root.instances.values())
    live = [one for one in instances if one.state == "live"]
    unknown = [one for one in live if one.logical_id not in held]
    if job.handle is not None and job.handle.reason is None:
        forget(work, unknown)
    else:
        leave(work, unknown)
    known = {one.logical_id for one in live}
    for name, one in held.items():
        if name not in known:
            keep(work, name, one.type, one.physical_id)
    taken_up = {(name, one.physical_id) for name, one in held.items()}
    forget(work, [one for one in left_behind(job.slice) if (one.logical_id, one.physical_id) in taken_up])
