"""Entities to rows and back.

A table's columns are its entity's fields, so one class reads and writes them all. Statements are built once per table
and are compiled once per database.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
import sqlalchemy as sa

from manciple.catalog import entities, search_terms
from manciple.store import terms
from manciple.store.database import Transaction
from manciple.store.prepared import Prepared
from manciple.store.tables import catalog as tables

E = TypeVar("E", bound=msgspec.Struct)


class Rows(Generic[E]):
    """The rows of one entity. `key` names the columns that find one row, in the order `get` takes their values.

    An entity that can be searched brings its `index`: every write keeps its terms in step, in the same transaction.
    """

    def __init__(self, entity: type[E], table: sa.Table, index: "Index[E] | None" = None) -> None:
        self.entity = entity
        self._index = index
        self.table = table
        self.key = tuple(column.name for column in table.primary_key.columns)
        self._fields = tuple(field.name for field in msgspec.structs.fields(entity))
        columns = [table.c[name] for name in self._fields]
        self.select = sa.select(*columns)
        is_key = [table.c[name] == sa.bindparam(name) for name in self.key]
        self._get = Prepared(self.select.where(*is_key), self.key)
        self._delete = sa.delete(table).where(*(table.c[name] == sa.bindparam(f"key_{name}") for name in self.key))
        self._insert = sa.insert(table)

    def get(self, tx: Transaction, *key: Any) -> E | None:
        """The entity under a key, or None."""
        row = self._get.first(tx, *key)
        return None if row is None else self.of(row)

    def insert(self, tx: Transaction, *found: E) -> None:
        """Insert entities."""
        tx.execute(self._insert, [msgspec.structs.asdict(entity) for entity in found])
        if self._index:
            for entity in found:
                self._index.write(tx, entity)

    def delete(self, tx: Transaction, entity: E) -> bool:
        """Delete one row; False if it was gone."""
        keys = {f"key_{name}": getattr(entity, name) for name in self.key}
        if self._index:
            self._index.forget(tx, entity)
        return tx.execute(self._delete, keys).rowcount == 1

    def change(
        self, tx: Transaction, entity: E, /, *, expect: Mapping[str, Any] | None = None, **fields: Any
    ) -> E | None:
        """Set some fields of one row and return the entity as it is then.

        With `expect`, only if the row still has these values: None if it has not, or is gone (compare and set).
        """
        where = {name: getattr(entity, name) for name in self.key} | dict(expect or {})
        statement = sa.update(self.table).where(*(self.table.c[name] == value for name, value in where.items()))
        changed = tx.execute(statement.values(**fields)).rowcount == 1
        if not changed:
            return None
        if self._index and not self._index.ignored.issuperset(fields):
            self._index.write(tx, entity := self._read(tx, entity))
            return entity
        return msgspec.structs.replace(entity, **fields)

    def find(
        self, tx: Transaction, *conditions: sa.ColumnElement[bool], order: Sequence[sa.ColumnElement[Any]] = ()
    ) -> list[E]:
        """Every entity that meets the conditions, ordered."""
        statement = self.select.where(*conditions).order_by(*order)
        return [self.of(row) for row in tx.connection.execute(statement)]

    def _read(self, tx: Transaction, entity: E) -> E:
        found = self.get(tx, *(getattr(entity, name) for name in self.key))
        assert found is not None, "a row that was just changed is there"
        return found

    def of(self, row: Sequence[Any]) -> E:
        """The entity that a row of `select` holds."""
        return self.entity(**{name: _plain(value) for name, value in zip(self._fields, row, strict=True)})


class Index(Generic[E]):
    """How an entity is found by search: its kind, and its (field, term) pairs.

    `ignored` are fields of the entity that have no terms, `counted` fields of the index whose terms are counted.
    """

    def __init__(
        self,
        kind: str,
        terms_of: Callable[[E], Iterable[tuple[str, str]]],
        *,
        ignored: Iterable[str] = (),
        counted: Iterable[str] = (),
    ) -> None:
        self._kind = kind
        self._terms_of = terms_of
        self._counted = frozenset(counted)
        self.ignored = frozenset(ignored)

    def write(self, tx: Transaction, entity: Any) -> None:
        """Put the entity's terms in place of those it had."""
        terms.index(
            tx,
            (entity.account, entity.region),
            self._kind,
            entity.id,
            self._terms_of(entity),
            created_time=entity.created_time,
            counted=self._counted,
        )

    def forget(self, tx: Transaction, entity: Any) -> None:
        """Take the entity out of the index."""
        terms.forget(tx, (entity.account, entity.region), self._kind, entity.id, counted=self._counted)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


PORTFOLIOS = Rows(entities.Portfolio, tables.PORTFOLIO)
PRODUCTS = Rows(entities.Product, tables.PRODUCT)
PROVISIONING_ARTIFACTS = Rows(entities.ProvisioningArtifact, tables.PROVISIONING_ARTIFACT)
PRODUCT_ASSOCIATIONS = Rows(entities.ProductAssociation, tables.PRODUCT_ASSOCIATION)
PRINCIPAL_ASSOCIATIONS = Rows(entities.PrincipalAssociation, tables.PRINCIPAL_ASSOCIATION)
PROVISIONED_PRODUCTS = Rows(
    entities.ProvisionedProduct,
    tables.PROVISIONED_PRODUCT,
    Index(
        search_terms.KIND,
        search_terms.terms_of,
        ignored=search_terms.WITHOUT_TERMS,
        counted=search_terms.COUNTED,
    ),
)
PLANS = Rows(entities.Plan, tables.PLAN)
RECORDS = Rows(entities.Record, tables.RECORD)
ACCESS_KEYS = Rows(entities.AccessKey, tables.ACCESS_KEY)
