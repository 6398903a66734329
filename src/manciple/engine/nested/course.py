"""Nested stacks while they are carried out. No provider has them: each is opened, its own steps follow, it is closed.

    create_open … create_close        a new stack          forward
    update_open … update_close        one that exists      forward
    restore_open … restore_close      its update undone    rollback
    delete_open … delete_close        its end              cleanup, rollback_cleanup

Statuses and texts are CloudFormation's, as its events tell them in public issues (aws-samples/
aws-scalable-big-blue-button-example issue 74: "Embedded stack … was not successfully created").
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from manciple.engine import deploy, outcome, outputs
from manciple.engine.disclosure import confidants_of
from manciple.engine.events import CREATION_INITIATED, USER_INITIATED, failure_reason
from manciple.engine.nested.names import new_stack
from manciple.engine.planned import Deferred, PlannedStack
from manciple.engine.rows import Instance, Step
from manciple.engine.scope import Scope, State, parameter_name
from manciple.engine.work import Work
from manciple.errors import TemplateError
from manciple.template.stack_paths import depth_of, joined
from manciple.template.values import holds_secret, revealed

Expand = Callable[[Step, Scope], None]
"""Checks what a nested stack is given now that all of it is known; one that was deferred gets its plan and steps."""


_FAILED = {
    "create_close": "CREATE_FAILED",
    "update_close": "UPDATE_ROLLBACK_IN_PROGRESS",
    "restore_close": "UPDATE_ROLLBACK_FAILED",
    "delete_close": "DELETE_FAILED",
}
"""What a nested stack is once something in it has failed, by the step that would have closed it."""

_UNDER_WAY = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS")
_CREATED = "Embedded stack {arn} was not successfully created: {reason}"
_TIMED_OUT = "Stack creation time exceeded the specified timeout"
"""As public repositories quote it behind `was not successfully created: `."""
_UPDATED = "Embedded stack {arn} was not successfully updated. Currently in {status} with reason: {reason}"
_DELETED = "Embedded stack {arn} was not successfully deleted: {reason}"
_MESSAGES = {
    "create_close": _CREATED,
    "update_close": _UPDATED,
    "restore_close": _UPDATED,
    "delete_close": _DELETED,
}


def leave(_step: Step, _inner: Scope) -> None:
    """Neither check nor expand: what is undone or deleted was opened before."""


def is_bracket(step: Step) -> bool:
    """Does the step open or close a nested stack?"""
    return step.verb in _STARTS


def start(work: Work, step: Step, expand: Expand) -> None:
    """Do all of a step that opens or closes a nested stack. Raises TemplateError or deploy.Refused if it cannot be."""
    work.touch(step)
    _STARTS[step.verb](work, work.scopes[step.path], step, expand)
    step.state = "done"


def break_off(work: Work, phase: str) -> None:
    """Tell the failure of what is in a nested stack as its own, from the innermost stack outwards."""
    closings = [one for one in work.steps if one.phase == phase and one.verb in _FAILED and one.state == "pending"]
    for step in sorted(closings, key=lambda one: depth_of(one.path), reverse=True):
        inner = _inner_of(work, step)
        if inner is None or inner.stack.status not in _UNDER_WAY:
            continue
        _note_instance(step, inner)
        if reason := failure_reason(failed_names(work, phase, inner.path)):
            _fail(work, inner, step, reason)
        else:
            work.tell_stack(inner, _FAILED[step.verb], outcome.cancelled_reason(step))
            outcome.cancel(work, step)


def time_out(work: Work, phase: str) -> None:
    """Fail the new nested stacks whose TimeoutInMinutes is over (AWS::CloudFormation::Stack; updates have none)."""
    for step in _timed(work, phase):
        inner = _inner_of(work, step)
        if inner is not None and step.deadline is not None and step.deadline <= work.now:
            _note_instance(step, inner)
            _fail(work, inner, step, _TIMED_OUT)


def next_time_out(work: Work, phase: str) -> list[int]:
    """When the next new nested stack must be there, if there is one with a time-out."""
    return sorted(step.deadline for step in _timed(work, phase) if step.deadline is not None)[:1]


def _timed(work: Work, phase: str) -> list[Step]:
    return [one for one in work.steps if one.phase == phase and one.deadline is not None and one.state == "pending"]


def failed_names(work: Work, phase: str, path: str) -> dict[str, list[str]]:
    """The logical ids of one stack whose steps in a phase failed or were cancelled, by what they were to do."""
    kinds: dict[str, list[str]] = {}
    for step in work.steps:
        if step.phase == phase and step.path == path and step.state in ("failed", "cancelled"):
            kinds.setdefault(_KINDS.get(step.verb, "update"), []).append(step.logical_id)
    return {kind: kinds[kind] for kind in ("create", "update", "delete") if kind in kinds}


def root_cause(work: Work, phase: str) -> str:
    """The first failure that was not that of something inside, after what the nested stacks around it say."""
    failed = [step for step in work.steps if step.phase == phase and step.state == "failed"]
    first = next((step for step in failed if step.verb not in _FAILED), next(iter(failed), None))
    if first is None:
        return ""
    around = {(step.path, step.logical_id): step.error for step in failed if step.verb in _FAILED}
    names = first.path.split("/") if first.path else []
    told = [around.get(("/".join(names[:depth]), name)) for depth, name in enumerate(names)]
    return " ".join(text.strip() for text in (*told, first.error) if text)


def _fail(work: Work, inner: Scope, step: Step, reason: str) -> None:
    """The nested stack has failed, and with it the resource that it is in the stack around it."""
    status = _FAILED[step.verb]
    work.tell_stack(inner, status, reason)
    message = _MESSAGES[step.verb].format(arn=inner.stack.arn, status=status, reason=reason)
    outcome.fail(work, step, "NotStabilized", message)


def _inner_of(work: Work, step: Step) -> Scope | None:
    """The nested stack that a step opens or closes, None if it does not exist yet."""
    if step.before is None:
        return work.scopes.get(joined(step.path, step.logical_id))
    scope = work.scopes.get(step.path)
    return work.inner(scope.instance(step.logical_id, step.before)) if scope else None


def _note_instance(step: Step, inner: Scope) -> None:
    """A step that closes a new nested stack learns only now which instance it is about."""
    if step.before is None and inner.holder is not None:
        step.after = inner.holder[1].incarnation


def _entered(work: Work, step: Step) -> Scope:
    inner = _inner_of(work, step)
    assert inner is not None
    return inner


def _open_new(work: Work, scope: Scope, step: Step, expand: Expand) -> None:
    instance = deploy.add_instance(work, scope, step)
    work.tell(scope, instance, "CREATE_IN_PROGRESS")
    model = deploy.desired_model(work, scope, step)
    inner = _new_scope(work, scope, instance)
    given = _given(work, scope, step, inner, model)
    work.set_state(scope, instance, given)
    expand(step, inner)
    instance.physical_id = inner.stack.arn
    work.add_stack(inner.stack)
    work.add_scope(inner)
    work.set_state(scope, instance, replace(given, reference=inner.stack.arn))
    work.tell(scope, instance, "CREATE_IN_PROGRESS", CREATION_INITIATED)
    _subscribe(work, inner)
    work.tell_stack(inner, "CREATE_IN_PROGRESS", USER_INITIATED)
    _set_time_out(work, step, str(model.get("TimeoutInMinutes", "")))


def _set_time_out(work: Work, opened: Step, minutes: str) -> None:
    """The step that closes a nested stack knows how long that may take."""
    if minutes.isdecimal():
        place = (opened.phase, opened.path, opened.logical_id, "create_close")
        closing = next(one for one in work.steps if (one.phase, one.path, one.logical_id, one.verb) == place)
        work.touch(closing)
        closing.deadline = work.now + int(minutes) * 60_000


def _new_scope(work: Work, scope: Scope, instance: Instance) -> Scope:
    path = joined(scope.path, instance.logical_id)
    planned = _planned(work, path)
    stack = new_stack(scope.stack, joined(scope.stack.path, instance.logical_id), planned.facts, work.now)
    known = planned if isinstance(planned, PlannedStack) else None
    inner = Scope(stack, known, (), path=path, holder=(scope, instance))
    inner.enter(scope.place)
    return inner


def _planned(work: Work, path: str) -> PlannedStack | Deferred:
    assert work.planned is not None
    return work.planned.stacks.get(path) or work.planned.deferred[path]


def _given(work: Work, scope: Scope, step: Step, inner: Scope, model: dict[str, Any]) -> State:
    """The state of a nested stack that is given these properties; it knows which of its parameters are secrets."""
    given = State(model=model, tags=deploy.tags_of(scope, step))
    declared = deploy.resource_of(scope, step).properties.get("Parameters", {})
    concealed = {name for name, text in given.parameters.items() if work.mask.secrets_in(text)}
    if concealed and step.logical_id not in _confidants(scope):
        concealed = set()
    if isinstance(declared, dict):
        concealed |= {name for name, value in declared.items() if holds_secret(value)}
    if inner.planned:
        concealed |= {name for name, one in inner.planned.evaluation.parameters.items() if one.no_echo}
    return replace(given, silent=tuple(parameter_name(name) for name in sorted(concealed) if name in given.parameters))


def _confidants(scope: Scope) -> frozenset[str]:
    assert scope.planned is not None
    return confidants_of(scope.planned.evaluation.resources, outputs.silent_resources(scope))


def _open_existing(work: Work, scope: Scope, step: Step, expand: Expand) -> None:
    instance, inner = scope.instance(step.logical_id, step.before), _entered(work, step)
    old, kept = scope.state(instance), instance.digest
    given = _given(work, scope, step, inner, deploy.desired_model(work, scope, step))
    scope.states[instance.logical_id, instance.incarnation] = replace(
        given, reference=old.reference, attributes=old.attributes
    )
    try:
        expand(step, inner)
    finally:
        scope.states[instance.logical_id, instance.incarnation] = old
    instance.previous_digest = kept
    scope.previous[instance.logical_id, instance.incarnation] = old
    work.set_state(scope, instance, replace(given, reference=old.reference, attributes=old.attributes))
    inner.enter(scope.place)
    work.tell(scope, instance, "UPDATE_IN_PROGRESS")
    _subscribe(work, inner)
    work.tell_stack(inner, "UPDATE_IN_PROGRESS", USER_INITIATED)


def _subscribe(work: Work, inner: Scope) -> None:
    """Have the topics of a nested stack told: its own, else those of the stack around it."""
    if inner.planned is not None:
        inner.stack.notification_arns = list(dict.fromkeys(inner.planned.facts.notification_arns))
    work.tell_topics(inner)


def _close_new(work: Work, scope: Scope, step: Step, _expand: Expand) -> None:
    inner = _entered(work, step)
    instance = _closed(work, scope, step, inner)
    instance.state = "live"
    scope.live[instance.logical_id] = instance
    work.tell_stack(inner, "CREATE_COMPLETE")
    work.tell(scope, instance, "CREATE_COMPLETE")


def _close_existing(work: Work, scope: Scope, step: Step, _expand: Expand) -> None:
    inner = _entered(work, step)
    instance = _closed(work, scope, step, inner)
    work.tell_stack(inner, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    work.tell(scope, instance, "UPDATE_COMPLETE")


def _closed(work: Work, scope: Scope, step: Step, inner: Scope) -> Instance:
    """Give the stack around a nested one its outputs. Raises TemplateError if one of them cannot be finished."""
    assert inner.holder is not None
    instance = inner.holder[1]
    _note_instance(step, inner)
    try:
        values = outputs.resolved(work, inner)
    except TemplateError as error:
        reason = work.mask.hide(error.message)
        work.tell_stack(inner, _FAILED[step.verb], reason)
        message = _MESSAGES[step.verb].format(arn=inner.stack.arn, status=inner.stack.status, reason=reason)
        raise TemplateError(message) from error
    old = scope.state(instance)
    parameters = tuple(parameter_name(name) for name in old.parameters if parameter_name(name) in old.silent)
    silent = tuple(f"Outputs.{name}" for name, value in values.items() if holds_secret(value))
    attributes = {f"Outputs.{name}": revealed(value) for name, value in values.items()}
    work.set_state(scope, instance, replace(old, attributes=attributes, silent=(*parameters, *silent)))
    return instance


def _restore(work: Work, scope: Scope, step: Step, _expand: Expand) -> None:
    inner = _entered(work, step)
    work.tell(scope, scope.instance(step.logical_id, step.before), "UPDATE_IN_PROGRESS")
    if inner.stack.status != "UPDATE_ROLLBACK_IN_PROGRESS":
        work.tell_stack(inner, "UPDATE_ROLLBACK_IN_PROGRESS")


def _restored(work: Work, scope: Scope, step: Step, _expand: Expand) -> None:
    inner, instance = _entered(work, step), scope.instance(step.logical_id, step.before)
    work.set_state(scope, instance, scope.previous[instance.logical_id, instance.incarnation])
    work.tell_stack(inner, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    work.tell(scope, instance, "UPDATE_COMPLETE")


def _delete(work: Work, scope: Scope, step: Step, _expand: Expand) -> None:
    inner = _entered(work, step)
    work.tell(scope, scope.instance(step.logical_id, step.before), "DELETE_IN_PROGRESS")
    if not _was_opened(work, inner):
        work.tell_topics(inner)
    work.tell_stack(inner, "DELETE_IN_PROGRESS", USER_INITIATED)


def _was_opened(work: Work, inner: Scope) -> bool:
    """Did the operation open the nested stack on its way forward?"""
    opened = (step for step in work.steps if step.verb in ("create_open", "update_open") and step.state == "done")
    return any(joined(step.path, step.logical_id) == inner.path for step in opened)


def _deleted(work: Work, scope: Scope, step: Step, _expand: Expand) -> None:
    inner, instance = _entered(work, step), scope.instance(step.logical_id, step.before)
    work.tell_stack(inner, "DELETE_COMPLETE")
    if scope.live.get(step.logical_id) is instance:
        del scope.live[step.logical_id]
    instance.state = "deleted"
    work.touch_instance(instance)
    work.tell(scope, instance, "DELETE_COMPLETE")


_STARTS: dict[str, Callable[[Work, Scope, Step, Expand], None]] = {
    "create_open": _open_new,
    "create_close": _close_new,
    "update_open": _open_existing,
    "update_close": _close_existing,
    "restore_open": _restore,
    "restore_close": _restored,
    "delete_open": _delete,
    "delete_close": _deleted,
}
_KINDS = {
    "create": "create",
    "create_open": "create",
    "create_close": "create",
    "delete": "delete",
    "delete_close": "delete",
}
