"""RESOURCE_UPDATE: may the tags of what is launched be changed later (AWS API reference, CreateConstraint)?"""

from typing import Any

from msgspec.structs import replace

from manciple.catalog.constraints.constraint import ConstraintType, check_members, read_object
from manciple.catalog.constraints.effects import Effects
from manciple.errors import InvalidParametersException

_MEMBER, _MISSPELT = "TagUpdateOnProvisionedProduct", "TagUpdatesOnProvisionedProduct"
_VALUES = ("ALLOWED", "NOT_ALLOWED")


def _properties(parameters: str) -> dict[str, Any]:
    given = read_object("RESOURCE_UPDATE", parameters)
    check_members("RESOURCE_UPDATE", given, ("Version", "Properties"))
    found = given.get("Properties")
    if not isinstance(found, dict):
        raise InvalidParametersException("The Parameters of a RESOURCE_UPDATE constraint need Properties, an object.")
    return found


def _value(parameters: str) -> Any:
    """AWS's own pages spell the member in two ways; both are read."""
    found = _properties(parameters)
    return found.get(_MEMBER, found.get(_MISSPELT))


def _check(parameters: str) -> None:
    check_members("RESOURCE_UPDATE", _properties(parameters), (_MEMBER, _MISSPELT), "Properties.")
    if _value(parameters) not in _VALUES:
        raise InvalidParametersException(
            f"The Parameters of a RESOURCE_UPDATE constraint need Properties.{_MEMBER}: {' or '.join(_VALUES)}."
        )


def _apply(effects: Effects, parameters: str, _account: str, _partition: str) -> Effects:
    return replace(effects, allows_tag_updates=_value(parameters) == "ALLOWED")


RESOURCE_UPDATE = ConstraintType(name="RESOURCE_UPDATE", check=_check, apply=_apply, is_single=True)
