"""Does a Cloud Control endpoint answer, and allow what the provider does there? Asked without changing anything.

Every call is made on what is not there, or cannot be read. Who may not make it is told so first. What the types' own
handlers need cannot be asked.
"""

from collections.abc import Callable
from typing import Any

from manciple.engine.cloud_control.calls import Api, Busy, Refused, Silent, answer_of
from manciple.engine.credentials import Clients
from manciple.engine.finding import Finding
from manciple.engine.place import Place

_TYPE, _ABSENT = "AWS::Logs::LogGroup", "manciple-check-absent"
_CALLS: dict[str, dict[str, Any]] = {
    "get_resource": {"TypeName": _TYPE, "Identifier": _ABSENT},
    "create_resource": {"TypeName": _TYPE, "DesiredState": "not JSON"},
    "update_resource": {"TypeName": _TYPE, "Identifier": _ABSENT, "PatchDocument": "not JSON"},
    "delete_resource": {"TypeName": _TYPE, "Identifier": _ABSENT},
    "get_resource_request_status": {"RequestToken": _ABSENT},
    "cancel_resource_request": {"RequestToken": _ABSENT},
}
_UNREACHED = ("NoCredentials", "UnreachablePlace")
_DENIALS = ("AccessDenied", "InvalidCredentials")
_STRANGE = ("InvalidAction", "NotImplemented", "UnknownOperationException")
"""How servers answer that know no such call."""


def check(clients: Clients, place: Place) -> Finding:
    """One endpoint, as one finds it in an account and region."""
    where = f"{clients.endpoint} in {place.region}"
    api = Api(clients, place)
    try:
        who = f" as {_caller(clients, place)}" if clients.sts_endpoint is not None else ""
        found = [problem for name, arguments in _CALLS.items() if (problem := _problem(api.call, name, arguments))]
    except (Busy, Silent) as away:
        return Finding(where=where, said="", problem=away.message)
    except Refused as refused:
        return Finding(where=where, said="", problem=f"{refused.name}: {refused.message}")
    return Finding(where=where, said=f"answers{who}", problem="; ".join(found) or None)


def _problem(call: Callable[..., Any], name: str, arguments: dict[str, Any]) -> str | None:
    """Why a call cannot be made, None if it can. Raises what keeps all of them from being made."""
    try:
        call(name, **arguments)
    except (Busy, Silent):
        raise
    except Refused as refused:
        if refused.name in _UNREACHED:
            raise
        if refused.code in _DENIALS or refused.name in _STRANGE or refused.name.isdecimal():
            return f"{name}: {refused.name}: {refused.message}"
    return None


def _caller(clients: Clients, place: Place) -> str:
    return str(answer_of(lambda: clients.sts(place).get_caller_identity())["Arn"])
