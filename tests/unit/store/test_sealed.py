"""Secrets at rest."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manciple.store.database import Database
from manciple.store.sealed import Seal, SealedError, check_key, is_sealed, make_key, read_key


@given(st.binary(max_size=200))
def test_what_is_sealed_is_opened_as_it_was(plain: bytes) -> None:
    seal = Seal(b"k" * 32)

    assert seal.open(seal.close(plain)) == plain


def test_the_same_bytes_are_never_sealed_alike_and_show_nothing(seal: Seal) -> None:
    first, second = seal.close(b"hunter-2"), seal.close(b"hunter-2")

    assert first != second
    assert b"hunter" not in first


@pytest.mark.parametrize("place", [0, 12, -1])
def test_bytes_that_were_touched_are_not_opened(seal: Seal, place: int) -> None:
    sealed = bytearray(seal.close(b"hunter-2"))
    sealed[place] ^= 1

    with pytest.raises(SealedError):
        seal.open(bytes(sealed))


def test_another_key_opens_nothing(seal: Seal) -> None:
    with pytest.raises(SealedError):
        Seal(b"x" * 32).open(seal.close(b"hunter-2"))


def test_equal_bytes_have_equal_digests_under_one_key_only(seal: Seal) -> None:
    assert seal.digest(b"a") == seal.digest(b"a") != seal.digest(b"b")
    assert Seal(b"x" * 32).digest(b"a") != seal.digest(b"a")


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(SealedError, match="31 bytes"):
        Seal(b"k" * 31)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "data.key"

    first, again = read_key(file, create=True), read_key(file, create=True)

    assert first == again
    assert len(first) == 32
    assert file.stat().st_mode & 0o077 == 0


def test_processes_that_start_together_make_one_key_between_them(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "data.key"

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: read_key(file, create=True), range(32)))

    assert len(keys) == 1
    assert [found.name for found in file.parent.iterdir()] == ["data.key"]


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SealedError, match=r"nothing\.key"):
        read_key(tmp_path / "nothing.key", create=False)


@pytest.mark.parametrize("text", ["", "zz" * 32, "17" * 31, "17" * 33])
def test_a_key_file_that_holds_no_key_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.key"
    file.write_text(text)

    with pytest.raises(SealedError, match=r"bad\.key"):
        read_key(file, create=True)


def test_two_keys_are_never_the_same() -> None:
    assert make_key() != make_key()


def test_a_database_remembers_the_key_that_it_was_first_sealed_with(made: Database, seal: Seal) -> None:
    before = is_sealed(made)
    check_key(made, seal, Path("right.key"))
    check_key(made, seal, Path("right.key"))

    assert (before, is_sealed(made)) == (False, True)
    with pytest.raises(SealedError, match=r"wrong\.key"):
        check_key(made, Seal(b"x" * 32), Path("wrong.key"))
