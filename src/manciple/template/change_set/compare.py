"""Two states of a stack compared: what execution would add, modify, replace and remove.

Resources are visited in dependency order, each once: what a resource reads has been judged when its own turn
comes, so replacements and changed attributes travel along references without recursion and without a second
look.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import TypeAlias

import msgspec

from manciple.errors import TemplateError
from manciple.template.change_set.details import Surroundings, logical_id_of
from manciple.template.change_set.known_values import Finish, finisher
from manciple.template.change_set.model import Change, ChangeSet, Deployed, Evaluated, PolicyAction
from manciple.template.change_set.modification import Side, modification
from manciple.template.change_set.stack_values import output_changes, parameter_changes
from manciple.template.evaluation import STACK_TYPE, Evaluation, Parameter, Policy, Resource
from manciple.template.values import Bindings, Bound

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


class Outlook(msgspec.Struct, frozen=True):
    """What is known of the resources that a nested stack reads, at the time when its own turn comes.

    `settled` binds what surely stays as it is, `known` what there is today, even if it may change.
    """

    settled: Bindings
    known: Bindings


Nested: TypeAlias = Callable[[Resource, Change | None, Outlook], Change | None]
"""Plans a nested stack that is added, changed or left alone by its own properties; answers what becomes of it."""


def change_set(
    before: Deployed | None,
    after: Evaluation,
    tags: Mapping[str, str] | None = None,
    *,
    unsettled: Mapping[str, Evaluated] | None = None,
    nested: Nested | None = None,
) -> ChangeSet:
    """What has to happen to bring a stack from what is deployed to what `after` asks for.

    `before` is None for a new stack. `tags` are the stack's tags from now on; None leaves them as they are.
    `unsettled` are the parameters of a nested stack that only execution can tell. Raises TemplateError if a logical id
    would change its type, which CloudFormation refuses.
    """
    deployed = before or _NOTHING_DEPLOYED
    _refuse_changed_types(deployed, after)
    tags_changed = tags is not None and _own(tags) != _own(deployed.tags)
    unsettled = unsettled or {}
    known = {name: Bound(value, {}) for name, value in deployed.arguments.items() if unsettled.get(name) == "Dynamic"}
    today, then = finisher(deployed.bindings()), finisher(known)
    changes = _Comparison(deployed, after, known, unsettled, nested).changes(today, then, tags_changed=tags_changed)
    old = deployed.evaluation
    return ChangeSet(
        changes=dict(sorted(changes.items())),
        outputs_changed=before is not None and old.outputs != after.outputs,
        creates_stack=before is None,
        parameter_changes=tuple(parameter_changes(old.parameters, after.parameters)),
        output_changes=tuple(output_changes(old.outputs, after.outputs, today, then)),
    )


class _Comparison:
    """The changes of one stack by logical id. `known` takes in every resource that stays, for whoever reads it."""

    def __init__(
        self,
        deployed: Deployed,
        after: Evaluation,
        known: dict[str, Bound],
        unsettled: Mapping[str, Evaluated],
        nested: Nested | None,
    ) -> None:
        self.deployed = deployed
        self.after = after
        self.known = known
        self.found: dict[str, Change] = {}
        self.around = _surroundings(deployed.evaluation.parameters, after.parameters, self.found, unsettled)
        self.outlook = Outlook(_Settled(known, self.around), known)
        self.nested = nested

    def changes(self, today: Finish, then: Finish, *, tags_changed: bool) -> dict[str, Change]:
        existing = self.deployed.existing()
        for logical_id in _dependencies_first(self.after.resources):
            resource = self.after.resources[logical_id]
            old, new = existing.get(logical_id), Side(resource, then)
            change = _addition(new) if old is None else self._change(Side(old, today), new, tags_changed=tags_changed)
            if resource.type == STACK_TYPE and self.nested is not None:
                change = self.nested(resource, change, self.outlook)
            if change is not None:
                self.found[logical_id] = change
            if old is not None and (change is None or change.replacement != "True"):
                self.known[logical_id] = self.deployed.instances[logical_id].bound
        gone = (resource for logical_id, resource in existing.items() if logical_id not in self.after.resources)
        return self.found | {resource.logical_id: _removal(resource, self.deployed) for resource in gone}

    def _change(self, before: Side, after: Side, *, tags_changed: bool) -> Change | None:
        instance = self.deployed.instances[after.resource.logical_id]
        return modification(before, after, instance, self.around, tags_changed=tags_changed)


class _Settled(Mapping[str, Bound]):
    """Bindings of what stays as it is: all of an unchanged resource, of one that is not replaced what is steady."""

    def __init__(self, known: Mapping[str, Bound], around: Surroundings) -> None:
        self._known = known
        self._around = around

    def __getitem__(self, name: str) -> Bound:
        bound, change = self._known[name], self._around.changes.get(name)
        if name in self._around.unsettled or (change is not None and change.replacement != "False"):
            raise KeyError(name)
        if change is None:
            return bound
        steady = {attribute: bound.attributes[attribute] for attribute in change.steady & bound.attributes.keys()}
        return Bound(bound.reference, steady)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


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
    before: Mapping[str, Parameter],
    after: Mapping[str, Parameter],
    changes: Mapping[str, Change],
    unsettled: Mapping[str, Evaluated],
) -> Surroundings:
    """A parameter counts by what it is given; what a stored one resolves to counts as plain text (rule 4)."""
    old = {name: parameter.given for name, parameter in before.items()}
    resolved = {name: parameter.resolved for name, parameter in before.items()}
    return Surroundings(
        parameters={name for name, parameter in after.items() if old.get(name) != parameter.given},
        stored={name for name, parameter in after.items() if resolved.get(name) != parameter.resolved},
        changes=changes,
        unsettled=unsettled,
    )


def _refuse_changed_types(deployed: Deployed, after: Evaluation) -> None:
    asked = after.resources
    changed = [name for name, old in deployed.existing().items() if name in asked and asked[name].type != old.type]
    if changed:
        raise TemplateError(TYPE_CHANGED.format(", ".join(changed)))


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith(SYSTEM_TAGS)}
