"""Blobs by digest: templates, models, documents, artifact bytes. Written once, never updated in place.

Plain blobs are addressed by their SHA-256, sealed ones by the HMAC of their plain bytes: the same content is kept once,
and a sealed blob's address tells nothing without the key.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from manciple.store.database import Transaction
from manciple.store.metadata import METADATA, Digest
from manciple.store.sealed import Seal

BLOB = sa.Table(
    "blob",
    METADATA,
    sa.Column("digest", Digest, primary_key=True),
    sa.Column("sealed", sa.Boolean, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

_INSERT = {
    False: sqlite.insert(BLOB).on_conflict_do_nothing(),
    True: postgresql.insert(BLOB).on_conflict_do_nothing(),
}
_SELECT = sa.select(BLOB.c.digest, BLOB.c.sealed, BLOB.c.content).where(
    BLOB.c.digest.in_(sa.bindparam("digests", expanding=True))
)


class Objects:
    """The blobs of one database under one seal."""

    def __init__(self, seal: Seal) -> None:
        self.seal = seal

    def put(self, tx: Transaction, content: bytes, *, sealed: bool = False) -> str:
        """Keep bytes and return their digest."""
        return self.put_all(tx, [content], sealed=sealed)[0]

    def put_all(self, tx: Transaction, contents: Iterable[bytes], *, sealed: bool = False) -> list[str]:
        """Keep several blobs in one statement and return their digests, in order."""
        rows = {}
        digests = []
        for content in contents:
            digest = self.digest(content, sealed=sealed)
            digests.append(digest)
            if digest not in rows:
                kept = self.seal.close(content) if sealed else content
                rows[digest] = {"digest": digest, "sealed": sealed, "content": kept}
        if rows:
            in_order = [rows[digest] for digest in sorted(rows)]  # so that no two writers wait for each other
            tx.execute(_INSERT[tx.is_postgresql], in_order)
        return digests

    def digest(self, content: bytes, *, sealed: bool = False) -> str:
        """The address that `put` would give these bytes."""
        return self.seal.digest(content) if sealed else hashlib.sha256(content).hexdigest()

    def get(self, tx: Transaction, digest: str) -> bytes:
        """The bytes under a digest; KeyError if there are none."""
        return self.get_all(tx, [digest])[digest]

    def get_all(self, tx: Transaction, digests: Iterable[str]) -> Mapping[str, bytes]:
        """The bytes under each of several digests; KeyError if one is missing."""
        wanted = list(dict.fromkeys(digests))
        found: dict[str, bytes] = {}
        for start in range(0, len(wanted), 500):
            for row in tx.all(_SELECT, digests=wanted[start : start + 500]):
                found[row.digest] = self.seal.open(row.content) if row.sealed else row.content
        return {digest: found[digest] for digest in wanted}

    def put_value(self, tx: Transaction, value: Any, *, sealed: bool = True) -> str:
        """Keep a value (plain data or a msgspec structure) as JSON; sealed unless said otherwise."""
        return self.put(tx, msgspec.json.encode(value), sealed=sealed)

    def get_value(self, tx: Transaction, digest: str, kind: Any = Any) -> Any:
        """The value under a digest, as `kind`."""
        return msgspec.json.decode(self.get(tx, digest), type=kind)
