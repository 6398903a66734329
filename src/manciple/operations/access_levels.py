"""Whose provisioned products, records and plans a list shows: the caller's own, their role's, or the account's."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from manciple.api import shapes
from manciple.errors import InvalidParametersException
from manciple.operations.call import Caller

DEFAULT = "User"


def created_by(
    table: sa.Table, caller: Caller, asked: shapes.AccessLevelFilter | None, default: str = DEFAULT
) -> list[Any]:
    """The conditions that an AccessLevelFilter sets on a table with `user_arn` and `user_arn_session`.

    Raises InvalidParametersException for a value other than `self`, the only one that AWS supports.
    """
    level = (asked and asked.key) or default
    if asked is not None and asked.value not in (None, "self"):
        raise InvalidParametersException(f"AccessLevelFilter takes the value self, not {asked.value}.")
    owned = [table.c.account == caller.account, table.c.region == caller.region]
    return [*owned, *_LEVELS[level](table, caller)]


_LEVELS: dict[str, Callable[[sa.Table, Caller], list[Any]]] = {
    "Account": lambda table, caller: [],
    "Role": lambda table, caller: [table.c.user_arn == caller.arn],
    "User": lambda table, caller: [table.c.user_arn_session == caller.session_arn],
}
