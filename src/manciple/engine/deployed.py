"""What exists of a stack, as the change set wants to know it, and what should not exist any more.

After a good end that is what its template says. An operation that failed and could not be rolled back leaves other
things behind, and the next plan starts from those (blueprint, section 6).
"""

from msgspec.structs import replace

from manciple.engine.planned import PlannedStack
from manciple.engine.rows import Instance as Row
from manciple.engine.scope import Scope
from manciple.errors import TemplateError
from manciple.template.change_set import REMOVE_ACTIONS, Change, Deployed, Instance
from manciple.template.evaluate import resolve
from manciple.template.evaluation import Evaluation, Facts, Resource
from manciple.template.values import Secret, Value, revealed

_ASTRAY = ("UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED")
"""Statuses of a stack whose resources need not be what its template says."""


def nothing_deployed(scope: Scope) -> PlannedStack:
    """A nested stack that exists although no operation that made it came to a good end."""
    stack, place = scope.stack, scope.place
    facts = Facts(account=place.account, region=place.region, stack_name=stack.name, stack_id=stack.arn)
    return PlannedStack(evaluation=Evaluation(resources={}), facts=facts)


def deployed_of(root: Scope, scope: Scope, stack: PlannedStack) -> Deployed:
    """A stack as it was last deployed, with the things that really exist. `root` is the product's own."""
    is_astray = root.stack.status in _ASTRAY
    instances = {}
    for logical_id, row in scope.live.items():
        state = scope.state(row)
        made_of = _made_of(scope, stack, row) if is_astray else None
        instances[logical_id] = Instance(state.reference or row.physical_id or "", state.bound, made_of)
    return Deployed(
        evaluation=stack.evaluation,
        instances=instances,
        tags=stack.tags | scope.held.own_tags,
        arguments=scope.arguments(stack.evaluation.parameters),
    )


def removals_of_leftovers(scope: Scope) -> tuple[Change, ...]:
    """The removals of what earlier operations could not delete: a plan tries again."""
    return tuple(
        Change(
            action="Remove",
            logical_id=row.logical_id,
            resource_type=row.type,
            physical_id=scope.state(row).reference or row.physical_id,
            policy_action=REMOVE_ACTIONS[row.deletion_policy],
            cause=("leftover: an earlier operation could not delete it",),
        )
        for row in scope.instances.values()
        if row.state == "leftover"
    )


def _made_of(scope: Scope, stack: PlannedStack, row: Row) -> Resource:
    """The resource as it is: as declared where that still holds, else with what its provider was last sent."""
    model = scope.state(row).model
    declared = stack.evaluation.resources.get(row.logical_id) or Resource(
        logical_id=row.logical_id, type=row.type, deletion_policy=row.deletion_policy
    )
    properties = {
        name: declared.properties[name] if _holds(scope, stack, declared, name, value) else _concealed(value)
        for name, value in model.items()
    }
    return replace(declared, properties=properties)


def _holds(scope: Scope, stack: PlannedStack, declared: Resource, name: str, value: Value) -> bool:
    """Is a property what was declared? One that reads what is gone is not."""
    if name not in declared.properties:
        return False
    try:
        bindings = scope.bindings_of(stack.evaluation.parameters)
        return revealed(resolve(declared.properties[name], bindings, stack.facts)) == value
    except TemplateError:
        return False


def _concealed(value: Value) -> Value:
    """The value with every text as a secret: what a failed operation left may hold one that nobody remembers."""
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, list):
        return [_concealed(item) for item in value]
    return {key: _concealed(item) for key, item in value.items()}
