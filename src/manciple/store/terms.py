"""The search index: which entities of a kind have which terms in which field.

Written in the transaction of its entity, so a search never lags. Terms are lower-case. (Contracts, section 9.)
"""

from collections.abc import Iterable

import sqlalchemy as sa

from manciple.store.database import Transaction
from manciple.store.tables.catalog import TERM

LONGEST = 512
_HIGHEST = chr(0x10FFFF)

_INSERT = sa.insert(TERM)
_FORGET = sa.delete(TERM).where(
    TERM.c.account == sa.bindparam("owner_account"),
    TERM.c.region == sa.bindparam("owner_region"),
    TERM.c.kind == sa.bindparam("of_kind"),
    TERM.c.id == sa.bindparam("of_id"),
)


def index(tx: Transaction, owner: tuple[str, str], kind: str, id: str, terms: Iterable[tuple[str, str]]) -> None:
    """Make (field, term) pairs the terms of one entity, in place of those it had."""
    forget(tx, owner, kind, id)
    account, region = owner
    rows = [
        {"account": account, "region": region, "kind": kind, "field": field, "term": term, "id": id}
        for field, term in sorted({(field, term.lower()[:LONGEST]) for field, term in terms if term})
    ]
    if rows:
        tx.execute(_INSERT, rows)


def forget(tx: Transaction, owner: tuple[str, str], kind: str, id: str) -> None:
    """Take an entity out of the index."""
    tx.execute(_FORGET, {"owner_account": owner[0], "owner_region": owner[1], "of_kind": kind, "of_id": id})


def matching(owner: tuple[str, str], kind: str, term: str, field: str | None = None) -> sa.Select[tuple[str]]:
    """The ids of the entities that have exactly this term, in one field or in any."""
    return _having(owner, kind, field, TERM.c.term == term.lower()[:LONGEST])


def beginning(owner: tuple[str, str], kind: str, start: str, field: str | None = None) -> sa.Select[tuple[str]]:
    """The ids of the entities that have a term which begins with `start`, in one field or in any."""
    first = start.lower()[:LONGEST]
    return _having(owner, kind, field, TERM.c.term >= first, TERM.c.term < first + _HIGHEST)


def _having(
    owner: tuple[str, str], kind: str, field: str | None, *conditions: sa.ColumnElement[bool]
) -> sa.Select[tuple[str]]:
    wanted = [TERM.c.account == owner[0], TERM.c.region == owner[1], TERM.c.kind == kind, *conditions]
    if field is not None:
        wanted.append(TERM.c.field == field)
    return sa.select(TERM.c.id).where(*wanted)
