"""The artifact store's rows."""

import hashlib
import io
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from manciple.store import artifacts
from manciple.store.artifacts import Start, StoredObject
from manciple.store.database import Database, Transaction
from manciple.store.metadata import METADATA
from manciple.store.tables.artifacts import OBJECT_CHUNK

OWNER = ("111111111111", "eu-west-1")
BEGIN = Start("", is_included=True)

texts = st.text(max_size=6)


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    found = Database(sqlite_url)
    METADATA.create_all(found.engine)
    yield found
    found.close()


def put(tx: Transaction, key: str, content: bytes, bucket: str = "bucket") -> StoredObject:
    digest = hashlib.sha256(content).hexdigest()
    found = StoredObject(key=key, size=len(content), digest=digest, etag="e", headers={}, checksums={}, last_modified=1)
    artifacts.put_object(tx, OWNER, bucket, found, io.BytesIO(content))
    return found


def chunks(tx: Transaction) -> int:
    return int(tx.scalar(sa.select(sa.func.count()).select_from(OBJECT_CHUNK)))


def keys(tx: Transaction, prefix: str = "", delimiter: str = "", start: Start = BEGIN) -> list[str]:
    found = artifacts.walk(tx, OWNER, "bucket", prefix, start, delimiter)
    return [entry if isinstance(entry, str) else entry.key for entry in found]


@given(prefix=texts, rest=texts)
def test_a_prefix_s_successor_is_above_everything_with_that_prefix(prefix: str, rest: str) -> None:
    above = artifacts.successor(prefix)

    assert above is None or prefix + rest < above


@given(prefix=texts, other=texts)
def test_nothing_without_the_prefix_lies_between_it_and_its_successor(prefix: str, other: str) -> None:
    above = artifacts.successor(prefix)

    assert other.startswith(prefix) or other < prefix or (above is not None and other >= above)


def test_any_range_of_an_object_is_read_across_its_chunks(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "CHUNK", 4)
    content = b"0123456789"
    with database.write() as tx:
        found = put(tx, "key", content)

        read = {
            (start, end): b"".join(artifacts.read_range(tx, OWNER, found, start, end))
            for start in range(11)
            for end in range(start, 11)
        }

    assert read == {(start, end): content[start:end] for start, end in read}


def test_equal_bytes_are_kept_once_and_go_with_the_last_object(database: Database) -> None:
    with database.write() as tx:
        put(tx, "a", b"same")
        put(tx, "b", b"same")
        kept = chunks(tx)
        artifacts.delete_object(tx, OWNER, "bucket", "a")
        shared = chunks(tx)
        put(tx, "b", b"other")

        assert (kept, shared, chunks(tx)) == (1, 1, 1)


def test_an_object_is_read_by_account_alone_but_not_from_another_account(database: Database) -> None:
    with database.write() as tx:
        artifacts.create_bucket(tx, OWNER, "bucket", 1)
        put(tx, "key", b"content")

        mine = artifacts.read_object(tx, OWNER[0], "bucket", "key")
        theirs = artifacts.read_object(tx, "222222222222", "bucket", "key")

    assert (mine, theirs) == (b"content", None)


def test_a_list_reads_on_behind_a_batch(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "_BATCH", 2)
    with database.write() as tx:
        for key in ("a", "b/1", "b/2", "b/3", "c", "d/1"):
            put(tx, key, b"")

        flat, folded = keys(tx), keys(tx, delimiter="/")

    assert flat == ["a", "b/1", "b/2", "b/3", "c", "d/1"]
    assert folded == ["a", "b/", "c", "d/"]


def test_keys_are_listed_in_the_order_of_their_bytes(database: Database) -> None:
    names = ["é", "z", "Z", "\U0001f600", "\uffee", "a b", "a"]
    with database.write() as tx:
        for key in names:
            put(tx, key, b"")

        assert keys(tx) == sorted(names, key=str.encode)
