"""What is said, in one sentence, when a command cannot do what it was asked."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from manciple.errors import ServiceError
from manciple.settings import SettingsError

_KEYS = (
    "This server takes only keys that `manciple key create` made; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY name one."
)
_ADVICE = {
    "InvalidAccessKeyId": _KEYS,
    "MissingAuthenticationTokenException": _KEYS,
    "UnrecognizedClientException": _KEYS,
}
"""What to do about an error that AWS's words leave its reader alone with, by code."""


class Refusal(Exception):
    """The command cannot be carried out; the message says why and what to do."""


def sentence_of(error: Exception) -> str | None:
    """The sentence for an error that a user can do something about; None for a defect of ours."""
    if isinstance(error, Refusal | SettingsError | ServiceError | OSError):
        return str(error)
    return _of_client(error) or _of_store(error)


def _of_client(error: Exception) -> str | None:
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _of_answer(error.response["Error"])
    if isinstance(error, exceptions.EndpointConnectionError | exceptions.HTTPClientError):
        return f"{error} Is the server running? `manciple serve` starts one, --endpoint names one."
    return str(error) if isinstance(error, exceptions.BotoCoreError) else None


def _of_answer(answer: Mapping[str, Any]) -> str:
    """The sentence for an error that was answered; one without a name comes from something that is not AWS's kind."""
    if answer["Code"].isdecimal():
        return f"The endpoint answered HTTP {answer['Code']}; is it a Manciple server? --endpoint names another."
    return " ".join(filter(None, (f"{answer['Code']}: {answer['Message']}", _ADVICE.get(answer["Code"]))))


def _of_store(error: Exception) -> str | None:
    from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

    from manciple.store.schema import SchemaError
    from manciple.store.sealed import SealedError

    if isinstance(error, SchemaError | SealedError):
        return str(error)
    if isinstance(error, ArgumentError):
        return f"The database URL cannot be used: {error}."
    if isinstance(error, OperationalError) or type(error) is DatabaseError:  # DatabaseError: a file that is none
        return f"The database cannot be {_failed_to(error.orig)}: {' '.join(str(error.orig).split())}"
    return None


def _failed_to(error: object) -> str:
    """What could not be done with a database: SQLite's is at hand, any other has to be reached first."""
    return "used" if isinstance(error, sqlite3.Error) else "reached"
