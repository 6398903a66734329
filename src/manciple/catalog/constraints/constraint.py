"""A constraint, and what there is to know of a type of constraints."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from manciple.catalog.constraints.effects import Effects
from manciple.catalog.entities import Entity
from manciple.errors import InvalidParametersException

_NULL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Constraint(Entity, frozen=True, kw_only=True):
    """A constraint on a product in a portfolio; its owner is the portfolio's.

    `parameters` is kept byte for byte as it was given. `changed_time` is when it was created or last updated.
    """

    id: str
    portfolio_id: str
    product_id: str
    type: str
    parameters: str
    description: str | None = None
    created_time: int
    changed_time: int


class ConstraintType(msgspec.Struct, frozen=True, kw_only=True):
    """One type of constraints.

    `check` raises InvalidParametersException for parameters that it cannot read; `apply` gives the effects of a launch
    in an account (and partition) with those of the constraint; `roles` are the roles, by ARN, that must exist for a
    constraint created in an account. `is_single`: at most one for a product in a portfolio; `excludes`: no constraint
    of these types beside it.
    """

    name: str
    check: Callable[[str], None]
    apply: Callable[[Effects, str, str, str], Effects]
    roles: Callable[[str, str, str], tuple[str, ...]] = lambda parameters, account, partition: ()
    is_single: bool = False
    excludes: tuple[str, ...] = ()


def read_object(type_: str, parameters: str) -> dict[str, Any]:
    """The JSON object that a constraint's parameters are. Raises InvalidParametersException."""
    try:
        found = json.loads(parameters)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it nests too deeply"
        raise InvalidParametersException(
            f"The Parameters of a {type_} constraint must be a JSON object; this is not JSON: {reason}."
        ) from error
    if not isinstance(found, dict):
        raise InvalidParametersException(f"The Parameters of a {type_} constraint must be a JSON object.")
    if not _is_text(found, parameters):
        raise InvalidParametersException(
            f"The Parameters of a {type_} constraint hold a character that no text can have (U+0000, half of a pair)."
        )
    return found


def _is_text(found: dict[str, Any], parameters: str) -> bool:
    """Can everything in it be written down? JSON's escapes spell more than texts can hold."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return _NULL.search(parameters) is None


def check_members(type_: str, given: Mapping[str, Any], allowed: tuple[str, ...], where: str = "") -> None:
    """Raise InvalidParametersException for a member that the type does not know."""
    unknown = sorted(given.keys() - set(allowed))
    if unknown:
        raise InvalidParametersException(
            f"The Parameters of a {type_} constraint have no member {where}{unknown[0]}; "
            f"there are {', '.join(allowed)}."
        )


def text_of(type_: str, given: Mapping[str, Any], member: str) -> str:
    """A member that must be a text that is not empty. Raises InvalidParametersException."""
    found = given.get(member)
    if not isinstance(found, str) or not found:
        raise InvalidParametersException(f"The Parameters of a {type_} constraint need {member}, a text.")
    return found


def texts_of(type_: str, given: Mapping[str, Any], member: str) -> list[str]:
    """A member that must be a list of at least one text. Raises InvalidParametersException."""
    found = given.get(member)
    if not isinstance(found, list) or not found or not all(isinstance(item, str) and item for item in found):
        raise InvalidParametersException(f"The Parameters of a {type_} constraint need {member}, a list of texts.")
    return found
