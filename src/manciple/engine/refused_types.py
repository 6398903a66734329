"""Resource types with a published schema that the engine must not simulate: doing as if would be a hollow success.

Which types, and why, is data (`engine/data/refused_types.json`).
"""

from functools import cache
from importlib.resources import files

import msgspec

from manciple.errors import TemplateError
from manciple.template.evaluation import Evaluation


class RefusedType(msgspec.Struct, frozen=True):
    """Why a type is refused, and the page that says more."""

    reason: str
    source: str


def refuse_types(evaluation: Evaluation) -> None:
    """Raise TemplateError, naming the resource and the reason, if an active resource is of a refused type."""
    for resource in evaluation.resources.values():
        if found := _table().get(resource.type):
            raise TemplateError(
                f"Resource {resource.logical_id} of type {resource.type} is not supported: {found.reason}.",
                path=f"Resources/{resource.logical_id}/Type",
                line=resource.line,
            )


@cache
def _table() -> dict[str, RefusedType]:
    content = files("manciple.engine").joinpath("data", "refused_types.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, RefusedType])
