"""The steps that follow on what was done: the clean-up after a commit, and the way back after a failure.

Both are written in the same transaction as the phase that they belong to. Deletes come last in either direction: the
way forward deletes nothing that the way back would need (types that must be deleted first are the named exception).
"""

from collections.abc import Callable, Iterable, Mapping

from manciple.engine.deploy import is_kept
from manciple.engine.forward import FORWARD, Span
from manciple.engine.rows import Instance, Step
from manciple.engine.scope import Scope
from manciple.engine.work import OUT_OF_REACH, Work
from manciple.template.stack_paths import joined

CLEANUP, ROLLBACK, ROLLBACK_CLEANUP = "cleanup", "rollback", "rollback_cleanup"


def add_deletes(work: Work, scope: Scope, instances: Iterable[Instance], phase: str) -> list[Span]:
    """Add a delete of each instance, dependents before what they depend on; of a nested stack, of all that is in it."""
    spans = {(one.logical_id, one.incarnation): _add_delete(work, scope, one, phase) for one in instances}
    by_name: dict[str, list[Span]] = {}
    for (logical_id, _), span in spans.items():
        by_name.setdefault(logical_id, []).append(span)
    for key, span in spans.items():
        for needed in scope.instances[key].dependencies:
            for other in by_name.get(needed, ()):
                work.add_need(other.first, span.last)
    return list(spans.values())


def _add_delete(work: Work, scope: Scope, instance: Instance, phase: str) -> Span:
    inner = work.inner(instance)
    if inner is None or is_kept(phase, instance):
        step = _add(work, scope, phase, "delete", instance.logical_id, instance.incarnation)
        return Span(step, step)
    first = _add(work, scope, phase, "delete_open", instance.logical_id, instance.incarnation)
    last = _add(work, scope, phase, "delete_close", instance.logical_id, instance.incarnation)
    work.add_need(last, first)
    for span in add_deletes(work, inner, there(inner), phase):
        work.add_need(span.first, first)
        work.add_need(last, span.last)
    return Span(first, last)


def there(scope: Scope) -> list[Instance]:
    """The instances of a stack that are still in reach."""
    return [one for one in scope.instances.values() if one.state not in OUT_OF_REACH]


def add_cleanup(work: Work, scope: Scope) -> None:
    """What a commit leaves to be deleted: replaced and removed instances, and the leftovers that the plan names."""
    leftovers = set(scope.planned.leftovers) if scope.planned else set()
    gone = [
        instance
        for key, instance in scope.instances.items()
        if instance.state in ("replaced", "removed") or (instance.state == "leftover" and key in leftovers)
    ]
    add_deletes(work, scope, gone, CLEANUP)


def add_rollback(work: Work) -> None:
    """Undo every step forward that did or may have done something, in reverse order of dependency.

    What was done in a nested stack that is new is undone by deleting that stack.
    """
    undone: dict[int, list[Step]] = {}
    made: dict[str, list[Instance]] = {}
    for step in _steps_to_undo(work):
        scope = work.scopes[step.path]
        if step.verb != "update_close":
            undone |= _UNDO[step.verb](work, scope, step) if step.state != "pending" else {}
        if step.after is not None and step.verb != "create_close":
            made.setdefault(step.path, []).append(scope.instance(step.logical_id, step.after))
    _reverse(work, undone)
    deletes = [step for steps in undone.values() for step in steps if step.verb == "delete"]
    earlier = {(step.path, step.logical_id, step.before) for step in deletes}
    for path, instances in made.items():
        left = [
            one
            for one in instances
            if (path, one.logical_id, one.incarnation) not in earlier and one.state != "deleted"
        ]
        add_deletes(work, work.scopes[path], left, ROLLBACK_CLEANUP)


def _steps_to_undo(work: Work) -> list[Step]:
    """The steps forward of the product's own stack and of nested ones that were there before."""
    forward = [step for step in work.steps if step.phase == FORWARD]
    new = {joined(step.path, step.logical_id) for step in forward if step.verb == "create_open"}
    return [step for step in forward if not new or new.isdisjoint(_around(step.path))]


def _around(path: str) -> Iterable[str]:
    """A path and those of the stacks around it."""
    names = path.split("/")
    return ("/".join(names[:depth]) for depth in range(1, len(names) + 1))


def _reverse(work: Work, undone: Mapping[int, list[Step]]) -> None:
    for number, needed in list(work.needs):
        for later in undone.get(needed, ()):
            for earlier in undone.get(number, ()):
                work.add_need(later, earlier)


Undone = dict[int, list[Step]]
"""The steps that undo, by the number of the step forward."""


def _undo_update(work: Work, scope: Scope, step: Step) -> Undone:
    return {step.number: [_add(work, scope, ROLLBACK, "restore", step.logical_id, step.before)]}


def _undo_replacement(work: Work, scope: Scope, step: Step) -> Undone:
    """The old instance is what the logical id stands for again; if it had to be deleted, it is made anew."""
    old = scope.instance(step.logical_id, step.before)
    if old.state != "gone":
        if old.state == "replaced":
            old.state = "live"
            work.touch_instance(old)
        scope.live[step.logical_id] = old
        return {step.number: [_add(work, scope, ROLLBACK, "keep", step.logical_id, step.before)]}
    recreate = _add(work, scope, ROLLBACK, "recreate", step.logical_id, step.before)
    delete = _add(work, scope, ROLLBACK, "delete", step.logical_id, step.after)
    work.add_need(recreate, delete)
    return {step.number: [delete, recreate]}


def _undo_opening(work: Work, scope: Scope, step: Step) -> Undone:
    """Open the nested stack again, undo what was done in it, close it: the step that closed it is undone first.

    That the last of these waits for the first follows from the steps forward, as all that is between them does.
    """
    if step.state != "done":
        return {}
    closing = next(one for one in work.steps if one.verb == "update_close" and _is_of(one, step))
    first = _add(work, scope, ROLLBACK, "restore_open", step.logical_id, step.before)
    last = _add(work, scope, ROLLBACK, "restore_close", step.logical_id, step.before)
    return {closing.number: [first], step.number: [last]}


def _is_of(step: Step, other: Step) -> bool:
    return (step.phase, step.path, step.logical_id) == (other.phase, other.path, other.logical_id)


def _undo_nothing(_work: Work, _scope: Scope, _step: Step) -> Undone:
    """A create is undone by the deletes of the clean-up; what was left alone needs nothing."""
    return {}


_UNDO: dict[str, Callable[[Work, Scope, Step], Undone]] = {
    "create": _undo_nothing,
    "create_open": _undo_nothing,
    "create_close": _undo_nothing,
    "modify": _undo_nothing,
    "replace": _undo_replacement,
    "update": _undo_update,
    "update_open": _undo_opening,
}


def _add(work: Work, scope: Scope, phase: str, verb: str, logical_id: str, incarnation: int | None) -> Step:
    step = Step(
        operation_id=work.operation.id,
        number=0,
        phase=phase,
        path=scope.path,
        logical_id=logical_id,
        verb=verb,
        before=incarnation,
    )
    return work.add_step(step)
