"""Writing and finding the audit's rows. Writing costs every call that changes something, so SQLite's driver does it."""

from functools import cache

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from manciple.catalog.audit import AuditEntry
from manciple.store.database import JSON_OPTIONS, Transaction
from manciple.store.rows import Rows
from manciple.store.tables.audit import AUDIT

ENTRIES = Rows(AuditEntry, AUDIT)

_FIELDS = tuple(field.name for field in msgspec.structs.fields(AuditEntry))
_INSERT = sa.insert(AUDIT).values({name: sa.bindparam(name) for name in _FIELDS})


def add_entry(tx: Transaction, entry: AuditEntry) -> None:
    """Keep an entry."""
    if tx.is_postgresql:
        ENTRIES.insert(tx, entry)
        return
    values = {**msgspec.structs.asdict(entry), "resources": msgspec.json.encode(entry.resources).decode()}
    text, names = _compiled()
    tx.driver.execute(text, [values[name] for name in names])


@cache
def _compiled() -> tuple[str, list[str]]:
    compiled = _INSERT.compile(dialect=sqlite.dialect(**JSON_OPTIONS))
    return str(compiled), list(compiled.positiontup or ())
