"""What exists in the sandbox, or was made outside by products, as the Cloud Control API reads it.

https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_GetResource.html and API_ListResources.html.
(GetResource, ListResources.) Differs from AWS on purpose: every type that the sandbox simulates can be read and listed,
with all its properties; of what is real the list gives identifiers, and only what products made is shown.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from manciple.api.model import Shape, text
from manciple.engine.living import Unreadable, real_identifiers
from manciple.engine.simulation import find_resource, list_resources
from manciple.errors import (
    InvalidRequestException,
    ResourceNotFoundException,
    TypeNotFoundException,
    UnsupportedActionException,
)
from manciple.operations.call import Context, Runtime, operation
from manciple.operations.caller import Caller
from manciple.operations.own.page_tokens import read_token, write_token
from manciple.template.resource_schemas import ResourceSchema, is_known, schema_of

MOST = 100

TypeName = Annotated[str, text(10, 196, r"[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}")]
Identifier = Annotated[str, text(1, 1024, r".+")]
NextToken = Annotated[str, text(1, 4096, r".+")]
MaxResults = Annotated[int, msgspec.Meta(ge=1, le=MOST)]
ResourceModel = Annotated[str, text(1, 262_144, sensitive=True)]


class GetResourceInput(Shape, frozen=True, kw_only=True):
    """What GetResource takes: the primary identifier as text or JSON, any other identifier as JSON."""

    identifier: Identifier = msgspec.field(name="Identifier")
    type_name: TypeName = msgspec.field(name="TypeName")


class ListResourcesInput(Shape, frozen=True, kw_only=True):
    """What ListResources takes; `resource_model` is JSON text, and what is listed has its members."""

    max_results: MaxResults | None = msgspec.field(default=None, name="MaxResults")
    next_token: NextToken | None = msgspec.field(default=None, name="NextToken")
    resource_model: ResourceModel | None = msgspec.field(default=None, name="ResourceModel")
    type_name: TypeName = msgspec.field(name="TypeName")


class UnsupportedInput(Shape, frozen=True, kw_only=True):
    """What an operation takes that this API has not."""

    name: str
    type_name: str = ""


class ResourceDescription(Shape, frozen=True, kw_only=True):
    """A resource: its primary identifier, its properties as JSON text."""

    identifier: str = msgspec.field(name="Identifier")
    properties: str = msgspec.field(name="Properties")


class GetResourceOutput(Shape, frozen=True, kw_only=True):
    """What GetResource answers."""

    resource_description: ResourceDescription = msgspec.field(name="ResourceDescription")
    type_name: str = msgspec.field(name="TypeName")


class ListResourcesOutput(Shape, frozen=True, kw_only=True):
    """What ListResources answers; without a token that is all."""

    next_token: str | None = msgspec.field(default=None, name="NextToken")
    resource_descriptions: list[ResourceDescription] = msgspec.field(name="ResourceDescriptions")
    type_name: str = msgspec.field(name="TypeName")


class RealResourceOutput(GetResourceOutput, frozen=True, kw_only=True):
    """What GetResource answers of a resource outside the sandbox."""


class RealResourcesOutput(ListResourcesOutput, frozen=True, kw_only=True):
    """What ListResources answers of a type whose resources are made outside the sandbox."""


def _read_outside(runtime: Runtime, caller: Caller, input: GetResourceInput) -> dict[str, Any] | None:
    """What a product made outside the sandbox is now; it is asked for with no transaction open."""
    if not is_known(input.type_name) or not runtime.stacks.is_real(caller.account, caller.region, input.type_name):
        return None
    identifier = _primary(input, _schema(input.type_name))
    if identifier is None:
        return None
    try:
        return runtime.stacks.read_resource(caller.account, caller.region, input.type_name, identifier)
    except Unreadable as error:
        raise InvalidRequestException(f"{input.type_name} '{input.identifier}' cannot be read: {error}") from error


@operation("cloudcontrol:GetResource", prepare=_read_outside)
def get_resource(context: Context, input: GetResourceInput) -> GetResourceOutput:
    """One resource. Raises TypeNotFoundException, ResourceNotFoundException, InvalidRequestException."""
    schema = _schema(input.type_name)
    identifier = _identifier(context, input, schema)
    found = context.prepared
    if identifier and found is None:
        found = find_resource(context.tx, _seal(context), context.owner, input.type_name, identifier)
    if not identifier or found is None:
        raise ResourceNotFoundException(
            f"Resource of type '{input.type_name}' with identifier '{input.identifier}' was not found."
        )
    output = GetResourceOutput if context.prepared is None else RealResourceOutput
    return output(resource_description=_described(identifier, found), type_name=input.type_name)


@operation("cloudcontrol:ListResources")
def list_all_resources(context: Context, input: ListResourcesInput) -> ListResourcesOutput:
    """A page of the resources of one type. Raises TypeNotFoundException, InvalidRequestException."""
    _schema(input.type_name)
    size = input.max_results or MOST
    scope = ["resources", input.type_name]
    after = _place(context, scope, input.next_token)
    model = _object(input.resource_model or "{}", "ResourceModel")
    page = list_resources(context.tx, _seal(context), context.owner, input.type_name, after=after, limit=size + 1)
    is_real = context.runtime.stacks.is_real(*context.owner, input.type_name)
    if is_real:
        real = real_identifiers(context.tx, context.owner, input.type_name)
        page = dict(sorted(({name: one for name, one in real.items() if name > after} | page).items())[: size + 1])
    shown = list(page.items())[:size]
    return (RealResourcesOutput if is_real else ListResourcesOutput)(
        next_token=write_token(context, scope, shown[-1][0]) if len(page) > size else None,
        resource_descriptions=[_described(name, properties) for name, properties in shown if _has(properties, model)],
        type_name=input.type_name,
    )


@operation("cloudcontrol:Unsupported")
def refuse_to_write(_context: Context, input: UnsupportedInput) -> GetResourceOutput:
    """Whatever would change something. Raises UnsupportedActionException, and TypeNotFoundException before it."""
    if input.type_name:
        _schema(input.type_name)
    raise UnsupportedActionException(
        f"{input.name} is not supported: what the sandbox holds is changed by provisioned products only."
    )


def _schema(type_name: str) -> ResourceSchema:
    if not is_known(type_name):
        raise TypeNotFoundException(f"The type '{type_name}' cannot be found.")
    return schema_of(type_name) or ResourceSchema()


def _seal(context: Context) -> Any:
    return context.runtime.objects.seal


def _identifier(context: Context, input: GetResourceInput, schema: ResourceSchema) -> str | None:
    """The primary identifier that a request names; by another identifier it is looked for."""
    if primary := _primary(input, schema):
        return primary
    named = _object(input.identifier, "Identifier")
    if tuple(sorted(named)) not in {tuple(sorted(names)) for names in schema.additional_identifiers}:
        raise InvalidRequestException(f"{input.type_name} is not identified by {', '.join(sorted(named))}.")
    return _found_by(context, input.type_name, named)


def _primary(input: GetResourceInput, schema: ResourceSchema) -> str | None:
    """The primary identifier, if it is what a request names."""
    if not input.identifier.startswith("{"):
        return input.identifier
    named = _object(input.identifier, "Identifier")
    if set(named) != set(schema.primary_identifier):
        return None
    return "|".join(str(named[name]) for name in schema.primary_identifier)


def _found_by(context: Context, type_name: str, named: Mapping[str, Any]) -> str | None:
    after = ""
    while page := list_resources(context.tx, _seal(context), context.owner, type_name, after=after, limit=MOST):
        for identifier, properties in page.items():
            if _has(properties, named):
                return identifier
            after = identifier
    return None


def _has(properties: Mapping[str, Any], model: Mapping[str, Any]) -> bool:
    return all(properties.get(name) == value for name, value in model.items())


def _object(content: str, member: str) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(content.encode(), type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise InvalidRequestException(f"{member} is not the JSON of an object.") from None


def _place(context: Context, scope: list[str], token: str | None) -> str:
    if token is None:
        return ""
    try:
        return str(read_token(context, scope, token))
    except ValueError:
        raise InvalidRequestException(
            "The NextToken is not one that this list gave; start again without one."
        ) from None


def _described(identifier: str, properties: Mapping[str, Any]) -> ResourceDescription:
    return ResourceDescription(identifier=identifier, properties=msgspec.json.encode(properties).decode())
