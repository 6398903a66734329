"""The story of a change, from its beginning: what people ask first when they read a plan."""

from collections.abc import Mapping, Sequence

from manciple.template.change_set.details import HARDER, SOURCES, Surroundings, logical_id_of
from manciple.template.change_set.model import Change, Detail
from manciple.template.evaluation import Read, Resource

_KEPT_STEPS = 6
_REPLACEMENT_STEPS = {"True": ("replacement: create-only",), "Conditional": ("replacement: possible",)}


def cause_of(change: Change, resource: Resource, around: Surroundings) -> tuple[str, ...]:
    """The steps from the first cause to the property that changes, and to the replacement if there is one."""
    detail = max(change.details, key=_weight)
    read = _read_behind(detail, resource, around)
    place = f"{resource.logical_id}.{detail.name or detail.attribute}"
    replacement = _REPLACEMENT_STEPS.get(change.replacement or "", ())
    return (*(_steps_to(read, around.changes) if read else ()), place, *replacement)


def _weight(detail: Detail) -> tuple[int, bool, bool]:
    """What tells most: what replaces, what is sure, what names a cause."""
    return (
        HARDER[detail.requires_recreation],
        detail.evaluation == "Static",
        detail.causing_entity is not None,
    )


def _read_behind(detail: Detail, resource: Resource, around: Surroundings) -> Read | None:
    """The read that a detail comes from; of a direct one, the stored parameter that has another value now."""
    here = [read for read in resource.reads if (read.section, read.property) == (detail.section, detail.property)]
    if detail.causing_entity is None:
        return next((read for read in here if read.kind == "parameter" and read.name in around.stored), None)
    return next(read for read in here if SOURCES[read.kind] == detail.source and read.name == detail.causing_entity)


def _steps_to(read: Read, changes: Mapping[str, Change]) -> tuple[str, ...]:
    if read.kind == "parameter":
        return (f"Parameter {read.name}", f"Ref {read.name}")
    earlier = _shortened(changes[logical_id_of(read)].cause)
    return (*earlier, f"{'Ref' if read.kind == 'resource' else 'GetAtt'} {read.name}")


def _shortened(steps: Sequence[str]) -> tuple[str, ...]:
    """A long story keeps its beginning and its end, so that a chain of thousands stays readable and cheap."""
    if len(steps) <= 2 * _KEPT_STEPS:
        return tuple(steps)
    return (*steps[:_KEPT_STEPS], "…", *steps[1 - _KEPT_STEPS :])
