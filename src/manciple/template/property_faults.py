"""What in a resource's properties its published schema does not permit, in the words of CloudFormation's events.

Types with handlers are checked against all of the schema before their handler is called ("Properties validation failed
for resource X with message:", one line a fault). The oldest types, which have none, are checked by CloudFormation for
unknown names, missing ones and the kind of each value only; the first fault ends that.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from manciple.template.resource_schemas import ResourceSchema, schema_of
from manciple.template.schema_checks import Check, Compiler, IsUnknown, Rules, SchemaFault
from manciple.template.values import Value

_COMBINED = ("allOf", "anyOf", "oneOf")


class PropertyFault(NamedTuple):
    """One fault: where (`Rules/0/Name`, empty for the properties as a whole) and what is wrong, without a value.

    One that is not certain may be the fault of a stand-in (`schema_checks.DOUBTFUL`).
    """

    path: str
    reason: str
    is_certain: bool


class PropertyFaults(NamedTuple):
    """All faults of one resource, and the reason that CloudFormation gives when it fails.

    `are_certain` if at least one of them is.
    """

    faults: tuple[PropertyFault, ...]
    status_reason: str

    @property
    def are_certain(self) -> bool:
        """Is the resource sure to fail?"""
        return any(fault.is_certain for fault in self.faults)


def all_known(_value: Value) -> bool:
    """Is the value unknown? When it is executed, no value is."""
    return False


def property_faults(
    resource_type: str, logical_id: str, properties: Mapping[str, Value], is_unknown: IsUnknown = all_known
) -> PropertyFaults | None:
    """The faults of a resource's properties; what is not known yet counts as right. None if there are no faults."""
    check = _check(resource_type, is_unknown)
    if check is None or not (found := check(properties)):
        return None
    schema = schema_of(resource_type)
    if schema and schema.handlers:
        return PropertyFaults(_readable(found), _validation_failed(logical_id, found))
    structural = [fault for fault in found if fault.keyword in _EARLIER_WORDS]
    return PropertyFaults(_readable(structural), _earlier_reason(structural[0])) if structural else None


def model_faults(schema: ResourceSchema, model: Mapping[str, Value]) -> list[str]:
    """What in a model that a handler gave its schema does not permit; it may lack what templates must have."""
    compiler = Compiler({"properties": schema.properties, "definitions": schema.definitions}, all_known)
    rules = {"properties": schema.properties, "patternProperties": schema.pattern_properties}
    found = compiler.check({"type": "object", "additionalProperties": False, **rules})(model)
    return [": ".join(filter(None, ("/".join(fault.path), fault.message))) for fault in found]


@lru_cache(maxsize=512)
def _check(resource_type: str, is_unknown: IsUnknown) -> Check | None:
    schema = schema_of(resource_type)
    if schema is None:
        return None
    document = {"properties": schema.properties, "definitions": schema.definitions}
    return Compiler(document, is_unknown).check(_rules(schema))


def _rules(schema: ResourceSchema) -> Rules:
    """The schema of the properties as a whole; names that nobody declared are open where there are patterns only."""
    return {
        "type": "object",
        "properties": schema.properties,
        "patternProperties": schema.pattern_properties,
        "additionalProperties": False,
        "required": list(schema.required),
        **schema.alternatives,
    }


def _readable(faults: Iterable[SchemaFault]) -> tuple[PropertyFault, ...]:
    """The faults themselves; that a combination of rules does not hold is told only where nothing says why."""
    found = list(faults)
    chosen = [fault for fault in found if fault.keyword not in _COMBINED] or found
    return tuple(
        PropertyFault("/".join(fault.path), fault.message.removeprefix("#: "), not fault.is_doubtful)
        for fault in chosen
    )


def _validation_failed(logical_id: str, faults: Iterable[SchemaFault]) -> str:
    lines = (f"{'/'.join(('#', *fault.path))}: {fault.message}" for fault in faults)
    return "\n".join([f"Properties validation failed for resource {logical_id} with message:", *lines])


_EARLIER_WORDS = {
    "additionalProperties": "Encountered unsupported property {subject}",
    "required": "Property {subject} cannot be empty.",
    "type": "Value of property {name} must be {kind}",
}
_EARLIER_KINDS = {"JSONObject": "an object", "JSONArray": "of type List", "String": "of type String"}


def _earlier_reason(fault: SchemaFault) -> str:
    """The reason for a type without handlers; of a value of the wrong kind the subject is the kind."""
    name = next((step for step in reversed(fault.path) if not step.isdecimal()), "")
    kind = _EARLIER_KINDS.get(fault.subject, f"of type {fault.subject}")
    return _EARLIER_WORDS[fault.keyword].format(subject=fault.subject, name=name, kind=kind)
