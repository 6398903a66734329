"""One resource that exists and stays: whether it changes, and all there is to say of it."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from manciple.template.change_set.causes import cause_of
from manciple.template.change_set.details import (
    CONTEXT_SECTIONS,
    SECTIONS,
    STACK_TAGS,
    Surroundings,
    details_of,
    replacement_of,
)
from manciple.template.change_set.known_values import Finish, known_properties, known_value
from manciple.template.change_set.model import (
    Change,
    Detail,
    Instance,
    PolicyAction,
    Replacement,
    ValueChange,
)
from manciple.template.change_set.value_details import certainty_of, value_details_of
from manciple.template.evaluation import Policy, Resource, Section
from manciple.template.resource_schemas import schema_of
from manciple.template.values import Value

_DEFAULT_POLICY: Policy = "Delete"
_REPLACE_ACTIONS: Mapping[Policy, PolicyAction] = {
    "Delete": "ReplaceAndDelete",
    "Retain": "ReplaceAndRetain",
    "RetainExceptOnCreate": "ReplaceAndRetain",
    "Snapshot": "ReplaceAndSnapshot",
}


def policy_action_of(replacement: Replacement, resource: Resource) -> PolicyAction | None:
    """What becomes of the old thing when a resource is replaced; None where nothing is replaced (rule 15)."""
    return None if replacement == "False" else _REPLACE_ACTIONS[resource.update_replace_policy]


class Side(msgspec.Struct, frozen=True):
    """A resource on one side of the change, and how its values are finished with what is known there."""

    resource: Resource
    finish: Finish

    def properties(self) -> dict[str, Value]:
        """The properties as far as they are known."""
        return known_properties(self.resource.properties, self.finish)

    def section(self, name: Section) -> Value | None:
        """Another part of the resource, likewise."""
        value = SECTIONS[name](self.resource)
        return None if value is None else known_value(value, self.finish)

    def sections(self) -> dict[str, Value]:
        """The parts that a context shows beside the properties; a policy that only says the default is none."""
        found = {name: self.section(name) for name in CONTEXT_SECTIONS}
        return {name: value for name, value in found.items() if value is not None and value != _DEFAULT_POLICY}


def modification(
    before: Side, after: Side, instance: Instance, around: Surroundings, *, tags_changed: bool
) -> Change | None:
    """The change of one resource, None if it stays as it is."""
    details = _details(before.resource, after.resource, around, tags_changed=tags_changed)
    if not details:
        return None
    old, new = before.properties(), after.properties()

    def values_at(detail: Detail) -> ValueChange:
        if detail.section == "Properties":
            return ValueChange(old.get(detail.property), new.get(detail.property))
        return ValueChange(before.section(detail.section), after.section(detail.section))

    replacement = replacement_of(details)
    change = Change(
        action="Modify",
        logical_id=after.resource.logical_id,
        resource_type=after.resource.type,
        physical_id=instance.physical_id,
        replacement=replacement,
        policy_action=policy_action_of(replacement, after.resource),
        details=details,
        value_details=tuple(value_details_of(details, values_at)),
        before=old,
        after=new,
        before_sections=before.sections(),
        after_sections=after.sections(),
        certainty=certainty_of(details, values_at),
    )
    return replace(change, cause=cause_of(change, after.resource, around))


def _details(before: Resource, after: Resource, around: Surroundings, *, tags_changed: bool) -> tuple[Detail, ...]:
    schema = schema_of(after.type)
    details = tuple(details_of(before, after, schema, around))
    reached_by_tags = tags_changed and schema is not None and schema.is_taggable
    return (*details, STACK_TAGS) if reached_by_tags else details
