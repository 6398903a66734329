"""What a change set is made of.

Field values are spelled as CloudFormation's DescribeChangeSet spells them (`Modify`, `ReplaceAndDelete`,
`DirectModification`); the renderers only arrange them.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from manciple.template.evaluation import Evaluation, Resource, Section
from manciple.template.resource_schemas import Recreation
from manciple.template.values import Bindings, Bound, Value

Action: TypeAlias = Literal["Add", "Modify", "Remove"]
Replacement: TypeAlias = Literal["True", "False", "Conditional"]
Attribute: TypeAlias = Section | Literal["Tags"]
Evaluated: TypeAlias = Literal["Static", "Dynamic"]
Source: TypeAlias = Literal[
    "DirectModification", "ParameterReference", "ResourceReference", "ResourceAttribute", "Automatic"
]
PolicyAction: TypeAlias = Literal[
    "Delete", "Retain", "Snapshot", "ReplaceAndDelete", "ReplaceAndRetain", "ReplaceAndSnapshot"
]
Certainty: TypeAlias = Literal["certain", "if changed", "expanded at execution"]
ChangeType: TypeAlias = Literal["Add", "Modify", "Remove", "Reorder"]
Encoding: TypeAlias = Literal["json", "base64"]


class Instance(msgspec.Struct, frozen=True):
    """The one physical thing that a deployed logical id stands for.

    `resource` is what it was made from, where that is not what the deployed evaluation says: a failed operation that
    could not be rolled back leaves such things behind, and the next change set starts from them.
    """

    physical_id: str
    bound: Bound
    resource: Resource | None = None


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack is now: the evaluation it was last brought to, and what exists of it.

    A resource of `evaluation` without an instance does not exist (its creation never succeeded): the next
    change set adds it. `tags` are the stack's tags, `arguments` what its parameters stand for, of a nested stack.
    """

    evaluation: Evaluation
    instances: Mapping[str, Instance] = {}
    tags: Mapping[str, str] = {}
    arguments: Mapping[str, Value] = {}

    def existing(self) -> dict[str, Resource]:
        """The resources that exist, by logical id, as they were last made."""
        declared = self.evaluation.resources
        made = {name: instance.resource or declared.get(name) for name, instance in self.instances.items()}
        return {name: resource for name, resource in made.items() if resource is not None}

    def bindings(self) -> Bindings:
        """What `Ref` and `Fn::GetAtt` give today, by logical id."""
        given = {name: Bound(value, {}) for name, value in self.arguments.items()}
        return given | {logical_id: instance.bound for logical_id, instance in self.instances.items()}


class ValueChange(msgspec.Struct, frozen=True):
    """The values of what changes; `before` is None where it is added, `after` where it is removed."""

    before: Value | None
    after: Value | None

    @property
    def kind(self) -> Literal["Add", "Remove", "Modify"]:
        """CloudFormation's AttributeChangeType."""
        if self.before is None:
            return "Add"
        return "Remove" if self.after is None else "Modify"


class PathChange(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """One value that changes. Values are text; objects and lists that come or go as a whole are JSON text.

    `before_value` is None where it is added, `after_value` where it is removed; secrets are four stars. `encoding`
    tells how the value stood inside the property.
    """

    path: str
    change_type: ChangeType
    before_value: str | None = None
    after_value: str | None = None
    encoding: Encoding | None = None


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why one attribute or property of a resource changes.

    `section` and `property` say where in the template (`property` is top-level, empty outside Properties; of tags
    it leads to the item: `Tags/0/Value`), `attribute` and `name` how CloudFormation calls it. `causing_entity` is a
    parameter, a logical id or `LogicalId.Attribute`; `values` is there in the form with property values only.
    """

    section: Section
    property: str = ""
    attribute: Attribute
    name: str | None = None
    requires_recreation: Recreation = "Never"
    evaluation: Evaluated = "Static"
    source: Source | None = "DirectModification"
    causing_entity: str | None = None
    values: ValueChange | None = None

    def place(self) -> tuple[Section, str]:
        """The section and the top-level property."""
        return self.section, self.property.partition("/")[0]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one resource, in both of CloudFormation's forms.

    The form without property values has `details`. The form with them (IncludePropertyValues) has
    `value_details` and the contexts: `before` and `after` are the resource's properties as far as they are
    known, secrets and all. The two forms list different things: a dependent whose value is the same today is
    in the first only. `cause` tells the story from its beginning: the parameter, the references it travels
    along, the property it ends in, and why that replaces. `steady` are attributes of a nested stack that surely
    stay as they are, whatever changes in it.
    """

    action: Action
    logical_id: str
    resource_type: str
    physical_id: str | None = None
    replacement: Replacement | None = None
    policy_action: PolicyAction | None = None
    details: tuple[Detail, ...] = ()
    value_details: tuple[Detail, ...] = ()
    before: Mapping[str, Value] | None = None
    after: Mapping[str, Value] | None = None
    before_sections: Mapping[str, Value] = {}
    after_sections: Mapping[str, Value] = {}
    certainty: Certainty = "certain"
    cause: tuple[str, ...] = ()
    steady: frozenset[str] = frozenset()

    @property
    def listed_with_values(self) -> bool:
        """Does the form with property values show this change?"""
        return self.action != "Modify" or bool(self.value_details)


_PERMITTED: Mapping[Replacement | None, tuple[Replacement, ...]] = {
    "True": ("True", "False"),
    "Conditional": ("True", "False"),
    "False": ("False",),
    None: (),
}


class ChangeSet(msgspec.Struct, frozen=True, kw_only=True):
    """What a template would change in a stack; `changes` are in order of logical id.

    `leftovers` are removals of what earlier operations could not delete. `parameter_changes` and `output_changes` tell
    what else changes, with secrets as four stars. `warning` says why values are missing that could be known by now.
    `nested` are the change sets of nested stacks by path, at any depth.
    """

    changes: Mapping[str, Change]
    leftovers: tuple[Change, ...] = ()
    outputs_changed: bool = False
    creates_stack: bool = False
    parameter_changes: tuple[PathChange, ...] = ()
    output_changes: tuple[PathChange, ...] = ()
    warning: str | None = None
    nested: Mapping[str, "ChangeSet"] = {}

    @property
    def listed(self) -> tuple[Change, ...]:
        """Every change that is shown: those that the template asks for, then the removals of leftovers."""
        return (*self.changes.values(), *self.leftovers)

    @property
    def stacks(self) -> dict[str, "ChangeSet"]:
        """This change set and those of nested stacks, by path."""
        return {"": self, **dict(sorted(self.nested.items()))}

    @property
    def has_changes(self) -> bool:
        """Is there anything to execute? An update without is refused (rule 18); a new stack may be empty."""
        return bool(self.listed) or self.outputs_changed or self.creates_stack

    def permits(self, logical_id: str, action: Action, replacement: Literal["True", "False"] = "False") -> bool:
        """May execution do this to that resource? (The promise: done is a subset of planned.)

        The action must be the planned one and a modification never harder than planned: an announced
        replacement may turn out to be an update, an announced update may not turn out to replace.
        `replacement` matters for Modify.
        """
        change = self.changes.get(logical_id)
        if change is None or change.action != action:
            return False
        return action != "Modify" or replacement in _PERMITTED[change.replacement]
