"""The stack target: our own CloudFormation. An operation moves one way through its phases, each kept in its row.

plan -> begin -> forward -> commit -> cleanup -> done
                 forward -> rollback -> rollback_cleanup -> done
"""

from typing import Any

import msgspec

from manciple.engine import exports, outcome, outputs, rollback
from manciple.engine.events import ROLLBACK_REQUESTED, USER_INITIATED, failure_reason
from manciple.engine.found_stack import FoundStack
from manciple.engine.launch import Launch
from manciple.engine.macros import Macros
from manciple.engine.place import Place
from manciple.engine.planned import encode_stack
from manciple.engine.planning import Planning
from manciple.engine.rows import Step
from manciple.engine.settlement import Settlement
from manciple.engine.slice import CalledBackError, Parts, Slice
from manciple.engine.stacks import find_own
from manciple.engine.targets.target import Ended, Failed, Made, TargetType, Wake
from manciple.engine.work import Scope, Work
from manciple.errors import TemplateError
from manciple.settings import Settings
from manciple.store.database import Transaction
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.transforms.process import CHANGE_SET_FAILED

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."

_ENDS = {
    "CREATE_IN_PROGRESS": ("CREATE_COMPLETE", "CREATE_COMPLETE"),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": ("UPDATE_COMPLETE", "UPDATE_COMPLETE"),
    "DELETE_IN_PROGRESS": ("DELETE_COMPLETE", "DELETE_FAILED"),
    "ROLLBACK_IN_PROGRESS": ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
}
"""How a stack ends by the status it has in its last phase: if every delete succeeded, and if one failed."""

_GOOD_ENDS = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")


class StackTarget:
    """Deploys templates as stacks of resources, each by its provider."""

    name = "stack"

    def __init__(self, limits: Limits = DEFAULT_LIMITS, macros: Macros | None = None) -> None:
        self._limits = limits
        self._macros = macros or Macros({})

    def plan(self, slice: Slice) -> Made | Wake | Failed:
        """Evaluate the template and compare it with what is deployed."""
        work, parts = slice.work, slice.parts
        with parts.database.read() as tx:
            launch: Launch = parts.objects.get_value(tx, work.operation.request_digest, Launch)
        try:
            made = Planning(parts.database, parts.objects, self._limits, self._macros).make(launch, work.root)
            made = msgspec.structs.replace(made, not_simulated=_not_simulated(slice, made))
        except TemplateError as error:
            accepted = error.code == CHANGE_SET_FAILED
            return Failed(code=None if accepted else error.code, message=error.message)
        if not made.change_set.has_changes:
            return Failed(code="ValidationError", message=NO_CHANGES, nothing_to_change=True)
        return made

    def begin(self, slice: Slice) -> None:
        """Note a step for every planned change but removals, which wait for the clean-up."""
        work, scope = slice.work, slice.work.root
        assert scope.planned is not None
        assert work.planned is not None
        scope.enter(work.planned.launch.place)
        scope.stack.notification_arns = list(work.planned.launch.topic_arns)
        work.tell_topics(scope)
        steps: dict[str, Step] = {}
        for logical_id, resource in scope.planned.evaluation.resources.items():
            if logical_id in scope.planned.permits:
                steps[logical_id] = work.add_step(_forward(work, scope, resource.logical_id))
        for logical_id, step in steps.items():
            for needed in sorted(scope.planned.evaluation.resources[logical_id].dependencies & steps.keys()):
                work.add_need(step, steps[needed])
        work.operation.phase = "forward"
        work.tell_stack(scope, "CREATE_IN_PROGRESS" if scope.creates else "UPDATE_IN_PROGRESS", USER_INITIATED)

    def delete(self, slice: Slice) -> None:
        """Note a delete of everything that there is."""
        work, scope = slice.work, slice.work.root
        there = [one for one in scope.instances.values() if one.state not in ("retained", "deleted")]
        rollback.add_deletes(work, scope, there, rollback.CLEANUP)
        work.operation.phase = "cleanup"
        work.tell_topics(scope)
        work.tell_stack(scope, "DELETE_IN_PROGRESS", USER_INITIATED)

    def execute(self, slice: Slice) -> Wake | Ended:
        """Go on in the operation's phase, and in those that follow it."""
        operation = slice.work.operation
        while operation.phase != "done":
            wake = _PHASES[operation.phase](slice)
            if wake is not None:
                return Wake(wake)
        status = slice.work.root.stack.status
        good = status in _GOOD_ENDS
        return Ended(status=status, reason=None if good else operation.reason)

    def outputs(self, slice: Slice) -> list[dict[str, Any]]:
        """The template's outputs, as they were finished when the operation committed."""
        with slice.parts.database.read() as tx:
            return Settlement(tx, slice.parts.objects, slice.work.operation, slice.work.now).kept_outputs()

    def find_stack(self, parts: Parts, place: Place, arn: str) -> FoundStack | None:
        """A stack of ours."""
        return find_own(parts, place, arn)


def _not_simulated(slice: Slice, made: Made) -> tuple[str, ...]:
    """The resources of a plan, and those it takes away, that are not the sandbox's."""
    scope, providers = slice.work.root, slice.parts.providers
    resources = made.planned.stacks[""].evaluation.resources
    kept = [key for key in made.change_set.changes if key in resources]
    changed = [(key, resources[key].type, resources[key].properties) for key in kept]
    removed = [(key, one.type, scope.state(one).model) for key, one in scope.live.items() if key not in resources]
    return tuple(key for key, type_, properties in changed + removed if not providers.simulates(type_, properties))


def _forward(work: Work, scope: Scope, logical_id: str) -> Step:
    live = scope.live.get(logical_id)
    return Step(
        operation_id=work.operation.id,
        number=0,
        phase="forward",
        path=scope.stack.path,
        logical_id=logical_id,
        verb="create" if live is None else "modify",
        before=live.incarnation if live else None,
    )


def _run_forward(slice: Slice) -> int | None:
    work = slice.work
    wake = slice.run("forward", lambda: _is_stopping(work))
    if wake is not None:
        return wake
    if not _is_stopping(work):
        _enter_commit(slice)
        return None
    for step in work.steps:
        if step.state == "waiting":
            outcome.cancel(work, step)
    failed = _names(work, "forward", "failed", "cancelled")
    first = next((step for step in work.steps if step.state == "failed"), None)
    _turn_back(slice, failure_reason(failed) or f"{USER_INITIATED}. ", first.error if first else None)
    return None


def _is_stopping(work: Work) -> bool:
    return work.operation.cancelled or any(step.state == "failed" for step in work.steps)


def _enter_commit(slice: Slice) -> None:
    """From here on the operation cannot be cancelled."""
    slice.work.operation.phase = "commit"
    try:
        slice.commit(unless_cancelled=True)
    except CalledBackError:
        slice.work.operation.phase = "forward"


def _run_commit(slice: Slice) -> None:
    """What was asked for is there: remember it as deployed, and turn to what is to be deleted."""
    work, scope = slice.work, slice.work.root
    assert scope.planned is not None
    try:
        finished = outputs.finished(work, scope, slice.references)
        exported = outputs.exported(work, scope, slice.references)
    except TemplateError as error:
        _turn_back(slice, f"{work.mask.hide(error.message)}. ", None)
        return
    deployed = encode_stack(scope.planned)

    def remember(tx: Transaction) -> None:
        Settlement(tx, work.objects, work.operation, work.now).keep_outputs(finished)
        exports.put(tx, scope.stack, exported)
        exports.settle_claims(tx, scope.stack, exports.imported(work.planned) if work.planned else ())
        scope.stack.deployed_digest = work.objects.put(tx, deployed, sealed=True)
        scope.stack.revision += 1
        _remember(work, scope)
        rollback.add_cleanup(work, scope)
        if scope.stack.status == "UPDATE_IN_PROGRESS":
            work.tell_stack(scope, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        work.touch_stack(scope.stack)

    work.operation.phase = "cleanup"
    try:
        slice.commit(first=remember)
    except exports.ExportError as error:
        _turn_back(slice, f"{work.mask.hide(str(error))}. ", None)


def _remember(work: Work, scope: Scope) -> None:
    """Bring the rows of instances in line with the new template; what it no longer has is removed."""
    assert scope.planned is not None
    resources = scope.planned.evaluation.resources
    for instance in scope.instances.values():
        resource = resources.get(instance.logical_id)
        if instance.state == "gone":
            instance.state = "deleted"
        elif instance.state == "replaced" and resource is not None:
            instance.deletion_policy = resource.update_replace_policy
        elif instance.state == "live" and resource is None:
            instance.state = "removed"
            del scope.live[instance.logical_id]
        elif instance.state == "live" and resource is not None:
            instance.previous_digest = None
            instance.dependencies = sorted(resource.dependencies)
            instance.deletion_policy = resource.deletion_policy
        else:
            continue
        work.touch_instance(instance)


def _turn_back(slice: Slice, reason: str, root_cause: str | None) -> None:
    """Enter the rollback: its steps are written with the phase. What others said is masked where it was heard."""
    work, scope = slice.work, slice.work.root
    rollback.add_rollback(work, scope)
    status = "ROLLBACK_IN_PROGRESS" if scope.stack.status == "CREATE_IN_PROGRESS" else "UPDATE_ROLLBACK_IN_PROGRESS"
    told = reason + ROLLBACK_REQUESTED if status == "ROLLBACK_IN_PROGRESS" else reason
    work.operation.phase = "rollback"
    work.operation.reason = f"{reason}{root_cause or ''}".strip()
    work.tell_stack(scope, status, told)
    slice.commit(lambda tx: Settlement(tx, work.objects, work.operation, work.now).under_way(turned_back=True))


def _run_rollback(slice: Slice) -> int | None:
    work, scope = slice.work, slice.work.root
    wake = slice.run("rollback", _never)
    if wake is not None:
        return wake
    if failed := _names(work, "rollback", "failed"):
        _end_badly(slice, failure_reason(failed))
        return None
    work.operation.phase = "rollback_cleanup"
    if scope.stack.status == "UPDATE_ROLLBACK_IN_PROGRESS":
        work.tell_stack(scope, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    slice.commit()
    return None


def _end_badly(slice: Slice, reason: str) -> None:
    """The rollback failed: it stays visible, and what was made on the way is offered to the next plan."""
    work, scope = slice.work, slice.work.root
    for instance in scope.instances.values():
        if instance.state == "live" and scope.live.get(instance.logical_id) is not instance:
            instance.state = "leftover"
            work.touch_instance(instance)
    for step in work.steps:
        if step.phase == "rollback_cleanup":
            _leave(work, scope, step)
    _forget_the_way(work, scope)
    work.tell_stack(scope, "UPDATE_ROLLBACK_FAILED", reason)
    work.operation.phase = "done"


def _run_cleanup(slice: Slice) -> int | None:
    return _run_deletes(slice, "cleanup")


def _run_rollback_cleanup(slice: Slice) -> int | None:
    return _run_deletes(slice, "rollback_cleanup")


def _run_deletes(slice: Slice, phase: str) -> int | None:
    """Delete what is to go. What cannot be deleted is left over; where nothing else was to be done, that fails."""
    work, scope = slice.work, slice.work.root
    wake = slice.run(phase, _never)
    if wake is not None:
        return wake
    left = [step for step in work.steps if step.phase == phase and step.state not in ("done", "skipped")]
    for step in left:
        _leave(work, scope, step)
    good, bad = _ENDS[scope.stack.status]
    reason = failure_reason(_names(work, phase, "failed")) if left and good != bad else None
    if reason is not None and work.operation.reason is None:
        work.operation.reason = _first_error(work, phase, reason)
    _forget_the_way(work, scope)
    work.operation.phase = "done"
    work.tell_stack(scope, bad if left else good, reason)
    return None


def _forget_the_way(work: Work, scope: Scope) -> None:
    """At the end nobody needs the states before, nor what had to be deleted first."""
    for instance in scope.instances.values():
        if instance.previous_digest is not None or instance.state == "gone":
            instance.previous_digest = None
            instance.state = "deleted" if instance.state == "gone" else instance.state
            work.touch_instance(instance)


def _first_error(work: Work, phase: str, reason: str) -> str:
    first = next((step.error for step in work.steps if step.phase == phase and step.state == "failed"), None)
    return f"{reason}{first or ''}".strip()


def _leave(work: Work, scope: Scope, step: Step) -> None:
    """Leave behind an instance that was not deleted."""
    instance = scope.instances.get((step.logical_id, step.before or 0))
    if instance is None or instance.state in ("deleted", "retained"):
        return
    instance.state = "leftover" if instance.physical_id is not None else "deleted"
    if scope.live.get(instance.logical_id) is instance:
        del scope.live[instance.logical_id]
    work.touch_instance(instance)


def _names(work: Work, phase: str, *states: str) -> dict[str, list[str]]:
    """The logical ids of a phase's steps in some states, by what they were to do."""
    kinds: dict[str, list[str]] = {}
    for step in work.steps:
        if step.phase == phase and step.state in states:
            kinds.setdefault(_KINDS.get(step.verb, "update"), []).append(step.logical_id)
    return {kind: kinds[kind] for kind in ("create", "update", "delete") if kind in kinds}


def _never() -> bool:
    return False


_KINDS = {"create": "create", "delete": "delete"}
_PHASES = {
    "forward": _run_forward,
    "commit": _run_commit,
    "rollback": _run_rollback,
    "cleanup": _run_cleanup,
    "rollback_cleanup": _run_rollback_cleanup,
}


def _limits(settings: Settings) -> Limits:
    quota = settings.quota
    return Limits(
        resources=quota.resources_per_template,
        parameters=quota.parameters_per_template,
        outputs=quota.outputs_per_template,
        mappings=quota.mappings_per_template,
        template_bytes=quota.template_bytes,
    )


STACK = TargetType("stack", lambda settings: StackTarget(_limits(settings), Macros(settings.macros)))
