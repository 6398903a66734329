"""Tokens that say where a list of our own goes on, sealed: worth nothing to another caller or in another list."""

import base64
from typing import Any

import msgspec

from manciple.operations.call import Context
from manciple.store.sealed import SealedError


def write_token(context: Context, scope: list[str], place: Any) -> str:
    """The token for a place in the list that `scope` and the caller make what it is."""
    sealed = context.runtime.objects.seal.close(msgspec.json.encode([[*context.owner, *scope], place]))
    return base64.urlsafe_b64encode(sealed).decode()


def read_token(context: Context, scope: list[str], token: str) -> Any:
    """The place that a token holds. Raises ValueError if it is not one that this list gave."""
    try:
        opened = msgspec.json.decode(context.runtime.objects.seal.open(base64.urlsafe_b64decode(token)))
    except (ValueError, SealedError) as error:
        raise ValueError("The page token is not one that this list gave.") from error
    if opened[0] != [*context.owner, *scope]:
        raise ValueError("The page token is not one that this list gave.")
    return opened[1]
