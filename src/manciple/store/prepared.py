"""A select that finds one row by its key: what most requests do, and do most often.

SQLite's own driver runs it, from text compiled once. What SQLAlchemy does around each statement costs five times what
SQLite needs, a fifth of a whole request; PostgreSQL, whose answer takes longer than that, goes the usual way.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from manciple.store.database import JSON_OPTIONS, Transaction

_SQLITE = sqlite.dialect(**JSON_OPTIONS)


class Prepared:
    """A select whose bound parameters are named, in the order in which `first` takes their values."""

    def __init__(self, statement: sa.Select[Any], parameters: Sequence[str]) -> None:
        self._statement = statement
        self._parameters = parameters

    def first(self, tx: Transaction, *values: Any) -> Sequence[Any] | None:
        """The first row, or None."""
        if tx.is_postgresql:
            return tx.first(self._statement, **dict(zip(self._parameters, values, strict=True)))
        text, readers = self._compiled
        row = tx.driver.execute(text, values).fetchone()
        if row is None:
            return None
        return [read(value) if read else value for read, value in zip(readers, row, strict=True)]

    @cached_property
    def _compiled(self) -> tuple[str, list[Callable[[Any], Any] | None]]:
        """The text, and what each column's type makes of a value of the driver's."""
        compiled = self._statement.compile(dialect=_SQLITE)
        assert list(compiled.positiontup or ()) == list(self._parameters), "the parameters stand in their order"
        columns = self._statement.selected_columns
        return str(compiled), [column.type.result_processor(_SQLITE, None) for column in columns]
