"""What a commit writes: the stacks that were made or updated are deployed, their exports hold, clean-up is to come."""

from collections.abc import Iterable, Mapping

from manciple.engine import exports, rollback
from manciple.engine.deploy import is_kept
from manciple.engine.forward import FORWARD
from manciple.engine.planned import encode_stack
from manciple.engine.rows import Instance
from manciple.engine.scope import Scope
from manciple.engine.work import Work
from manciple.store.database import Transaction
from manciple.template.stack_paths import joined

_CLOSINGS = ("create_close", "update_close")


def made_stacks(work: Work) -> list[Scope]:
    """The stacks that the way forward has made or updated: the product's own, then the nested ones."""
    closed = [step for step in work.steps if step.phase == FORWARD and step.verb in _CLOSINGS and step.state == "done"]
    return [work.root, *(work.scopes[joined(step.path, step.logical_id)] for step in closed)]


def remember(tx: Transaction, work: Work, made: Iterable[Scope], exported: Mapping[str, Mapping[str, str]]) -> None:
    """Make what was done the deployed state. Raises ExportError for an export that somebody else has or uses.

    Exports come first: what is refused has changed nothing in memory, where the way back begins.
    """
    stacks = list(made)
    _settle_exports(tx, work, stacks, exported)
    for scope in stacks:
        assert scope.planned is not None
        _line_up(work, scope)
        scope.stack.deployed_digest = work.objects.put(tx, encode_stack(scope.planned), sealed=True)
        scope.stack.revision += 1
        rollback.add_cleanup(work, scope)
        work.touch_stack(scope.stack)


def _settle_exports(tx: Transaction, work: Work, made: list[Scope], exported: Mapping[str, Mapping[str, str]]) -> None:
    names = exports.imported(work.planned) if work.planned else ()
    if work.planned and names:
        exports.claim(tx, work.root.stack, work.planned, work.operation.id)
    exports.settle_claims(tx, work.root.stack, names)
    for stack in _leaving(work, made):
        exports.put(tx, stack.stack, {})
    for scope in made:
        exports.put(tx, scope.stack, exported[scope.path])


def _leaving(work: Work, made: Iterable[Scope]) -> list[Scope]:
    """The nested stacks that the clean-up is going to delete, with those nested in them."""
    found: list[Scope] = []
    waiting = [one for scope in made for one in scope.instances.values() if _leaves(scope, one)]
    for instance in waiting:
        inner = work.inner(instance)
        if inner is not None and not is_kept(rollback.CLEANUP, instance):
            found.append(inner)
            waiting.extend(rollback.there(inner))
    return found


def _leaves(scope: Scope, instance: Instance) -> bool:
    """Does the new template no longer have it?"""
    assert scope.planned is not None
    is_wanted = instance.logical_id in scope.planned.evaluation.resources
    return instance.state == "removed" or (instance.state == "live" and not is_wanted)


def _line_up(work: Work, scope: Scope) -> None:
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


def forget_the_way(work: Work) -> None:
    """At the end nobody needs the states before, nor what had to be deleted first."""
    for scope in work.scopes.values():
        for instance in scope.instances.values():
            if instance.previous_digest is not None or instance.state == "gone":
                instance.previous_digest = None
                instance.state = "deleted" if instance.state == "gone" else instance.state
                work.touch_instance(instance)
