"""A plan: the program makes a plan file, which is kept sealed with what it holds for, and shown as a change set."""

from collections.abc import Iterator, Mapping

import msgspec

from manciple.catalog.ids import url_suffix_of
from manciple.catalog.terraform import SavedPlan
from manciple.engine.launch import Launch
from manciple.engine.planned import Planned, PlannedStack
from manciple.engine.previous_parameters import previous_parameters
from manciple.engine.rows import Instance
from manciple.engine.slice import Slice
from manciple.engine.targets.target import Failed, Made, Wake
from manciple.engine.terraform.changes import change_set_of
from manciple.engine.terraform.commands import LOCKS_FILE, PLAN_FILE, to_plan
from manciple.engine.terraform.drifts import drift_of
from manciple.engine.terraform.imports import IMPORTS_FILE, import_blocks, importable, left_behind, notes_on
from manciple.engine.terraform.job import STATES, Job, address_of
from manciple.engine.terraform.overrides import OVERRIDES_FILE, provider_overrides, tags_of
from manciple.engine.terraform.preparation import Prepared, Refused, parameters_of, prepare
from manciple.engine.terraform.run import Ended, Run, Status
from manciple.engine.terraform.stream import faults_in, messages_of, said, said_in_text
from manciple.errors import TemplateError
from manciple.store.database import Transaction
from manciple.store.rows import PROVISIONED_PRODUCTS
from manciple.store.terraform import keep_plan, open_state, state_of
from manciple.template.change_set import PathChange
from manciple.template.change_set.model import ChangeType
from manciple.template.evaluation import Evaluation, Facts, Parameter
from manciple.template.values import MASK

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
_MOST_ATTEMPTS = 3
_UNREACHABLE = "(A run reads and writes its state at this server's public_url; it has to be reachable from here.)"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be planned: the launch, the parameters' values, those in force today."""

    launch: Launch
    given: dict[str, str]
    before: dict[str, str]


def plan(job: Job) -> Made | Wake | Failed:
    """Have the plan made, and read it once it is."""
    try:
        wanted = _wanted(job.slice)
        if not job.is_in("plan"):
            return _begin(job, wanted)
        return _go_on(job, wanted)
    except Refused as refused:
        return Failed(code=None, message=str(refused))
    except TemplateError as error:
        return Failed(code=None, message=error.message)


def _wanted(slice: Slice) -> Wanted:
    work, objects = slice.work, slice.parts.objects
    with slice.parts.database.read() as tx:
        launch: Launch = objects.get_value(tx, work.operation.request_digest, Launch)
        given = launch.parameters | previous_parameters(tx, objects, launch)
        product = PROVISIONED_PRODUCTS.get(tx, launch.account, launch.region, launch.provisioned_product_id)
        digest = product.parameters_digest if product else None
        before = objects.get_value(tx, digest, dict[str, str]) if digest else {}
    return Wanted(launch=launch, given=given, before=before)


def _prepared(job: Job, wanted: Wanted) -> Prepared:
    return prepare(job.slice.parts, job.settings, wanted.launch.template_digest, wanted.given)


def _begin(job: Job, wanted: Wanted) -> Wake:
    prepared = _prepared(job, wanted)
    launch = wanted.launch
    files = {}
    if (overrides := provider_overrides(prepared.configuration, launch.place, tags_of(launch))) is not None:
        files[OVERRIDES_FILE] = overrides
    if imported := _imported(job, prepared):
        files[IMPORTS_FILE] = import_blocks(imported)
    return job.begin("plan", prepared, lambda run: to_plan(prepared.program.path, run, job.settings), files=files)


def _imported(job: Job, prepared: Prepared) -> list[Instance]:
    """What the plan takes up of what killed runs had made."""
    if job.handle is not None and job.handle.skips_imports:
        return []
    return importable(prepared.configuration, left_behind(job.slice))


def _go_on(job: Job, wanted: Wanted) -> Made | Wake | Failed:
    assert job.handle is not None
    if (wake := job.elsewhere()) is not None:
        return wake
    status = job.status
    if status is Status.RUNNING:
        if job.slice.work.operation.cancelled:
            job.stop()
        return job.pause()
    if status is Status.ENDED:
        return _judge(job, wanted, job.run.ended)
    if job.handle.attempt >= _MOST_ATTEMPTS:
        return _close(job, Failed(code=None, message=f"The planning run was killed {_MOST_ATTEMPTS} times."))
    return _begin(job, wanted)


def _judge(job: Job, wanted: Wanted, ended: Ended) -> Made | Wake | Failed:
    """What came of the run."""
    run = job.run
    if ended.late or ended.stopped:
        why = (
            f"took longer than {job.settings.seconds:g} s (targets.terraform.seconds)" if ended.late else "was stopped"
        )
        return _close(job, Failed(code=None, message=f"The planning run {why}."))
    prepared = _prepared(job, wanted)
    parameters = parameters_of(prepared, wanted.given)
    job.slice.work.mask.add(Evaluation(resources={}, parameters=parameters))
    job.slice.work.mask.add_texts(prepared.secrets)
    if ended.codes.get("plan") not in (0, 2) or ended.codes.get("show") != 0:
        if _imported(job, prepared):  # what was made may be gone by now
            job.skip_imports()
            return _begin(job, wanted)
        return _close(job, Failed(code=None, message=failure(run, ended)))
    shown = msgspec.json.decode(run.output("show"))
    stack = job.slice.work.root.stack
    is_new = stack.revision == 0
    changes = change_set_of(
        shown,
        is_new=is_new,
        sensitive=prepared.sensitive,
        parameters=tuple(_parameter_changes(wanted.before, parameters, prepared.sensitive)),
    )
    if not is_new and not shown.get("applyable") and not changes.listed:
        return _close(job, Failed(code=None, message=NO_CHANGES, nothing_to_change=True))
    notes = [changes.warning or "", *notes_on(left_behind(job.slice), _imported(job, prepared))]
    changes = msgspec.structs.replace(changes, warning=" ".join(filter(None, notes)) or None)
    planned = PlannedStack(
        evaluation=Evaluation(resources={}, parameters=parameters),
        facts=_facts(wanted.launch, job.slice),
        tags=wanted.launch.tags | wanted.launch.auto_tags,
        template_digest=wanted.launch.template_digest,
    )
    made = Made(
        change_set=changes,
        planned=Planned(launch=wanted.launch, stacks={"": planned}),
        drift=drift_of(shown, prepared.sensitive),
    )
    return _keep(job, prepared, made)


def _keep(job: Job, prepared: Prepared, made: Made) -> Made | Failed:
    """Keep the plan file that a plan was read from."""
    current, run, launch = job.slice, job.run, made.planned.launch
    content = run.read(PLAN_FILE, most=job.settings.state_bytes)
    locked = run.read("package", LOCKS_FILE, most=job.settings.state_bytes)
    if content is None:
        return _close(job, Failed(code=None, message="The planning run left no plan file that can be kept."))
    operation, objects = current.work.operation, current.parts.objects

    def write(tx: Transaction) -> None:
        state = open_state(tx, operation.account, operation.region, operation.provisioned_product_id)
        saved = SavedPlan(
            account=operation.account,
            region=operation.region,
            operation_id=operation.id,
            state_id=state.id,
            address=address_of(current.parts.public_url, state.id),
            content_digest=objects.put(tx, content, sealed=True),
            package_digest=launch.template_digest,
            lineage=state.lineage,
            serial=state.serial,
            program=prepared.program.version,
            created_time=tx.now(),
            locks_digest=None if locked is None else objects.put(tx, locked, sealed=True),
        )
        keep_plan(tx, saved)

    job.close(write)
    return made


def _close(job: Job, failed: Failed) -> Failed:
    """End the run without a plan."""
    job.close()
    return failed


def failure(run: Run, ended: Ended) -> str:
    """Why a run failed, in the program's words: of the command that did."""
    for name, code in ended.codes.items():
        messages, _ = messages_of(run.output(name)) if name in ("plan", "apply") else ([], 0)
        faults = faults_in(messages)
        if faults:
            return _with_advice(" ".join(said(one) for one in faults[:3]))
        if code not in (0, 2) or name == list(ended.codes)[-1]:
            return _with_advice(said_in_text(run.errors(name), f"nothing; {name} ended with exit code {code}."))
    return "The program was not started."


def _with_advice(text: str) -> str:
    """A failure to reach the state's server is the operator's to mend."""
    return f"{text} {_UNREACHABLE}" if STATES in text else text


def _parameter_changes(
    before: Mapping[str, str], after: Mapping[str, Parameter], sensitive: frozenset[str]
) -> Iterator[PathChange]:
    """Which parameters change, from what to what."""
    values = {name: "".join(one.given) for name, one in after.items()}
    for name in {**before, **values}:
        if before.get(name) != values.get(name):
            kind: ChangeType = "Add" if name not in before else "Remove" if name not in values else "Modify"
            is_secret = name in sensitive or name not in after
            old, new = (MASK if one and is_secret else one for one in (before.get(name), values.get(name)))
            yield PathChange(path=f"/Parameters/{name}", change_type=kind, before_value=old, after_value=new)


def _facts(launch: Launch, slice: Slice) -> Facts:
    partition, stack = launch.place.partition, slice.work.root.stack
    return Facts(
        account=launch.account,
        region=launch.region,
        partition=partition,
        url_suffix=url_suffix_of(partition),
        stack_name=stack.name,
        stack_id=stack.arn,
    )


def saved_state_differs(slice: Slice, tx: Transaction, saved: SavedPlan) -> str | None:
    """Why a saved plan does not hold any more; None if it does."""
    operation = slice.work.operation
    state = state_of(tx, operation.account, operation.region, operation.provisioned_product_id)
    if state is None or state.id != saved.state_id:
        return "The state that the plan was made from is gone; make a new plan."
    if (state.lineage, state.serial) != (saved.lineage, saved.serial):
        return (
            f"The plan is stale: it was made from serial {saved.serial} of the state, which is at {state.serial} now; "
            "make a new plan and compare it with this one."
        )
    address = address_of(slice.parts.public_url, state.id)
    if address != saved.address:
        return (
            f"The plan was made when this server's address was {saved.address}, it is {address} now; "
            "set public_url to an address that stays, and make a new plan."
        )
    return None
