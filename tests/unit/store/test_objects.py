"""Blobs by digest."""

import hashlib

import msgspec
import pytest
import sqlalchemy as sa

from manciple.store.database import Database
from manciple.store.objects import BLOB, Objects


class Pair(msgspec.Struct, frozen=True):
    left: str
    right: int


def test_a_blob_is_got_by_the_digest_of_its_bytes(made: Database, objects: Objects) -> None:
    with made.write() as tx:
        digest = objects.put(tx, b"template")

        assert digest == hashlib.sha256(b"template").hexdigest() == objects.digest(b"template")
        assert objects.get(tx, digest) == b"template"


def test_the_same_bytes_are_kept_once(made: Database, objects: Objects) -> None:
    with made.write() as tx:
        digests = objects.put_all(tx, [b"a", b"b", b"a"]) + objects.put_all(tx, [b"b"])
        kept = tx.scalar(sa.select(sa.func.count()).select_from(BLOB))

    assert digests[0] == digests[2]
    assert digests[1] == digests[3]
    assert kept == 2


def test_a_sealed_blob_shows_neither_its_bytes_nor_their_digest(made: Database, objects: Objects) -> None:
    with made.write() as tx:
        digest = objects.put(tx, b"hunter-2", sealed=True)
        (row,) = tx.all(sa.select(BLOB))

        assert objects.get(tx, digest) == b"hunter-2"
    assert b"hunter" not in row.content
    assert row.digest != hashlib.sha256(b"hunter-2").hexdigest()


def test_an_unknown_digest_is_a_key_error(made: Database, objects: Objects) -> None:
    with made.read() as tx, pytest.raises(KeyError):
        objects.get(tx, "0" * 64)


def test_many_blobs_are_got_at_once(made: Database, objects: Objects) -> None:
    contents = [str(number).encode() for number in range(1100)]
    with made.write() as tx:
        digests = objects.put_all(tx, contents)

        assert list(objects.get_all(tx, digests).values()) == contents


def test_a_value_is_got_as_its_kind(made: Database, objects: Objects) -> None:
    with made.write() as tx:
        digest = objects.put_value(tx, Pair("ü", 2))

        assert objects.get_value(tx, digest, Pair) == Pair("ü", 2)
