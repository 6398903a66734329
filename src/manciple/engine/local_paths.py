"""Paths on the author's machine, which `aws cloudformation package` would have turned into places in S3.

Which properties can hold one is data (`engine/data/packaged_properties.json`). `documents` are objects in a template
that is ready: any text there is a path. `addresses` are text: a path is known by how it begins. `directives` begin the
one key of an object that a packaging tool would have replaced, wherever it stands.
"""

from functools import cache
from importlib.resources import files

import msgspec

from manciple.errors import TemplateError
from manciple.template.evaluation import Evaluation, Resource
from manciple.template.values import Value

_PATH_BEGINS = ("./", "../", "/", "~/", "file:")
_ADDRESS_BEGINS = ("s3://", "http://", "https://")


class _Directive(msgspec.Struct, frozen=True):
    tool: str
    source: str


class _Table(msgspec.Struct, frozen=True):
    source: str
    documents: dict[str, tuple[str, ...]]
    addresses: dict[str, tuple[str, ...]]
    directives: dict[str, _Directive]


def refuse_local_paths(evaluation: Evaluation) -> None:
    """Raise TemplateError, naming resource, property and path, if an active resource holds a path to package."""
    table = _table()
    for resource in evaluation.resources.values():
        for path in table.documents.get(resource.type, ()):
            _refuse(resource, path, is_document=True)
        for path in table.addresses.get(resource.type, ()):
            _refuse(resource, path, is_document=False)
        for name, value in resource.properties.items():
            _refuse_directives(resource, name, value)


def _refuse(resource: Resource, path: str, *, is_document: bool) -> None:
    value = _at(resource.properties, path)
    if not isinstance(value, str) or value.startswith(_ADDRESS_BEGINS):
        return
    if is_document or value.startswith(_PATH_BEGINS):
        raise TemplateError(
            f"Property {path.replace('/', '.')} of resource {resource.logical_id} is the local path {value}; "
            "run `aws cloudformation package` and publish the template that it writes.",
            path=f"Resources/{resource.logical_id}/Properties/{path}",
            line=resource.line,
        )


def _refuse_directives(resource: Resource, path: str, value: Value) -> None:
    if isinstance(value, str):
        return
    members = enumerate(value) if isinstance(value, list) else value.items()
    for name, member in members:
        for prefix, directive in _table().directives.items() if len(value) == 1 else ():
            if str(name).startswith(prefix):
                raise TemplateError(
                    f"{name} in property {path.replace('/', '.')} of resource {resource.logical_id} is for a tool to "
                    f"replace; run `{directive.tool}` and publish the template that it writes.",
                    path=f"Resources/{resource.logical_id}/Properties/{path}",
                    line=resource.line,
                )
        _refuse_directives(resource, f"{path}/{name}", member)


def _at(properties: dict[str, Value], path: str) -> Value | None:
    found: Value | None = properties
    for step in path.split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    return found


@cache
def _table() -> _Table:
    content = files("manciple.engine").joinpath("data", "packaged_properties.json").read_bytes()
    return msgspec.json.decode(content, type=_Table)
