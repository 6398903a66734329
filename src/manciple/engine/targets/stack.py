"""The stack target: our own CloudFormation. An operation moves one way through its phases, each kept in its row.

plan -> begin -> forward -> commit -> cleanup -> done
                 forward -> rollback -> rollback_cleanup -> done
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import msgspec

from manciple.catalog.drift import Drift
from manciple.engine import commit, exports, outcome, outputs, rollback
from manciple.engine.attributes import unsupported_attribute
from manciple.engine.drift import SECONDS, find_drift
from manciple.engine.events import ROLLBACK_REQUESTED, USER_INITIATED, failure_reason
from manciple.engine.forward import add_forward
from manciple.engine.found_stack import FoundStack
from manciple.engine.launch import Launch
from manciple.engine.macros import Macros
from manciple.engine.nested import course
from manciple.engine.nested.course import Expand
from manciple.engine.nested.expansion import Expansion
from manciple.engine.nested.templates import NestedTemplates
from manciple.engine.place import Place
from manciple.engine.planned import PlannedStack
from manciple.engine.planning import Planning
from manciple.engine.providers.provider import Subject
from manciple.engine.rows import Step
from manciple.engine.scope import Scope
from manciple.engine.settlement import Settlement
from manciple.engine.slice import CalledBackError, Parts, Slice
from manciple.engine.stacks import find_own
from manciple.engine.targets.target import Ended, Failed, Made, TargetType, Wake
from manciple.engine.work import OUT_OF_REACH, Work
from manciple.errors import TemplateError
from manciple.settings import Settings
from manciple.store.database import Transaction
from manciple.template.change_set import ChangeSet
from manciple.template.evaluation import STACK_TYPE, Resource
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.stack_paths import joined
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

_TIDYING = ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
"""Statuses of a nested stack that waits for the clean-up of all."""

_GOOD_ENDS = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")


class StackTarget:
    """Deploys templates as stacks of resources, each by its provider."""

    name = "stack"

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        macros: Macros | None = None,
        template_hosts: Iterable[str] = (),
        *,
        reads_before_plan: bool = False,
    ) -> None:
        self._reads_before_plan = reads_before_plan
        self._limits = limits
        self._macros = macros or Macros({})
        self._template_hosts = tuple(template_hosts)

    def plan(self, slice: Slice) -> Made | Wake | Failed:
        """Evaluate the template and compare it with what is deployed."""
        work, parts = slice.work, slice.parts
        with parts.database.read() as tx:
            launch: Launch = parts.objects.get_value(tx, work.operation.request_digest, Launch)
        try:
            made = self._planning(slice).make(launch, work)
            made = _told_apart(slice, made)
        except TemplateError as error:
            accepted = error.code == CHANGE_SET_FAILED
            return Failed(code=None if accepted else error.code, message=error.message)
        if not made.change_set.has_changes:
            return Failed(code="ValidationError", message=NO_CHANGES, nothing_to_change=True)
        if self._reads_before_plan and work.operation.kind == "plan":
            return msgspec.structs.replace(made, drift=_drift(slice, made.planned.stacks))
        return made

    def find_drift(self, parts: Parts, work: Work) -> Drift:
        """Ask the providers of everything that is there."""
        return find_drift(work, parts.providers, work.planned.stacks if work.planned else {})

    def _planning(self, slice: Slice) -> Planning:
        parts = slice.parts
        templates = NestedTemplates(parts.database, parts.public_url, self._template_hosts)
        return Planning(parts.database, parts.objects, templates, self._macros, self._limits)

    def begin(self, slice: Slice) -> None:
        """Note a step for every planned change but removals, which wait for the clean-up."""
        work, scope = slice.work, slice.work.root
        assert work.planned is not None
        scope.enter(work.planned.launch.place)
        scope.stack.notification_arns = list(work.planned.launch.topic_arns)
        work.tell_topics(scope)
        add_forward(work)
        work.operation.phase = "forward"
        work.tell_stack(scope, "CREATE_IN_PROGRESS" if scope.creates else "UPDATE_IN_PROGRESS", USER_INITIATED)
        if fault := unsupported_attribute(work.planned.stacks[""], partial(_is_simulated, slice)):
            _note_way_back(work, f"{work.mask.hide(fault)}. ", "")

    def delete(self, slice: Slice) -> None:
        """Note a delete of everything that there is."""
        work, scope = slice.work, slice.work.root
        rollback.add_deletes(work, scope, rollback.there(scope), rollback.CLEANUP)
        work.operation.phase = "cleanup"
        work.tell_topics(scope)
        work.tell_stack(scope, "DELETE_IN_PROGRESS", USER_INITIATED)

    def execute(self, slice: Slice) -> Wake | Ended:
        """Go on in the operation's phase, and in those that follow it."""
        operation = slice.work.operation
        while operation.phase != "done":
            wake = self._forward(slice) if operation.phase == "forward" else _PHASES[operation.phase](slice)
            if wake is not None:
                return Wake(wake)
        status = slice.work.root.stack.status
        good = status in _GOOD_ENDS
        return Ended(status=status, reason=None if good else operation.reason)

    def _forward(self, slice: Slice) -> int | None:
        return _run_forward(slice, Expansion(slice.work, self._planning(slice)))

    def outputs(self, slice: Slice) -> list[dict[str, Any]]:
        """The template's outputs, as they were finished when the operation committed."""
        with slice.parts.database.read() as tx:
            return Settlement(tx, slice.parts.objects, slice.work.operation, slice.work.now).kept_outputs()

    def find_stack(self, parts: Parts, place: Place, arn: str) -> FoundStack | None:
        """A stack of ours."""
        return find_own(parts, place, arn)


def _drift(slice: Slice, planned: Mapping[str, PlannedStack]) -> Drift:
    """What is not as it was deployed; the lease is kept while the providers are asked."""
    with ThreadPoolExecutor(1, "drift") as pool:
        asked = pool.submit(find_drift, slice.work, slice.parts.providers, planned)
        return slice.wait_for(asked, 2 * SECONDS, _never)


def _is_simulated(slice: Slice, resource: Resource) -> bool:
    scope = slice.work.root
    live = scope.live.get(resource.logical_id)
    origin = scope.state(live).origin if live else None
    return slice.parts.providers.simulates(Subject(resource.type, scope.place, resource.properties, origin))


def _told_apart(slice: Slice, made: Made) -> Made:
    """A plan with the resources that are real, with their paths; it is simulated unless all are that it touches."""
    touched: dict[str, Subject] = {}
    place = made.planned.launch.place
    for path, changes in {"": made.change_set, **made.change_set.nested}.items():
        planned = made.planned.stacks.get(path)
        scope = slice.work.scopes.get(path)
        touched |= {joined(path, key): one for key, one in _touched(place, changes, planned, scope)}
    real = tuple(name for name, one in touched.items() if not slice.parts.providers.simulates(one))
    return msgspec.structs.replace(made, simulated=not real or len(real) < len(touched), not_simulated=real)


def _touched(
    place: Place, changes: ChangeSet, planned: PlannedStack | None, scope: Scope | None
) -> Iterator[tuple[str, Subject]]:
    """What a plan makes, changes and takes away in one stack, but for nested stacks."""
    resources = planned.evaluation.resources if planned else {}
    live = scope.live if scope else {}
    for key in changes.changes:
        if key in resources and resources[key].type != STACK_TYPE:
            origin = scope.state(live[key]).origin if scope and key in live else None
            yield key, Subject(resources[key].type, place, resources[key].properties, origin)
    for key, one in live.items():
        if scope and key not in resources and one.type != STACK_TYPE:
            yield key, Subject(one.type, place, scope.state(one).model, scope.state(one).origin)


def _run_forward(slice: Slice, expand: Expand) -> int | None:
    work = slice.work
    work.now = slice.now()
    course.time_out(work, "forward")
    wake = slice.run("forward", lambda: _is_stopping(work), expand)
    if wake is not None:
        return min([wake, *course.next_time_out(work, "forward")])
    if not _is_stopping(work):
        _enter_commit(slice)
        return None
    for step in work.steps:
        if step.state == "waiting":
            outcome.cancel(work, step)
    course.break_off(work, "forward")
    failed = course.failed_names(work, "forward", "")
    _turn_back(slice, failure_reason(failed) or f"{USER_INITIATED}. ", course.root_cause(work, "forward"))
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
    work, root = slice.work, slice.work.root
    made = commit.made_stacks(work)
    try:
        finished = outputs.finished(work, root, slice.references)
        exported = {scope.path: outputs.exported(work, scope, slice.references) for scope in made}
    except TemplateError as error:
        _turn_back(slice, f"{work.mask.hide(error.message)}. ", "")
        return

    def remember(tx: Transaction) -> None:
        Settlement(tx, work.objects, work.operation, work.now).keep_outputs(finished)
        commit.remember(tx, work, made, exported)
        if root.stack.status == "UPDATE_IN_PROGRESS":
            work.tell_stack(root, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")

    work.operation.phase = "cleanup"
    try:
        slice.commit(first=remember)
    except exports.ExportError as error:
        _turn_back(slice, f"{work.mask.hide(str(error))}. ", "")


def _turn_back(slice: Slice, reason: str, root_cause: str) -> None:
    """Enter the rollback: its steps are written with the phase. What others said is masked where it was heard."""
    work = slice.work
    _note_way_back(work, reason, root_cause)
    slice.commit(lambda tx: Settlement(tx, work.objects, work.operation, work.now).under_way(turned_back=True))


def _note_way_back(work: Work, reason: str, root_cause: str) -> None:
    scope = work.root
    rollback.add_rollback(work)
    status = "ROLLBACK_IN_PROGRESS" if scope.stack.status == "CREATE_IN_PROGRESS" else "UPDATE_ROLLBACK_IN_PROGRESS"
    told = reason + ROLLBACK_REQUESTED if status == "ROLLBACK_IN_PROGRESS" else reason
    work.operation.phase = "rollback"
    work.operation.reason = f"{reason}{root_cause}".strip()
    work.tell_stack(scope, status, told)


def _run_rollback(slice: Slice) -> int | None:
    work, scope = slice.work, slice.work.root
    wake = slice.run("rollback", _never)
    if wake is not None:
        return wake
    course.break_off(work, "rollback")
    if failed := course.failed_names(work, "rollback", ""):
        _end_badly(slice, failure_reason(failed))
        return None
    work.operation.phase = "rollback_cleanup"
    if scope.stack.status == "UPDATE_ROLLBACK_IN_PROGRESS":
        work.tell_stack(scope, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    slice.commit()
    return None


def _end_badly(slice: Slice, reason: str) -> None:
    """The rollback failed: it stays visible, and what was made on the way is offered to the next plan."""
    work = slice.work
    for scope in work.scopes.values():
        for instance in scope.instances.values():
            if instance.state == "live" and scope.live.get(instance.logical_id) is not instance:
                instance.state = "leftover"
                work.touch_instance(instance)
    for step in work.steps:
        if step.phase == "rollback_cleanup":
            _leave(work, step)
    commit.forget_the_way(work)
    work.tell_stack(work.root, "UPDATE_ROLLBACK_FAILED", reason)
    work.operation.phase = "done"


def _run_cleanup(slice: Slice) -> int | None:
    return _run_deletes(slice, "cleanup")


def _run_rollback_cleanup(slice: Slice) -> int | None:
    return _run_deletes(slice, "rollback_cleanup")


def _run_deletes(slice: Slice, phase: str) -> int | None:
    """Delete what is to go. What cannot be deleted is left over; where nothing else was to be done, that fails."""
    work, root = slice.work, slice.work.root
    wake = slice.run(phase, _never)
    if wake is not None:
        return wake
    course.break_off(work, phase)
    left = [step for step in work.steps if step.phase == phase and step.state not in ("done", "skipped")]
    for step in left:
        _leave(work, step)
    good, bad = _ENDS[root.stack.status]
    reason = failure_reason(course.failed_names(work, phase, "")) if left and good != bad else None
    if reason is not None and work.operation.reason is None:
        work.operation.reason = f"{reason}{course.root_cause(work, phase)}".strip()
    commit.forget_the_way(work)
    work.operation.phase = "done"
    for scope in work.innermost_first:
        if scope.holder is not None and scope.stack.status in _TIDYING:
            work.tell_stack(scope, _ENDS[scope.stack.status][0])
    work.tell_stack(root, bad if left else good, reason)
    return None


def _leave(work: Work, step: Step) -> None:
    """Leave behind an instance that was not deleted."""
    scope = work.scopes[step.path]
    instance = scope.instances.get((step.logical_id, step.before or 0))
    if instance is None or instance.state in OUT_OF_REACH:
        return
    instance.state = "leftover" if instance.physical_id is not None else "deleted"
    if scope.live.get(instance.logical_id) is instance:
        del scope.live[instance.logical_id]
    work.touch_instance(instance)


def _never() -> bool:
    return False


_PHASES = {
    "commit": _run_commit,
    "rollback": _run_rollback,
    "cleanup": _run_cleanup,
    "rollback_cleanup": _run_rollback_cleanup,
}


def _limits(settings: Settings) -> Limits:
    quota = settings.quota
    return Limits(
        resources=quota.resources_per_template,
        nested_resources=quota.resources_in_nested_stacks,
        parameters=quota.parameters_per_template,
        outputs=quota.outputs_per_template,
        mappings=quota.mappings_per_template,
        template_bytes=quota.template_bytes,
    )


STACK = TargetType(
    "stack",
    lambda settings: StackTarget(
        _limits(settings),
        Macros(settings.macros),
        settings.template_hosts,
        reads_before_plan=settings.engine.read_before_plan,
    ),
)
