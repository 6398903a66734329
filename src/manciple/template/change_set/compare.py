"""Two states of a stack compared: what execution would add, modify, replace and remove.

Resources are visited in dependency order, each once: what a resource reads has been judged when its own turn
comes, so replacements and changed attributes travel along references without recursion and without a second
look.
"""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from manciple.errors import TemplateError
from manciple.template.change_set.details import Surroundings, logical_id_of
from manciple.template.change_set.known_values import Finish, finisher
from manciple.template.change_set.model import Change, ChangeSet, Deployed, PolicyAction
from manciple.template.change_set.modification import Side, modification
from manciple.template.change_set.stack_values import output_changes, parameter_changes
from manciple.template.evaluation import Evaluation, Parameter, Policy, Resource
from manciple.template.values import Bound

TYPE_CHANGED = (
    "Update of resource type is not permitted. The new template modifies resource type of the following resources: [{}]"
)
"""CloudFormation's words (aws/aws-sam-cli issue 6786)."""

SYSTEM_TAGS = "aws:"
"""Tags that the catalog and CloudFormation set themselves begin so; they are no change of a plan."""

REMOVE_ACTIONS: Mapping[Policy, PolicyAction] = {
    "Delete": "Delete",
    "Retain": "Retain",
    "RetainExceptOnCreate": "Retain",
    "Snapshot": "Snapshot",
}
_NOTHING_DEPLOYED = Deployed(evaluation=Evaluation(resources={}))


def change_set(before: Deployed | None, after: Evaluation, tags: Mapping[str, str] | None = None) -> ChangeSet:
    """What has to happen to bring a stack from what is deployed to what `after` asks for.

    `before` is None for a new stack. `tags` are the stack's tags from now on; None leaves them as they are.
    Raises TemplateError if a logical id would change its type, which CloudFormation refuses.
    """
    deployed = before or _NOTHING_DEPLOYED
    _refuse_changed_types(deployed, after)
    tags_changed = tags is not None and _own(tags) != _own(deployed.tags)
    known: dict[str, Bound] = {}
    today, then = finisher(deployed.bindings()), finisher(known)
    changes = _changes(deployed, after, known, today, then, tags_changed=tags_changed)
    old = deployed.evaluation
    return ChangeSet(
        changes=dict(sorted(changes.items())),
        outputs_changed=before is not None and old.outputs != after.outputs,
        creates_stack=before is None,
        parameter_changes=tuple(parameter_changes(old.parameters, after.parameters)),
        output_changes=tuple(output_changes(old.outputs, after.outputs, today, then)),
    )


def _changes(
    deployed: Deployed, after: Evaluation, known: dict[str, Bound], today: Finish, then: Finish, *, tags_changed: bool
) -> dict[str, Change]:
    """The changes by logical id. `known` takes in every resource that stays, for whoever reads it."""
    changes: dict[str, Change] = {}
    around = _surroundings(deployed.evaluation.parameters, after.parameters, changes)
    existing = deployed.existing()
    for logical_id in _dependencies_first(after.resources):
        resource = after.resources[logical_id]
        old = existing.get(logical_id)
        if old is None:
            changes[logical_id] = _addition(Side(resource, then))
            continue
        instance = deployed.instances[logical_id]
        change = modification(Side(old, today), Side(resource, then), instance, around, tags_changed=tags_changed)
        if change is not None:
            changes[logical_id] = change
        if change is None or change.replacement != "True":
            known[logical_id] = instance.bound
    gone = (resource for logical_id, resource in existing.items() if logical_id not in after.resources)
    return changes | {resource.logical_id: _removal(resource, deployed) for resource in gone}


def _addition(side: Side) -> Change:
    return Change(
        action="Add",
        logical_id=side.resource.logical_id,
        resource_type=side.resource.type,
        after=side.properties(),
        after_sections=side.sections(),
    )


def _removal(resource: Resource, deployed: Deployed) -> Change:
    """AWS shows every reference of a removed resource as unknown, even to what stays (rule 11)."""
    side = Side(resource, finisher({}))
    return Change(
        action="Remove",
        logical_id=resource.logical_id,
        resource_type=resource.type,
        physical_id=deployed.instances[resource.logical_id].physical_id,
        policy_action=REMOVE_ACTIONS[resource.deletion_policy],
        before=side.properties(),
        before_sections=side.sections(),
    )


def _dependencies_first(resources: Mapping[str, Resource]) -> Iterable[str]:
    graph = TopologicalSorter[str]()
    for logical_id, resource in resources.items():
        reads = (logical_id_of(read) for read in resource.reads if read.kind != "parameter")
        graph.add(logical_id, *(name for name in {*resource.dependencies, *reads} if name in resources))
    return graph.static_order()


def _surroundings(
    before: Mapping[str, Parameter], after: Mapping[str, Parameter], changes: Mapping[str, Change]
) -> Surroundings:
    """A parameter counts by what it is given; what a stored one resolves to counts as plain text (rule 4)."""
    old = {name: parameter.given for name, parameter in before.items()}
    resolved = {name: parameter.resolved for name, parameter in before.items()}
    return Surroundings(
        parameters={name for name, parameter in after.items() if old.get(name) != parameter.given},
        stored={name for name, parameter in after.items() if resolved.get(name) != parameter.resolved},
        changes=changes,
    )


def _refuse_changed_types(deployed: Deployed, after: Evaluation) -> None:
    asked = after.resources
    changed = [name for name, old in deployed.existing().items() if name in asked and asked[name].type != old.type]
    if changed:
        raise TemplateError(TYPE_CHANGED.format(", ".join(changed)))


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith(SYSTEM_TAGS)}
