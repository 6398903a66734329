"""Secrets at rest: AES-GCM under one key, and an HMAC under it for equality and fingerprints.

The key is 32 bytes in a file of its own, outside the data directory and readable by its owner only. A database
remembers a check value of its key, so that a wrong key stops the start with one sentence instead of failing later,
row by row.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from manciple.store.database import Database
from manciple.store.tables.catalog import KEY_CHECK

_NONCE = 12
_KEY = 32
_NAME_ANOTHER = "MANCIPLE_SECRET_KEY_FILE names the file to use"


class SealedError(Exception):
    """The key is missing, malformed or not the one that the data was sealed with."""


class Seal:
    """Seals and opens bytes, and takes digests that reveal nothing without the key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY:
            raise SealedError(f"The secret key has {len(key)} bytes; it must have {_KEY}.")
        self._aead = AESGCM(_derive(key, b"seal"))
        self._mac = _derive(key, b"digest")

    def close(self, plain: bytes) -> bytes:
        """Seal bytes; the result starts with a fresh nonce."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._aead.encrypt(nonce, plain, None)

    def open(self, sealed: bytes) -> bytes:
        """Open what `close` made; raises SealedError if the key is another or the bytes were touched."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except InvalidTag as error:
            raise SealedError("The secret key is not the one that this data was sealed with.") from error

    def digest(self, plain: bytes) -> str:
        """64 hexadecimal digits, equal for equal bytes, useless without the key."""
        return hmac.new(self._mac, plain, hashlib.sha256).hexdigest()


def _derive(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, purpose, hashlib.sha256).digest()


def make_key() -> bytes:
    """A new random key."""
    return secrets.token_bytes(_KEY)


def read_key(path: Path, *, create: bool) -> bytes:
    """Read the key from `path`, making it (mode 0600) at first start if `create`.

    The file holds 64 hexadecimal digits. Raises SealedError naming the file if it is absent or malformed, or cannot be
    made.
    """
    if create and not path.exists():
        _write_key(path)
    try:
        text = path.read_text("ascii").strip()
        key = bytes.fromhex(text)
    except FileNotFoundError as error:
        raise SealedError(
            f"The secret key file {path}, without which the data cannot be opened, does not exist; {_NAME_ANOTHER}."
        ) from error
    except (OSError, ValueError) as error:
        raise SealedError(f"The secret key file {path} cannot be read as 64 hexadecimal digits: {error}.") from error
    if len(key) != _KEY:
        raise SealedError(
            f"The secret key file {path} holds {len(key)} bytes; it must hold {_KEY}, as 64 hexadecimal digits."
        )
    return key


def _write_key(path: Path) -> None:
    """Make the file whole before it has its name: whoever finds it, even after a crash, finds a key in it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file, unfinished = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # mode 0600
    except OSError as error:
        raise SealedError(f"The secret key file {path} cannot be made: {error.strerror}; {_NAME_ANOTHER}.") from error
    try:
        with os.fdopen(file, "w") as stream:
            stream.write(make_key().hex() + "\n")
            stream.flush()
            os.fsync(file)
        with suppress(FileExistsError):
            os.link(unfinished, path)
    finally:
        Path(unfinished).unlink()


_SELECT_CHECK = sa.select(KEY_CHECK.c.sealed)
_CHECKED = b"manciple"


def is_sealed(database: Database) -> bool:
    """Was this database ever used with a key, so that no new one will do?"""
    with database.read() as tx:
        return tx.scalar(_SELECT_CHECK) is not None


def check_key(database: Database, seal: Seal, file: Path) -> None:
    """Hold the key against the value that this database was first sealed with, or leave that value in a new database.

    Raises SealedError naming the key's file if the key is another.
    """
    with database.read() as tx:
        sealed = tx.scalar(_SELECT_CHECK)
    if sealed is None:
        with database.write() as tx:
            sealed = tx.scalar(_SELECT_CHECK)
            if sealed is None:
                sealed = seal.close(_CHECKED)
                tx.execute(sa.insert(KEY_CHECK), {"id": 1, "sealed": sealed})
    try:
        seal.open(sealed)
    except SealedError as error:
        raise SealedError(
            f"The secret key in {file} is not the one that this data was sealed with; {_NAME_ANOTHER}."
        ) from error
