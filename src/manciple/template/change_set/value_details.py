"""The details of the form with property values, made from those without (rules 8, 9 and 12)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from manciple.template.change_set.known_values import holds_unknown
from manciple.template.change_set.model import Certainty, Detail, ValueChange
from manciple.template.change_set.paths import changed_values

Place: TypeAlias = tuple[str, str]
ValuesAt: TypeAlias = Callable[[Detail], ValueChange]


def value_details_of(details: Iterable[Detail], values_at: ValuesAt) -> Iterator[Detail]:
    """Details with values; a place whose value is the same today is left out, as AWS does.

    Where a replaced resource is all that changes a value, AWS adds a direct modification.
    """
    for group in _by_place(details).values():
        if group[0].source is None:
            yield from group
            continue
        for path, values in _places(group[0], values_at(group[0])):
            yield from (replace(detail, property=path, values=values) for detail in _with_direct(group))


def _places(detail: Detail, values: ValueChange) -> Iterator[tuple[str, ValueChange]]:
    """Where values differ: the property as a whole, of tags each item's part (user guide, "Example change sets").

    Tags that are listed as a property like any other are one whole (recorded of topics and parameters).
    """
    if values.before == values.after:
        return
    is_whole = detail.attribute != "Tags" or values.kind != "Modify"
    yield from [(detail.property, values)] if is_whole else changed_values(values, detail.property)


def certainty_of(details: Iterable[Detail], values_at: ValuesAt) -> Certainty:
    """Will execution surely do this, or only if a value that is known then turns out different?"""
    groups = _by_place(details).values()
    return "certain" if any(_is_certain(group, values_at(group[0])) for group in groups) else "if changed"


def _is_certain(group: Sequence[Detail], values: ValueChange) -> bool:
    if group[0].source is None or (values.before is None) != (values.after is None):
        return True
    hangs_on_a_resource = any(detail.source in ("ResourceReference", "ResourceAttribute") for detail in group)
    return values.before != values.after and not hangs_on_a_resource and not holds_unknown(values.after)


def _by_place(details: Iterable[Detail]) -> Mapping[Place, list[Detail]]:
    groups: dict[Place, list[Detail]] = {}
    for detail in details:
        groups.setdefault(detail.place(), []).append(detail)
    return groups


def _with_direct(group: Sequence[Detail]) -> Iterator[Detail]:
    yield from group
    if all(detail.source != "DirectModification" for detail in group):
        yield replace(group[0], evaluation="Dynamic", source="DirectModification", causing_entity=None)
