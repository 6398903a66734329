"""Why one resource changes: a detail for each cause and each place it acts on (rules 2 to 7, 13 and 17)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import attrgetter

import msgspec
from msgspec.structs import replace

from manciple.template.change_set.model import Change, Detail, Evaluated, Replacement, Source
from manciple.template.change_set.paths import changed_paths, paths_that_mention
from manciple.template.evaluation import Read, Resource, Section
from manciple.template.resource_schemas import Recreation, ResourceSchema
from manciple.template.values import Value

SOURCES: Mapping[str, Source] = {
    "parameter": "ParameterReference",
    "resource": "ResourceReference",
    "attribute": "ResourceAttribute",
}
SECTIONS: Mapping[Section, Callable[[Resource], Value | None]] = {
    "Metadata": attrgetter("metadata"),
    "CreationPolicy": attrgetter("creation_policy"),
    "UpdatePolicy": attrgetter("update_policy"),
    "DeletionPolicy": attrgetter("deletion_policy"),
    "UpdateReplacePolicy": attrgetter("update_replace_policy"),
}
"""The parts of a resource beside its properties whose change is listed; DependsOn is none (rule 16)."""

CONTEXT_SECTIONS: tuple[Section, ...] = ("Metadata", "UpdateReplacePolicy", "DeletionPolicy")
"""The parts that contexts show beside the properties (user guide, "Create change sets", the example with values)."""

STACK_TAGS = Detail(section="Properties", attribute="Tags", source=None)
"""A changed stack tag reaches every taggable resource."""

INSIDE = Detail(section="Properties", attribute="Properties", evaluation="Dynamic", source="Automatic")
"""A nested stack of which nothing is changed but what is in it (ResourceChangeDetail in CloudFormation's API reference:
`Automatic` entities are nested stacks)."""

HARDER: Mapping[Recreation, int] = {"Never": 0, "Conditionally": 1, "Always": 2}
"""What a change of a property requires, in order."""


class Surroundings(msgspec.Struct, frozen=True):
    """What else changes: the changes of the resources it depends on, and parameters.

    `parameters` are new or given another value; `stored` resolve to another value (whatever they are given).
    `unsettled` are a nested stack's whose value only execution can tell: it will be another (Static) or may be.
    """

    parameters: Collection[str]
    stored: Collection[str]
    changes: Mapping[str, Change]
    unsettled: Mapping[str, Evaluated] = {}

    def effect(self, read: Read) -> Evaluated | None:
        """What it means to read that thing: it changes (Static), it may change (Dynamic), or nothing."""
        if read.kind == "parameter":
            return "Static" if read.name in self.parameters else self.unsettled.get(read.name)
        change = self.changes.get(logical_id_of(read))
        if change is None or read.name.partition(".")[2] in change.steady:
            return None
        if change.action == "Add" or change.replacement == "True":
            return "Static"
        return "Dynamic" if read.kind == "attribute" or change.replacement == "Conditional" else None


def logical_id_of(read: Read) -> str:
    """The resource that a Ref or GetAtt reads."""
    return read.name.partition(".")[0]


def details_of(
    before: Resource, after: Resource, schema: ResourceSchema | None, around: Surroundings
) -> Iterator[Detail]:
    """Every reason why `before` has to become `after`."""
    effects = _effects(after.reads, around)
    for name in {**before.properties, **after.properties}:
        old, new = before.properties.get(name), after.properties.get(name)
        acting = effects.get(("Properties", name), {})
        if old != new or acting:
            target = _target(name, schema, old, new, acting)
            yield from _reasons(target, around, changed=old != new, acting=acting)
    for section, part in SECTIONS.items():
        changed = part(before) != part(after)
        yield from _reasons(
            Detail(section=section, attribute=section), around, changed=changed, acting=effects.get((section, ""), {})
        )


def _effects(reads: Iterable[Read], around: Surroundings) -> dict[tuple[str, str], dict[Read, Evaluated]]:
    """What is read that changes or may change, by section and property."""
    effects: dict[tuple[str, str], dict[Read, Evaluated]] = {}
    for read in reads:
        effect = around.effect(read)
        if effect is not None:
            effects.setdefault((read.section, read.property), {})[read] = effect
    return effects


def _target(
    name: str, schema: ResourceSchema | None, old: Value | None, new: Value | None, acting: Iterable[Read]
) -> Detail:
    target = Detail(section="Properties", property=name, attribute="Properties", name=name)
    if schema is None:
        return target
    target = replace(target, requires_recreation=_recreation(schema, name, old, new, acting))
    if name == schema.tag_property and schema.tag_attribute == "Tags":
        return replace(target, attribute="Tags", name=None)
    return target


def _recreation(
    schema: ResourceSchema, name: str, old: Value | None, new: Value | None, acting: Iterable[Read]
) -> Recreation:
    """The hardest requirement of what changes inside the property: only a part of it may be create-only."""
    whole = schema.requires_recreation(name)
    if whole != "Conditionally":
        return whole
    causes = {logical_id_of(read) for read in acting}
    places = [*changed_paths(old, new, name), *paths_that_mention(causes, new, name)]
    return max(map(schema.requires_recreation, places), key=HARDER.__getitem__, default=whole)


def _reasons(
    target: Detail, around: Surroundings, *, changed: bool, acting: Mapping[Read, Evaluated]
) -> Iterator[Detail]:
    """A detail for each cause; a parameter that is known counts only where the value changed with it."""
    causes = {
        read: effect
        for read, effect in acting.items()
        if changed or read.kind != "parameter" or read.name in around.unsettled
    }
    for read, effect in causes.items():
        yield replace(target, evaluation=effect, source=SOURCES[read.kind], causing_entity=read.name)
    if changed:
        explained = "Static" in causes.values()
        yield replace(target, evaluation="Dynamic" if explained else "Static")


def replacement_of(details: Iterable[Detail]) -> Replacement:
    """What a modification with these details comes to (ResourceChange in CloudFormation's API reference)."""
    requirements = {(detail.requires_recreation, detail.evaluation) for detail in details}
    if ("Always", "Static") in requirements:
        return "True"
    return "Conditional" if any(recreation != "Never" for recreation, _ in requirements) else "False"
