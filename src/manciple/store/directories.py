"""The operator's directory in the database, and what a process remembers of it.

Asked for with most calls and hardly ever changed: a call reads the document's digest and takes what it knows by that.
"""

import hashlib
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from manciple.catalog.directory import Directory
from manciple.catalog.organizations import Organizations
from manciple.store.database import Transaction
from manciple.store.prepared import Prepared
from manciple.store.tables.directory import DIRECTORY

_THE_ROW = 1
_IS_THE_ROW = DIRECTORY.c.id == sa.bindparam("row")
_DIGEST = Prepared(sa.select(DIRECTORY.c.digest).where(_IS_THE_ROW), ["row"])
_DOCUMENT = sa.select(DIRECTORY.c.document).where(_IS_THE_ROW)


@dataclass(frozen=True, slots=True)
class KnownDirectory:
    """A directory, and its organizations ready to be asked."""

    directory: Directory
    organizations: Organizations


_EMPTY = KnownDirectory(Directory(), Organizations(Directory()))
_known: dict[str, KnownDirectory] = {}
"""The newest directory that this process has read, by its digest."""


def find_directory(tx: Transaction) -> KnownDirectory:
    """What is stored; an empty directory if nothing is."""
    row = _DIGEST.first(tx, _THE_ROW)
    if row is None:
        return _EMPTY
    digest = row[0]
    if (known := _known.get(digest)) is None:
        directory = msgspec.json.decode(tx.scalar(_DOCUMENT, row=_THE_ROW), type=Directory)
        known = KnownDirectory(directory, Organizations(directory))
        _known.clear()
        _known[digest] = known
    return known


def write_directory(tx: Transaction, directory: Directory) -> None:
    """Replace what is stored."""
    document = msgspec.json.encode(directory)
    fields = {"digest": hashlib.sha256(document).hexdigest(), "document": document}
    insert = (postgresql if tx.is_postgresql else sqlite).insert(DIRECTORY).values(id=_THE_ROW, **fields)
    tx.execute(insert.on_conflict_do_update(index_elements=[DIRECTORY.c.id], set_=fields))
