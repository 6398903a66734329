"""The handlers of Example::PostgreSQL::Database: one request of the registry in, one ProgressEvent out."""

import os

import database
import psycopg
from psycopg.conninfo import conninfo_to_dict

ADDRESS = "POSTGRESQL_ADMIN_URL"

CODES = {
    "08": "NetworkFailure",
    "22": "InvalidRequest",
    "28": "InvalidCredentials",
    "2B": "ResourceConflict",
    "3D": "NotFound",
    "42501": "AccessDenied",
    "42704": "InvalidRequest",
    "42710": "AlreadyExists",
    "42P04": "AlreadyExists",
    "53": "ServiceLimitExceeded",
    "55006": "ResourceConflict",
    "57014": "ServiceTimeout",
    "57P": "NetworkFailure",
}
"""HandlerErrorCodes by the beginning of an SQLSTATE; the longest that fits counts."""


def handle(asked):
    """Answer one request."""
    request = asked["request"]
    try:
        with database.connected(_address()) as server:
            return ACTIONS[asked["action"]](server, request.get("desiredResourceState") or {}, request)
    except database.Refusal as refusal:
        return _failed(refusal.code, str(refusal))
    except psycopg.Error as error:
        return _failed(_code(error), _message(error))


def _address():
    address = os.environ[ADDRESS]
    try:
        conninfo_to_dict(address)
    except psycopg.ProgrammingError:  # its words would show the address, password and all
        words = f"{ADDRESS} is not the address of a PostgreSQL server, such as postgresql://admin@host:5432/postgres."
        raise database.Refusal("InvalidTypeConfiguration", words) from None
    return address


def _create(server, model, request):
    return _succeeded(database.create(server, model, request["clientRequestToken"]))


def _read(server, model, _request):
    return _succeeded(database.read(server, model["DatabaseName"]))


def _update(server, model, _request):
    return _succeeded(database.update(server, model))


def _delete(server, model, _request):
    database.delete(server, model["DatabaseName"])
    return {"status": "SUCCESS"}


def _list(server, _model, _request):
    return {"status": "SUCCESS", "resourceModels": [{"DatabaseName": name} for name in database.names(server)]}


ACTIONS = {"CREATE": _create, "READ": _read, "UPDATE": _update, "DELETE": _delete, "LIST": _list}


def _succeeded(model):
    return {"status": "SUCCESS", "resourceModel": model}


def _failed(code, message):
    return {"status": "FAILED", "errorCode": code, "message": message}


def _code(error):
    state = error.sqlstate or "08000"  # nobody answered
    fitting = [beginning for beginning in CODES if state.startswith(beginning)]
    return CODES[max(fitting, key=len)] if fitting else "GeneralServiceException"


def _message(error):
    """The server's first sentence, without the detail and the statement, which could show what was asked."""
    return error.diag.message_primary or str(error).strip().splitlines()[-1]
