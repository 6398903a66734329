"""Pages of a list: keysets sealed into tokens.

A page token holds the sort key of the last row given, so a page costs the same wherever it lies and nothing is skipped
or repeated when rows come or go. It is sealed and bound to the account, region, query and page order: worthless
anywhere else.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
import sqlalchemy as sa

from manciple.errors import InvalidParametersException
from manciple.store.database import Transaction
from manciple.store.sealed import Seal, SealedError

T = TypeVar("T")
U = TypeVar("U")

DEFAULT_SIZE = 20


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, and the token that the next ones come for; None at the end."""

    items: list[T]
    next_token: str | None

    def of(self, make: Callable[[T], U]) -> "Page[U]":
        """The same page with every item turned into another."""
        return Page([make(item) for item in self.items], self.next_token)


@dataclass(frozen=True, slots=True)
class Request:
    """Which page is asked for.

    `size` None or 0 means 20 (the API allows 0 without saying what it means); `scope` is everything that makes the
    list what it is: owner, operation, filters, order.
    """

    size: int | None
    token: str | None
    scope: Sequence[Any]


class Pager:
    """Cuts lists into pages under one seal."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def select(
        self,
        tx: Transaction,
        request: Request,
        statement: sa.Select[Any],
        order: Sequence[sa.ColumnElement[Any]],
        *,
        descending: bool = False,
    ) -> Page[sa.Row[Any]]:
        """One page of a statement's rows, ordered by columns that together are unique and are part of the rows.

        A column that may be null holds texts; its nulls stand where the empty text would.
        """
        size = request.size or DEFAULT_SIZE
        last = self._read(request)
        keys = [_never_null(column) for column in order]
        if last is not None:
            after = sa.tuple_(*(sa.literal(value, key.type) for key, value in zip(keys, last, strict=True)))
            statement = statement.where(sa.tuple_(*keys) < after if descending else sa.tuple_(*keys) > after)
        statement = statement.order_by(*(key.desc() if descending else key for key in keys)).limit(size + 1)
        rows = list(tx.connection.execute(statement))
        token = self._write(request, _values(rows[size - 1], order)) if len(rows) > size else None
        return Page(rows[:size], token)

    def cut(self, request: Request, items: Sequence[T], key: Callable[[T], Sequence[Any]]) -> Page[T]:
        """One page of a list that is in memory, already sorted by `key` (unique, ascending)."""
        size = request.size or DEFAULT_SIZE
        last = self._read(request)
        rest = [item for item in items if last is None or list(key(item)) > last]
        token = self._write(request, list(key(rest[size - 1]))) if len(rest) > size else None
        return Page(list(rest[:size]), token)

    def _write(self, request: Request, last: list[Any]) -> str:
        content = msgspec.json.encode([self._scope(request), last])
        return base64.urlsafe_b64encode(self._seal.close(content)).decode()

    def _read(self, request: Request) -> list[Any] | None:
        if request.token is None:
            return None
        try:
            scope, last = msgspec.json.decode(self._seal.open(base64.urlsafe_b64decode(request.token)))
        except (ValueError, SealedError, msgspec.DecodeError) as error:
            raise InvalidParametersException(_NOT_OURS) from error
        if scope != self._scope(request):
            raise InvalidParametersException(_NOT_OURS)
        return list(last)

    def _scope(self, request: Request) -> str:
        return self._seal.digest(msgspec.json.encode(request.scope))[:32]


def _never_null(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Databases disagree on where nulls are ordered, and no comparison finds them."""
    return sa.func.coalesce(column, "") if getattr(column, "nullable", False) else column


def _values(row: sa.Row[Any], order: Sequence[sa.ColumnElement[Any]]) -> list[Any]:
    values = [getattr(row, str(column.key)) for column in order]
    return ["" if value is None else value for value in values]


_NOT_OURS = "The page token is not one that this list gave; start again without a page token."
