"""What an answer makes of a step and its instance: done, in progress, to be tried again, or failed."""

import uuid
from typing import Any

import msgspec

from manciple.engine import deploy, events
from manciple.engine.limits import Limits
from manciple.engine.providers.provider import TRANSIENT, HandlerRequest, ProgressEvent
from manciple.engine.rows import Instance, Step
from manciple.engine.scope import Scope, State
from manciple.engine.work import Work

CANCELLED = "Cancelled"


def apply(work: Work, step: Step, request: HandlerRequest, answer: ProgressEvent, limits: Limits) -> None:
    """Take note of a provider's answer."""
    work.touch(step)
    scope = work.scopes[step.path]
    instance = deploy.subject_of(scope, step)
    if answer.status == "FAILED" and request.action == "delete" and answer.error_code == "NotFound":
        answer = ProgressEvent(status="SUCCESS", physical_id=instance.physical_id)
    if request.action == "create" and answer.error_code == "AlreadyExists":
        _disown(work, instance)
    elif request.action == "create" and answer.physical_id:
        _identify(work, scope, step, request, answer)
    for note in answer.notes:
        work.tell(scope, instance, f"{deploy.STATUS_PREFIXES[step.verb]}_IN_PROGRESS", note)
    if answer.status == "SUCCESS":
        _SUCCESSES[request.action](work, scope, step, request, answer)
    elif answer.status == "FAILED":
        _retry_or_fail(work, step, answer, limits)
    elif request.is_overdue:
        fail(work, step, "NotStabilized", handler_message(step, "NotStabilized", "Exceeded attempts to wait"))
    else:
        _wait(work, step, answer)


def _wait(work: Work, step: Step, answer: ProgressEvent) -> None:
    """Let the handler be called again after its delay, or sooner by a signal; what is bound may have one already."""
    step.state = "waiting"
    step.context = _sealed(work, answer.callback_context)
    if answer.timeout_ms is not None:
        step.deadline = work.now + answer.timeout_ms
    delay = 0 if answer.binds else answer.delay_ms
    step.not_before = min(work.now + delay, step.deadline or work.now + delay)


def fail(work: Work, step: Step, code: str, reason: str) -> None:
    """End a step as failed and tell why, without secrets."""
    step.state = "cancelled" if code == CANCELLED else "failed"
    step.error_code, step.error = code, work.mask.hide(reason)
    work.touch(step)
    scope = work.scopes[step.path]
    instance = scope.instances.get((step.logical_id, step.after or step.before or 0))
    if instance is not None:
        if instance.state == "creating" and instance.physical_id is None:
            instance.state = "failed"
            work.touch_instance(instance)
        work.tell(scope, instance, f"{deploy.STATUS_PREFIXES[step.verb]}_FAILED", reason)


def cancel(work: Work, step: Step) -> None:
    """Interrupt a step whose handler is in progress: another failed, or the operation is called back."""
    fail(work, step, CANCELLED, cancelled_reason(step))


def cancelled_reason(step: Step) -> str:
    """Why an interrupted step came to nothing, in CloudFormation's words."""
    creates = deploy.STATUS_PREFIXES[step.verb] == "CREATE"
    return events.CREATION_CANCELLED if creates else events.UPDATE_CANCELLED


def with_context(work: Work, step: Step, request: HandlerRequest) -> HandlerRequest:
    """The request of a waiting step carries the callback context that its handler gave."""
    if step.context is None:
        return request
    context: dict[str, Any] = msgspec.json.decode(work.objects.seal.open(step.context))
    return msgspec.structs.replace(request, callback_context=context)


def handler_message(step: Step, code: str, message: str) -> str:
    """A handler's error as CloudFormation words it."""
    token = uuid.uuid5(uuid.NAMESPACE_URL, step.token or "")
    return f'Resource handler returned message: "{message}" (RequestToken: {token}, HandlerErrorCode: {code})'


def _sealed(work: Work, context: dict[str, Any] | None) -> bytes | None:
    return None if context is None else work.objects.seal.close(msgspec.json.encode(context))


def _disown(work: Work, instance: Instance) -> None:
    """What was there before a create is none of the stack's, whatever was said on the way: nothing deletes it."""
    if instance.physical_id is not None:
        instance.physical_id = None
        work.touch_instance(instance)


def _identify(work: Work, scope: Scope, step: Step, request: HandlerRequest, answer: ProgressEvent) -> None:
    """A create tells its physical id with its first answer; what does not come to be at once is remembered as begun."""
    instance = deploy.subject_of(scope, step)
    if instance.physical_id == answer.physical_id:
        return
    instance.physical_id = answer.physical_id
    work.touch_instance(instance)
    if answer.status == "SUCCESS":
        scope.states[instance.logical_id, instance.incarnation] = State(reference=answer.reference or "")
    else:
        work.set_state(scope, instance, _state(request, instance, answer))
    if answer.is_initiated and answer.status != "FAILED":
        work.tell(scope, instance, f"{deploy.STATUS_PREFIXES[step.verb]}_IN_PROGRESS", events.CREATION_INITIATED)


def _retry_or_fail(work: Work, step: Step, answer: ProgressEvent, limits: Limits) -> None:
    code, message = answer.error_code or "GeneralServiceException", answer.message or "no reason given"
    step.attempts += 1
    if code in TRANSIENT and not answer.is_final and step.attempts < limits.attempts:
        step.state, step.context = "started", None
        step.not_before = work.now + limits.backoff * 2 ** (step.attempts - 1)
        step.error_code, step.error = code, work.mask.hide(message)
    else:
        fail(work, step, code, message if answer.verbatim else handler_message(step, code, message))


def _created(work: Work, scope: Scope, step: Step, request: HandlerRequest, answer: ProgressEvent) -> None:
    instance = deploy.subject_of(scope, step)
    old = scope.live.get(step.logical_id)
    if old is not None and old is not instance and old.state == "live":
        old.state = "replaced"
        work.touch_instance(old)
    instance.state = "live"
    scope.live[step.logical_id] = instance
    work.set_state(scope, instance, _state(request, instance, answer))
    _finish(work, scope, step, instance)


def _updated(work: Work, scope: Scope, step: Step, request: HandlerRequest, answer: ProgressEvent) -> None:
    instance = deploy.subject_of(scope, step)
    if answer.physical_id not in (None, instance.physical_id):
        instance = _moved(work, scope, step, instance, answer)
    work.set_state(scope, instance, _state(request, instance, answer))
    _finish(work, scope, step, instance)


def _moved(work: Work, scope: Scope, step: Step, old: Instance, answer: ProgressEvent) -> Instance:
    """The instance that an update has made in place of the old one, which the clean-up deletes.

    Where an undo did so the clean-up is written already: the old one is left over for the next plan.
    """
    work.tell(scope, old, "UPDATE_IN_PROGRESS", events.REPLACED_BY_PROVIDER)
    old.state = "replaced" if step.verb == "update" else "leftover"
    work.touch_instance(old)
    step.after = scope.next_incarnation(old.logical_id)
    step.verb = "replace" if step.verb == "update" else step.verb
    new = Instance(
        stack_id=old.stack_id,
        logical_id=old.logical_id,
        incarnation=step.after,
        type=old.type,
        physical_id=answer.physical_id,
        state="live",
        dependencies=old.dependencies,
        deletion_policy=old.deletion_policy,
    )
    scope.live[old.logical_id] = new
    return work.add_instance(scope, new)


def _deleted(work: Work, scope: Scope, step: Step, _request: HandlerRequest, _answer: ProgressEvent) -> None:
    """The instance is gone; a replacement that had to delete first goes on with its create."""
    instance = deploy.subject_of(scope, step)
    if scope.live.get(step.logical_id) is instance:
        del scope.live[step.logical_id]
    if step.verb == "replace":
        instance.state = "gone"
        step.state, step.attempts, step.context, step.not_before = "pending", 0, None, 0
    else:
        instance.state = "deleted"
        _finish(work, scope, step, instance)
    work.touch_instance(instance)


def _finish(work: Work, scope: Scope, step: Step, instance: Instance) -> None:
    step.state, step.context, step.error_code, step.error = "done", None, None, None
    work.tell(scope, instance, f"{deploy.STATUS_PREFIXES[step.verb]}_COMPLETE")


def _state(request: HandlerRequest, instance: Instance, answer: ProgressEvent) -> State:
    reference = answer.reference or instance.physical_id or ""
    return State(
        model=request.model,
        attributes=answer.attributes,
        reference=reference,
        tags=request.tags,
        no_echo=answer.no_echo,
        origin=answer.origin,
    )


_SUCCESSES = {"create": _created, "update": _updated, "delete": _deleted}
