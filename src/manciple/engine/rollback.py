"""The steps that follow on what was done: the clean-up after a commit, and the way back after a failure.

Both are written in the same transaction as the phase that they belong to. Deletes come last in either direction: the
way forward deletes nothing that the way back would need (types that must be deleted first are the named exception).
"""

from collections.abc import Callable, Iterable, Mapping

from manciple.engine.rows import Instance, Step
from manciple.engine.work import Scope, Work

CLEANUP, ROLLBACK, ROLLBACK_CLEANUP = "cleanup", "rollback", "rollback_cleanup"


def add_deletes(work: Work, scope: Scope, instances: Iterable[Instance], phase: str) -> None:
    """Add a delete of each instance, dependents before what they depend on."""
    steps = {
        (one.logical_id, one.incarnation): _add(work, scope, phase, "delete", one.logical_id, one.incarnation)
        for one in instances
    }
    by_name: dict[str, list[Step]] = {}
    for (logical_id, _), step in steps.items():
        by_name.setdefault(logical_id, []).append(step)
    for key, step in steps.items():
        for needed in scope.instances[key].dependencies:
            for other in by_name.get(needed, ()):
                work.add_need(other, step)


def add_cleanup(work: Work, scope: Scope) -> None:
    """What a commit leaves to be deleted: replaced and removed instances, and the leftovers that the plan names."""
    leftovers = set(work.planned.leftovers) if work.planned else set()
    gone = [
        instance
        for key, instance in scope.instances.items()
        if instance.state in ("replaced", "removed") or (instance.state == "leftover" and key in leftovers)
    ]
    add_deletes(work, scope, gone, CLEANUP)


def add_rollback(work: Work, scope: Scope) -> None:
    """Undo every step forward that did or may have done something, in reverse order of dependency."""
    undone: dict[int, list[Step]] = {}
    made = []
    for step in [step for step in work.steps if step.phase == "forward" and step.path == scope.stack.path]:
        undone[step.number] = _UNDO[step.verb](work, scope, step) if step.state != "pending" else []
        if step.after is not None:
            made.append(scope.instance(step.logical_id, step.after))
    _reverse(work, undone)
    deletes = [step for steps in undone.values() for step in steps if step.verb == "delete"]
    earlier = {(step.logical_id, step.before) for step in deletes}
    left = [one for one in made if (one.logical_id, one.incarnation) not in earlier and one.state != "deleted"]
    add_deletes(work, scope, left, ROLLBACK_CLEANUP)


def _reverse(work: Work, undone: Mapping[int, list[Step]]) -> None:
    for number, needed in list(work.needs):
        for later in undone.get(needed, ()):
            for earlier in undone.get(number, ()):
                work.add_need(later, earlier)


def _undo_update(work: Work, scope: Scope, step: Step) -> list[Step]:
    return [_add(work, scope, ROLLBACK, "restore", step.logical_id, step.before)]


def _undo_replacement(work: Work, scope: Scope, step: Step) -> list[Step]:
    """The old instance is what the logical id stands for again; if it had to be deleted, it is made anew."""
    old = scope.instance(step.logical_id, step.before)
    if old.state != "gone":
        if old.state == "replaced":
            old.state = "live"
            work.touch_instance(old)
        scope.live[step.logical_id] = old
        return [_add(work, scope, ROLLBACK, "keep", step.logical_id, step.before)]
    recreate = _add(work, scope, ROLLBACK, "recreate", step.logical_id, step.before)
    delete = _add(work, scope, ROLLBACK, "delete", step.logical_id, step.after)
    work.add_need(recreate, delete)
    return [delete, recreate]


def _undo_nothing(_work: Work, _scope: Scope, _step: Step) -> list[Step]:
    """A create is undone by the deletes of the clean-up; what was left alone needs nothing."""
    return []


_UNDO: dict[str, Callable[[Work, Scope, Step], list[Step]]] = {
    "create": _undo_nothing,
    "modify": _undo_nothing,
    "replace": _undo_replacement,
    "update": _undo_update,
}


def _add(work: Work, scope: Scope, phase: str, verb: str, logical_id: str, incarnation: int | None) -> Step:
    step = Step(
        operation_id=work.operation.id,
        number=0,
        phase=phase,
        path=scope.stack.path,
        logical_id=logical_id,
        verb=verb,
        before=incarnation,
    )
    return work.add_step(step)
