"""The search index: which entities of a kind have which terms in which field, and how many have each.

Written in the transaction of its entity, so a search never lags. Terms are lower-case. (Contracts, section 9.) A term
row keeps its entity's time of creation, so that the index gives what it finds oldest first. Terms that many entities
share are counted where the operation asks for that; what changes is summed up and written last in the transaction, in
one order, so that writers never wait for each other crosswise.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Set
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from manciple.store.database import Transaction
from manciple.store.tables.catalog import TERM, TERM_COUNT

LONGEST = 512
EVERY = "*"
"""The field under which all entities of a kind are counted, with the empty text as its only term."""

_HIGHEST = chr(0x10FFFF)

Owner: TypeAlias = tuple[str, str]
Pair: TypeAlias = tuple[str, str]

_IS_ENTITY = sa.and_(
    TERM.c.account == sa.bindparam("owner_account"),
    TERM.c.region == sa.bindparam("owner_region"),
    TERM.c.kind == sa.bindparam("of_kind"),
    TERM.c.id == sa.bindparam("of_id"),
)
_OF_ENTITY = sa.select(TERM.c.field, TERM.c.term).where(_IS_ENTITY)
_INSERT = sa.insert(TERM)
_DELETE = sa.delete(TERM).where(
    _IS_ENTITY, TERM.c.field == sa.bindparam("of_field"), TERM.c.term == sa.bindparam("of_term")
)
_FORGET = sa.delete(TERM).where(_IS_ENTITY)

_COUNTED = ("account", "region", "kind", "field", "term")
_ADD = {
    False: (added := sqlite.insert(TERM_COUNT)).on_conflict_do_update(
        index_elements=_COUNTED, set_={"number": TERM_COUNT.c.number + added.excluded.number}
    ),
    True: (put := postgresql.insert(TERM_COUNT)).on_conflict_do_update(
        index_elements=_COUNTED, set_={"number": TERM_COUNT.c.number + put.excluded.number}
    ),
}
_DROP = sa.delete(TERM_COUNT).where(
    *(TERM_COUNT.c[name] == sa.bindparam(f"of_{name}") for name in _COUNTED), TERM_COUNT.c.number == 0
)


def index(
    tx: Transaction,
    owner: Owner,
    kind: str,
    id: str,
    terms: Iterable[Pair],
    *,
    created_time: int,
    counted: Set[str] = frozenset(),
) -> None:
    """Make (field, term) pairs the terms of one entity, in place of those it had; count those in `counted` fields."""
    before = _terms_of(tx, owner, kind, id)
    after = {(field, normal(term)) for field, term in terms if term}
    place = {"account": owner[0], "region": owner[1], "kind": kind, "id": id, "created_time": created_time}
    if gone := sorted(before - after):
        entity = _entity(owner, kind, id)
        tx.execute(_DELETE, [{**entity, "of_field": field, "of_term": term} for field, term in gone])
    if new := sorted(after - before):
        tx.execute(_INSERT, [{**place, "field": field, "term": term} for field, term in new])
    tally = _tally(tx)
    tally.note(owner, kind, after - before, counted, 1)
    tally.note(owner, kind, before - after, counted, -1)
    if counted and after and not before:
        tally.note(owner, kind, {(EVERY, "")}, {EVERY}, 1)


def forget(tx: Transaction, owner: Owner, kind: str, id: str, *, counted: Set[str] = frozenset()) -> None:
    """Take an entity out of the index."""
    before = _terms_of(tx, owner, kind, id)
    tx.execute(_FORGET, _entity(owner, kind, id))
    _tally(tx).note(owner, kind, before, counted, -1)
    if counted and before:
        _tally(tx).note(owner, kind, {(EVERY, "")}, {EVERY}, -1)


def matching(owner: Owner, kind: str, term: str, field: str | None = None) -> sa.Select[tuple[str]]:
    """The ids of the entities that have exactly this term, in one field or in any."""
    return sa.select(TERM.c.id).where(*having(TERM, owner, kind, field), is_term(TERM, term))


def beginning(owner: Owner, kind: str, start: str, field: str | None = None) -> sa.Select[tuple[str]]:
    """The ids of the entities that have a term which begins with `start`, in one field or in any."""
    return sa.select(TERM.c.id).where(*having(TERM, owner, kind, field), begins(TERM, start))


def having(table: sa.FromClause, owner: Owner, kind: str, field: str | None) -> list[sa.ColumnElement[bool]]:
    """The conditions on rows of the index: whose, of which kind and perhaps in which field."""
    wanted = [table.c.account == owner[0], table.c.region == owner[1], table.c.kind == kind]
    return wanted if field is None else [*wanted, table.c.field == field]


def is_term(table: sa.FromClause, term: str) -> sa.ColumnElement[bool]:
    """The condition on a row of the index that its term is this one."""
    return table.c.term == normal(term)


def begins(table: sa.FromClause, start: str) -> sa.ColumnElement[bool]:
    """The condition on a row of the index that its term begins so."""
    first = start.lower()[:_KEPT]
    return sa.and_(table.c.term >= first, table.c.term < first + _HIGHEST)


def number_of_all(tx: Transaction, owner: Owner, kind: str) -> int:
    """How many entities of a kind are indexed, if its terms are counted."""
    return numbers(tx, owner, kind, "", [EVERY], {EVERY}).get(EVERY, 0)


def numbers(
    tx: Transaction, owner: Owner, kind: str, term: str, fields: Iterable[str], counted: Set[str]
) -> dict[str, int]:
    """How many entities have a term, by each of these fields in which any has it."""
    wanted = list(fields)
    kept = [field for field in wanted if field in counted]
    others = [field for field in wanted if field not in counted]
    counts = [*having(TERM_COUNT, owner, kind, None), is_term(TERM_COUNT, term), TERM_COUNT.c.field.in_(kept)]
    rows = [*having(TERM, owner, kind, None), is_term(TERM, term), TERM.c.field.in_(others)]
    found = list(tx.all(sa.select(TERM_COUNT.c.field, TERM_COUNT.c.number).where(*counts))) if kept else []
    if others:
        found += tx.all(sa.select(TERM.c.field, sa.func.count().label("number")).where(*rows).group_by(TERM.c.field))
    return {row.field: row.number for row in found}


_KEPT = LONGEST - 65


def normal(term: str) -> str:
    """A term as the index holds it: lower-case; a long one cut, with the digest of the whole at its end."""
    low = term.lower()
    return low if len(low) <= LONGEST else f"{low[:_KEPT]}#{hashlib.sha256(low.encode()).hexdigest()}"


def _terms_of(tx: Transaction, owner: Owner, kind: str, id: str) -> set[Pair]:
    return {(row.field, row.term) for row in tx.all(_OF_ENTITY, **_entity(owner, kind, id))}


def _entity(owner: Owner, kind: str, id: str) -> dict[str, str]:
    return {"owner_account": owner[0], "owner_region": owner[1], "of_kind": kind, "of_id": id}


def _tally(tx: Transaction) -> "_Tally":
    found = tx.before_commit.setdefault(_Tally, _Tally())
    assert isinstance(found, _Tally)
    return found


class _Tally:
    """By how much the numbers of terms change in one transaction."""

    def __init__(self) -> None:
        self._changes: Counter[tuple[str, ...]] = Counter()

    def note(self, owner: Owner, kind: str, pairs: Iterable[Pair], counted: Set[str], by: int) -> None:
        for field, term in pairs:
            if field in counted:
                self._changes[(*owner, kind, field, term)] += by

    def __call__(self, tx: Transaction) -> None:
        """Write the changes, in the order of their keys."""
        changed = sorted((key, by) for key, by in self._changes.items() if by)
        if changed:
            rows = [{**dict(zip(_COUNTED, key, strict=True)), "number": by} for key, by in changed]
            tx.execute(_ADD[tx.is_postgresql], rows)
        names = [f"of_{name}" for name in _COUNTED]
        if fewer := [dict(zip(names, key, strict=True)) for key, by in changed if by < 0]:
            tx.execute(_DROP, fewer)
