"""Whose provisioned products, records and plans a caller sees and touches: their own, their role's, or the account's.

What a policy permits bounds what may be asked for (`Caller.level`): a list that is asked for nothing shows at most that
much, one that is asked for more is refused, and what lies beyond it does not exist for the caller. Inferred of what AWS
says of the three condition keys (service-catalog-api reference, 6).
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.policy_decisions import LEVELS, Level
from manciple.errors import AccessDeniedException, InvalidParametersException
from manciple.operations.caller import Caller

DEFAULT: Level = "User"


class Owned(Protocol):
    """What a principal has made: a provisioned product, a plan, a record."""

    @property
    def user_arn(self) -> str:
        """The IAM user or role."""

    @property
    def user_arn_session(self) -> str:
        """The session's ARN, or the user's."""


O = TypeVar("O", bound=Owned)  # noqa: E741 - of `Owned`


def created_by(
    table: sa.Table, caller: Caller, asked: shapes.AccessLevelFilter | None, default: Level = DEFAULT
) -> list[Any]:
    """The conditions that an AccessLevelFilter sets on a table with `user_arn` and `user_arn_session`.

    Raises InvalidParametersException for a value other than `self`, the only one that AWS supports, and
    AccessDeniedException for a level above the one that the caller's policies permit.
    """
    level: Any = (asked and asked.key) or max(default, caller.level, key=LEVELS.index)
    if asked is not None and asked.value not in (None, "self"):
        raise InvalidParametersException(f"AccessLevelFilter takes the value self, not {asked.value}.")
    if LEVELS.index(level) < LEVELS.index(caller.level):
        raise AccessDeniedException(
            f"User: {caller.session_arn} is not authorized to see more than access level {caller.level}; "
            f"ask for AccessLevelFilter {caller.level}, not {level}."
        )
    owned = [table.c.account == caller.account, table.c.region == caller.region]
    return [*owned, *_LEVELS[level](table, caller)]


def visible(caller: Caller, found: O | None) -> O | None:
    """What was found, if the caller's access level reaches it; else None, as if it were not there."""
    return found if found is not None and _REACHES[caller.level](found, caller) else None


def _selves(caller: Caller) -> tuple[str, ...]:
    """Under which ARNs a caller may own something: the session's, and the role's that OWNER may name."""
    return tuple(dict.fromkeys((caller.session_arn, caller.arn)))


def _is_one_of(column: sa.ColumnElement[str], values: tuple[str, ...]) -> sa.ColumnElement[bool]:
    return column == values[0] if len(values) == 1 else column.in_(values)


_LEVELS: dict[str, Callable[[sa.Table, Caller], list[Any]]] = {
    "Account": lambda table, caller: [],
    "Role": lambda table, caller: [table.c.user_arn == caller.arn],
    "User": lambda table, caller: [_is_one_of(table.c.user_arn_session, _selves(caller))],
}
_REACHES: dict[Level, Callable[[Owned, Caller], bool]] = {
    "Account": lambda found, caller: True,
    "Role": lambda found, caller: found.user_arn == caller.arn,
    "User": lambda found, caller: found.user_arn_session in _selves(caller),
}
