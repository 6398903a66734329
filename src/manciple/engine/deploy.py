"""Steps forward: what a step turns out to be once its values are known, and the call that it makes.

`start` decides and tells the first event; `request_of` says what the provider is sent. The second is a function of the
rows and the plan alone, so that a step found after a crash repeats the very same request under the very same token.
"""

from collections.abc import Callable
from typing import Any

from manciple.engine import events
from manciple.engine.providers.provider import Action, HandlerRequest
from manciple.engine.rows import Instance, Step
from manciple.engine.scope import Scope
from manciple.engine.work import Work
from manciple.template.change_set.paths import changed_paths
from manciple.template.evaluate import resolve
from manciple.template.evaluation import Resource
from manciple.template.resource_schemas import CUSTOM_NAMED, ResourceSchema, schema_of
from manciple.template.values import Value, revealed

KEPT = ("Retain", "RetainExceptOnCreate")
STATUS_PREFIXES = {
    "create": "CREATE",
    "create_close": "CREATE",
    "create_open": "CREATE",
    "delete": "DELETE",
    "delete_close": "DELETE",
    "delete_open": "DELETE",
    "keep": "UPDATE",
    "modify": "UPDATE",
    "recreate": "UPDATE",
    "replace": "UPDATE",
    "restore": "UPDATE",
    "restore_close": "UPDATE",
    "restore_open": "UPDATE",
    "update": "UPDATE",
    "update_close": "UPDATE",
    "update_open": "UPDATE",
}


class Refused(Exception):
    """A step cannot be done; the text says why."""


def start(work: Work, step: Step) -> bool:
    """Begin a pending step; False if it is over without a call.

    Raises Refused, or TemplateError, if it cannot be done.
    """
    scope = work.scopes[step.path]
    needs_call = _STARTS[step.verb](work, scope, step)
    if needs_call:
        step.state = "started"
        step.token = token_of(work, step)
    work.touch(step)
    return needs_call


def token_of(work: Work, step: Step) -> str:
    """`<operation>/<stack path>/<logical id>/<incarnation>/<verb>`."""
    verb = action_of(work.scopes[step.path], step) if step.verb == "replace" else step.verb
    incarnation = step.before if verb in ("delete", "update", "restore") else step.after
    return f"{step.operation_id}/{step.path}/{step.logical_id}/{incarnation}/{verb}"


def subject_of(scope: Scope, step: Step) -> Instance:
    """The instance that the step's next call is about."""
    creates = action_of(scope, step) == "create"
    return scope.instance(step.logical_id, step.after if creates else step.before)


def action_of(scope: Scope, step: Step) -> Action:
    """The handler that the step's next call goes to: types that delete first replace in two calls."""
    if step.verb == "replace" and _deletes_first(scope, step):
        return "delete"
    return _ACTIONS[step.verb]


def request_of(work: Work, step: Step) -> HandlerRequest:
    """What the provider is sent. Raises TemplateError if a value cannot be resolved."""
    scope = work.scopes[step.path]
    action = action_of(scope, step)
    instance = subject_of(scope, step)
    state = scope.state(instance)
    model, tags = state.model if action == "delete" else _model(work, scope, step), tags_of(scope, step)
    return HandlerRequest(
        token=step.token or "",
        action=action,
        type=instance.type,
        place=scope.place,
        stack_id=scope.stack.arn,
        stack_name=scope.stack.name,
        logical_id=step.logical_id,
        physical_id=None if action == "create" else instance.physical_id,
        model=model,
        previous_model=state.model if action == "update" else {},
        tags=tags,
        previous_tags=state.tags if action == "update" else {},
        origin="" if action == "create" else state.origin,
        sensitive=() if action == "delete" else work.mask.secrets_in([model, *tags.values()]),
        snapshot=action == "delete" and instance.deletion_policy == "Snapshot",
        creation_policy=_creation_policy(scope, step) if action == "create" else None,
    )


def _creation_policy(scope: Scope, step: Step) -> Value | None:
    """The policy of what is created; what an undo makes again is not waited for."""
    if step.verb == "recreate" or scope.planned is None:
        return None
    policy = resource_of(scope, step).creation_policy
    return None if policy is None else revealed(resolve(policy, scope.bindings, scope.planned.facts))


def tags_of(scope: Scope, step: Step) -> dict[str, str]:
    """The stack's tags that the resource gets."""
    if step.verb in ("restore", "recreate"):
        return _earlier(scope, step)[1]
    return scope.tags


def _model(work: Work, scope: Scope, step: Step) -> dict[str, Any]:
    return _earlier(scope, step)[0] if step.verb in ("restore", "recreate") else desired_model(work, scope, step)


def _earlier(scope: Scope, step: Step) -> tuple[dict[str, Any], dict[str, str]]:
    """The model and tags that an undo brings back."""
    key = (step.logical_id, step.before or 0)
    state = scope.previous[key] if step.verb == "restore" else scope.states[key]
    return state.model, state.tags


def desired_model(work: Work, scope: Scope, step: Step) -> dict[str, Any]:
    """The resource's properties with every reference resolved and every secret revealed; resolved once a slice."""
    if step.number not in work.models:
        assert scope.planned is not None
        properties = resource_of(scope, step).properties
        model = revealed(resolve(properties, scope.bindings, scope.planned.facts))
        assert isinstance(model, dict)
        work.models[step.number] = model
    return work.models[step.number]


def resource_of(scope: Scope, step: Step) -> Resource:
    """The resource that a step forward is about, as planned."""
    assert scope.planned is not None
    return scope.planned.evaluation.resources[step.logical_id]


def _start_create(work: Work, scope: Scope, step: Step) -> bool:
    instance = add_instance(work, scope, step)
    work.tell(scope, instance, "CREATE_IN_PROGRESS")
    desired_model(work, scope, step)
    return True


def _start_modify(work: Work, scope: Scope, step: Step) -> bool:
    """Leave alone what is as it should be; else update in place, or replace if that is needed and was planned.

    A change that is certain although no property differs is one of metadata or policies: no provider knows of those.
    """
    assert scope.planned is not None
    permit = scope.planned.permits[step.logical_id]
    resource = resource_of(scope, step)
    instance = scope.instance(step.logical_id, step.before)
    model = desired_model(work, scope, step)
    schema = schema_of(resource.type) or ResourceSchema()
    if not _differs(scope, instance, model, schema):
        step.state = "skipped"
        if permit.is_certain:
            work.tell(scope, instance, "UPDATE_IN_PROGRESS")
            work.tell(scope, instance, "UPDATE_COMPLETE")
        return False
    recreation = _property_to_recreate(schema, scope.state(instance).model, model)
    if recreation is None:
        step.verb = "update"
        instance.previous_digest = instance.digest
        scope.previous[instance.logical_id, instance.incarnation] = scope.state(instance)
        work.touch_instance(instance)
        work.tell(scope, instance, "UPDATE_IN_PROGRESS")
        return True
    if not permit.allows_replacement:
        raise Refused(
            f"The plan did not allow for {step.logical_id} to be replaced, "
            f"but its create-only property {recreation} turned out to change."
        )
    _refuse_kept_name(work, scope, step, model)
    _start_replacement(work, scope, step, instance)
    return True


def _refuse_kept_name(work: Work, scope: Scope, step: Step, model: dict[str, Value]) -> None:
    """A thing cannot stand beside its replacement where both have the name that the template gives."""
    instance = scope.instance(step.logical_id, step.before)
    schema, state = schema_of(instance.type) or ResourceSchema(), scope.state(instance)
    name = schema.kept_name(state.attributes | state.model, model)
    if name is not None and not _deletes_first(scope, step):
        work.tell(scope, instance, "UPDATE_IN_PROGRESS")
        raise Refused(CUSTOM_NAMED.format(name))


def _start_replacement(work: Work, scope: Scope, step: Step, old: Instance) -> None:
    step.verb = "replace"
    work.tell(scope, old, "UPDATE_IN_PROGRESS", events.REPLACING)
    add_instance(work, scope, step)


def _start_delete(work: Work, scope: Scope, step: Step) -> bool:
    instance = scope.instance(step.logical_id, step.before)
    if is_kept(step.phase, instance):
        instance.state = "retained"
        work.tell(scope, instance, "DELETE_SKIPPED")
    elif instance.physical_id is None:
        instance.state = "deleted"
        if step.logical_id not in scope.live:
            work.tell(scope, instance, "DELETE_COMPLETE")
    else:
        work.tell(scope, instance, "DELETE_IN_PROGRESS")
        return True
    if scope.live.get(step.logical_id) is instance:
        del scope.live[step.logical_id]
    work.touch_instance(instance)
    step.state = "done"
    return False


def _start_restore(work: Work, scope: Scope, step: Step) -> bool:
    work.tell(scope, scope.instance(step.logical_id, step.before), "UPDATE_IN_PROGRESS")
    return True


def _start_recreate(work: Work, scope: Scope, step: Step) -> bool:
    instance = add_instance(work, scope, step)
    work.tell(scope, instance, "UPDATE_IN_PROGRESS")
    return True


def _start_keep(work: Work, scope: Scope, step: Step) -> bool:
    work.tell(scope, scope.instance(step.logical_id, step.before), "UPDATE_COMPLETE")
    step.state = "done"
    return False


def _again(_work: Work, _scope: Scope, _step: Step) -> bool:
    """A replacement that has deleted first goes on with its create."""
    return True


_STARTS: dict[str, Callable[[Work, Scope, Step], bool]] = {
    "create": _start_create,
    "delete": _start_delete,
    "keep": _start_keep,
    "modify": _start_modify,
    "recreate": _start_recreate,
    "replace": _again,
    "restore": _start_restore,
}
_ACTIONS: dict[str, Action] = {
    "create": "create",
    "delete": "delete",
    "modify": "update",
    "recreate": "create",
    "replace": "create",
    "restore": "update",
    "update": "update",
}


def add_instance(work: Work, scope: Scope, step: Step) -> Instance:
    """The instance that a step is going to create."""
    step.after = scope.next_incarnation(step.logical_id)
    made_of = _old_form(scope, step) if step.verb == "recreate" else _new_form(scope, step)
    instance = Instance(stack_id=scope.stack.id, logical_id=step.logical_id, incarnation=step.after, **made_of)
    return work.add_instance(scope, instance)


def _old_form(scope: Scope, step: Step) -> dict[str, Any]:
    old = scope.instance(step.logical_id, step.before)
    return {"type": old.type, "dependencies": old.dependencies, "deletion_policy": old.deletion_policy}


def _new_form(scope: Scope, step: Step) -> dict[str, Any]:
    resource = resource_of(scope, step)
    return {
        "type": resource.type,
        "dependencies": sorted(resource.dependencies),
        "deletion_policy": resource.deletion_policy,
    }


def _deletes_first(scope: Scope, step: Step) -> bool:
    """Must the old instance of a replacement go before the new one comes, and is it still there?"""
    old = scope.instances.get((step.logical_id, step.before or 0))
    if old is None or old.state == "gone" or resource_of(scope, step).update_replace_policy in KEPT:
        return False
    schema = schema_of(old.type)
    return schema is not None and schema.replaces_by_deleting_first


def is_kept(phase: str, instance: Instance) -> bool:
    """Does the deletion policy keep the instance? RetainExceptOnCreate does not in the undo of its creation."""
    if phase == "rollback_cleanup":
        return instance.deletion_policy == "Retain" and instance.physical_id is not None
    return instance.deletion_policy in KEPT and instance.physical_id is not None


def _differs(scope: Scope, instance: Instance, model: dict[str, Value], schema: ResourceSchema) -> bool:
    state = scope.state(instance)
    if model != state.model:
        return True
    return schema.is_taggable and own_tags(scope.tags) != own_tags(state.tags)


def own_tags(tags: dict[str, str]) -> dict[str, str]:
    """Tags without those that the catalog sets: AutoTags never count as a change."""
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def _property_to_recreate(schema: ResourceSchema, old: dict[str, Any], new: dict[str, Any]) -> str | None:
    """The first property whose change takes a new resource."""
    for name in {**old, **new}:
        for path in changed_paths(old.get(name), new.get(name), name):
            if schema.requires_recreation(path) == "Always":
                return name
    return None
