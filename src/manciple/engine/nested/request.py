"""What a template asks of a nested stack by the properties of its resource, and what comes of it for that resource."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from manciple.errors import TemplateError
from manciple.template.change_set import INSIDE, Change, ChangeSet, Evaluated, Outlook
from manciple.template.evaluate import resolve
from manciple.template.evaluation import Facts, Resource
from manciple.template.resource_schemas import ResourceSchema, schema_of
from manciple.template.scope import Undecided
from manciple.template.values import Value

UNSUPPORTED = "Encountered unsupported property {}"
NO_ADDRESS = "Property TemplateURL cannot be empty."
NO_TEXTS = "Value of property Parameters must be an object with String (or simple type) properties"
NO_LIST = "Value of property {} must be a list"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A nested stack as it is asked for: `parameters` are known, `unsettled` ones will or may be other than today."""

    address: str
    parameters: dict[str, str] = {}
    unsettled: dict[str, Evaluated] = {}
    tags: dict[str, str] = {}
    notification_arns: tuple[str, ...] = ()


def asked_of(resource: Resource, outlook: Outlook, facts: Facts) -> Asked:
    """What is asked for, as far as it is known. Raises Undecided if the template's address is not, TemplateError."""
    check_properties(resource)
    address, effect = _known(resource.properties["TemplateURL"], outlook, facts)
    if effect is not None or not isinstance(address, str):
        raise Undecided("TemplateURL")
    values = {name: _known(value, outlook, facts) for name, value in _members(resource.properties).items()}
    return Asked(
        address=address,
        parameters={name: _text(value) for name, (value, effect) in values.items() if effect is None},
        unsettled={name: effect for name, (_, effect) in values.items() if effect is not None},
        tags=_tags(_known(resource.properties.get("Tags", []), outlook, facts)[0]),
        notification_arns=_arns(_known(resource.properties.get("NotificationARNs", []), outlook, facts)[0]),
    )


def asked_for(model: Mapping[str, Value]) -> Asked:
    """What is asked for by properties that are all known. Raises TemplateError."""
    return Asked(
        address=_text(model["TemplateURL"]),
        parameters={name: _text(value) for name, value in _members(model).items()},
        tags=_tags(model.get("Tags", [])),
        notification_arns=_arns(model.get("NotificationARNs", [])),
    )


def check_properties(resource: Resource) -> None:
    """Raise TemplateError for a property that nested stacks have not, and for those that they must have."""
    known = (schema_of(resource.type) or ResourceSchema()).properties
    if strange := [name for name in resource.properties if name not in known]:
        raise TemplateError(UNSUPPORTED.format(strange[0]), path=f"Properties/{strange[0]}")
    if resource.properties.get("TemplateURL", "") == "":
        raise TemplateError(NO_ADDRESS, path="Properties/TemplateURL")
    _members(resource.properties)


def inside(
    resource: Resource, change: Change | None, physical_id: str | None, changes: ChangeSet, *, is_open: bool = False
) -> Change | None:
    """What becomes of a nested stack, by its own properties (`change`) and by what changes in it.

    One that is changed neither by its properties nor inside is left out: AWS lists every nested stack, because it does
    not look into them. `is_open` says that only execution can tell.
    """
    if not (is_open or changes.has_changes):
        return change
    is_certain = changes.outputs_changed or any(one.certainty != "if changed" for one in changes.listed)
    if change is None:
        return Change(
            action="Modify",
            logical_id=resource.logical_id,
            resource_type=resource.type,
            physical_id=physical_id,
            replacement="False",
            details=(INSIDE,),
            certainty="certain" if is_certain else "if changed",
            cause=(f"what is in nested stack {resource.logical_id}",),
        )
    return replace(change, certainty="certain") if is_certain else change


def _known(value: Value, outlook: Outlook, facts: Facts) -> tuple[Value, Evaluated | None]:
    """A value as it surely will be, or as it is today with how it may differ at execution."""
    try:
        return resolve(value, outlook.settled, facts), None
    except TemplateError:
        pass
    try:
        return resolve(value, outlook.known, facts), "Dynamic"
    except TemplateError:
        return "", "Static"


def _members(properties: Mapping[str, Value]) -> dict[str, Value]:
    members = properties.get("Parameters", {})
    if not isinstance(members, dict):
        raise TemplateError(NO_TEXTS, path="Properties/Parameters")
    return members


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise TemplateError(NO_TEXTS, path="Properties/Parameters")
    return value


def _tags(value: Value) -> dict[str, str]:
    found = value if isinstance(value, list) else []
    pairs = [(tag.get("Key"), tag.get("Value")) for tag in found if isinstance(tag, dict)]
    return {key: text for key, text in pairs if isinstance(key, str) and isinstance(text, str)}


def _arns(value: Value) -> tuple[str, ...]:
    found = value if isinstance(value, list) else []
    return tuple(arn for arn in found if isinstance(arn, str))
