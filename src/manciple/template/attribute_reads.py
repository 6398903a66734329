"""Where an evaluated template still waits for attributes of resources: in resources and in outputs."""

from collections.abc import Iterator
from typing import NamedTuple

from manciple.template.change_set.paths import is_function
from manciple.template.evaluation import Evaluation
from manciple.template.intrinsics import get_att, sub
from manciple.template.values import Value


class AttributeRead(NamedTuple):
    """One attribute of one resource, and the function that reads it, by its path in the evaluated template."""

    path: str
    logical_id: str
    attribute: str


def attribute_reads(evaluation: Evaluation) -> Iterator[AttributeRead]:
    """Every read of an attribute, those of resources first."""
    for resource in evaluation.resources.values():
        if any(read.kind == "attribute" for read in resource.reads):
            yield from _reads(resource.properties, f"Resources/{resource.logical_id}/Properties")
            yield from _reads(resource.metadata or "", f"Resources/{resource.logical_id}/Metadata")
    for output in evaluation.outputs.values():
        yield from _reads(output.value, f"Outputs/{output.name}/Value")


def _reads(value: Value, path: str) -> Iterator[AttributeRead]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _reads(item, f"{path}/{position}")
    elif isinstance(value, dict):
        for key, member in value.items():
            if is_function(value) and key in _READERS:
                yield from (AttributeRead(f"{path}/{key}", *read) for read in _READERS[key](member))
            yield from _reads(member, f"{path}/{key}")


def _got(argument: Value) -> Iterator[tuple[str, str]]:
    match argument:
        case [str(logical_id), str(attribute)]:
            yield logical_id, attribute


def _substituted(argument: Value) -> Iterator[tuple[str, str]]:
    for name in sub.variables(argument):
        logical_id, dot, attribute = name.partition(".")
        if dot:
            yield logical_id, attribute


_READERS = {get_att.NAME: _got, sub.NAME: _substituted}
