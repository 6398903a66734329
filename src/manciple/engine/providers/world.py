"""The sandbox's world: the things that exist in it."""

from collections.abc import Iterable
from typing import TypeAlias

import msgspec
import sqlalchemy as sa

from manciple.store.database import Transaction
from manciple.store.sealed import Seal
from manciple.store.tables.sandbox import SANDBOX_RESOURCE
from manciple.template.values import Value

Key: TypeAlias = tuple[str, str, str, str]
"""Account, region, resource type, physical id."""

_T = SANDBOX_RESOURCE
_COLUMNS = (_T.c.account, _T.c.region, _T.c.type, _T.c.physical_id, _T.c.sealed, _T.c.state, _T.c.token)
_SELECT = sa.select(*_COLUMNS).where(
    sa.tuple_(_T.c.account, _T.c.region, _T.c.type, _T.c.physical_id).in_(sa.bindparam("keys", expanding=True))
)
_LIST = sa.select(*_COLUMNS).where(
    _T.c.account == sa.bindparam("account"), _T.c.region == sa.bindparam("region"), _T.c.state == "exists"
)
_OF_TYPE = _LIST.where(_T.c.type == sa.bindparam("type"))
_PAGE = _OF_TYPE.where(_T.c.physical_id > sa.bindparam("after")).order_by(_T.c.physical_id).limit(sa.bindparam("most"))
_INSERT = sa.insert(_T)
_IS_ROW = (
    _T.c.account == sa.bindparam("of_account"),
    _T.c.region == sa.bindparam("of_region"),
    _T.c.type == sa.bindparam("of_type"),
    _T.c.physical_id == sa.bindparam("of_id"),
)
_UPDATE = sa.update(_T).where(*_IS_ROW).values(sealed=sa.bindparam("now_sealed"), state=sa.bindparam("now_state"))
_DELETE = sa.delete(_T).where(*_IS_ROW)


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """What a resource of the sandbox is made of. `sensitive` are the texts in its model that came from secrets."""

    model: dict[str, Value] = {}
    attributes: dict[str, Value] = {}
    reference: str = ""
    tags: dict[str, str] = {}
    sensitive: tuple[str, ...] = ()


class Found(msgspec.Struct, frozen=True):
    """A thing that exists, and the token that it was created under."""

    thing: Thing
    token: str


class World:
    """The things that a batch touches: looked up once, changed in memory, written once."""

    def __init__(self, tx: Transaction, seal: Seal, now: int) -> None:
        self._tx = tx
        self._seal = seal
        self._now = now
        self._stored: dict[Key, bool] = {}
        self._found: dict[Key, Found] = {}
        self._changed: dict[Key, Found | None] = {}
        self._snapshots: set[Key] = set()

    def look_up(self, keys: Iterable[Key]) -> None:
        """Read what exists under some keys."""
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), 200):
            for row in self._tx.all(_SELECT, keys=wanted[start : start + 200]):
                key = (row.account, row.region, row.type, row.physical_id)
                self._stored[key] = True
                if row.state == "exists":
                    self._found[key] = Found(_opened(self._seal, row.sealed), row.token)

    def find(self, key: Key) -> Found | None:
        """The thing under a key, if it exists."""
        return self._found.get(key)

    def put(self, key: Key, thing: Thing, token: str) -> None:
        """Make or change a thing."""
        self._found[key] = self._changed[key] = Found(thing, token)

    def remove(self, key: Key, *, snapshot: bool) -> None:
        """Take a thing away; with `snapshot` a row in state `snapshot` remains."""
        gone = self._found.pop(key)
        self._changed[key] = gone if snapshot else None
        if snapshot:
            self._snapshots.add(key)

    def write(self) -> None:
        """Write every change of the batch: new rows, changed rows, rows that go."""
        new, changed, gone = [], [], []
        for key, found in self._changed.items():
            if found is None:
                gone.append(_row_key(key))
            elif key in self._stored:
                sealed = self._sealed(found)
                changed.append({**_row_key(key), "now_sealed": sealed, "now_state": self._state(key)})
            else:
                new.append(self._row(key, found))
        for statement, rows in ((_DELETE, gone), (_UPDATE, changed), (_INSERT, new)):
            if rows:
                self._tx.execute(statement, rows)

    def _row(self, key: Key, found: Found) -> dict[str, object]:
        account, region, type_, physical_id = key
        return {
            "account": account,
            "region": region,
            "type": type_,
            "physical_id": physical_id,
            "sealed": self._sealed(found),
            "state": self._state(key),
            "token": found.token,
            "created_time": self._now,
        }

    def _sealed(self, found: Found) -> bytes:
        return self._seal.close(msgspec.json.encode(found.thing))

    def _state(self, key: Key) -> str:
        return "snapshot" if key in self._snapshots and key not in self._found else "exists"


def things(tx: Transaction, seal: Seal, account: str, region: str) -> dict[Key, Thing]:
    """Everything that exists in a place."""
    rows = tx.all(_LIST, account=account, region=region)
    return {(row.account, row.region, row.type, row.physical_id): _opened(seal, row.sealed) for row in rows}


def things_of(tx: Transaction, seal: Seal, account: str, region: str, type_: str) -> dict[str, Thing]:
    """Everything of one type that exists in a place, by physical id."""
    rows = tx.all(_OF_TYPE, account=account, region=region, type=type_)
    return {row.physical_id: _opened(seal, row.sealed) for row in rows}


def page_of_things(
    tx: Transaction, seal: Seal, place: tuple[str, str], type_: str, after: str, limit: int
) -> dict[str, Thing]:
    """Things of one type that exist in a place (account, region), by physical id: the first ones after an id."""
    account, region = place
    rows = tx.all(_PAGE, account=account, region=region, type=type_, after=after, most=limit)
    return {row.physical_id: _opened(seal, row.sealed) for row in rows}


def _opened(seal: Seal, sealed: bytes) -> Thing:
    return msgspec.json.decode(seal.open(sealed), type=Thing)


def _row_key(key: Key) -> dict[str, str]:
    account, region, type_, physical_id = key
    return {"of_account": account, "of_region": region, "of_type": type_, "of_id": physical_id}
