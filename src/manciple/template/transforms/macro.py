"""Macros: transforms that somebody's own function carries out. Here is what it is asked, and what its answer means.

User guide, "Perform custom processing on CloudFormation templates with template macros" (the request and the response
mapping). What the function answered is a fact like any other, so that a plan is carried out with the answer that it was
made with; whoever fetches facts calls the function. Sentences on failures as quoted in public issues.
"""

import json
from typing import Any

import msgspec

from manciple.errors import TemplateError
from manciple.template.evaluation import Need, Needs, Parameter
from manciple.template.transforms.transform import Call, Transform, Verbatim
from manciple.template.values import Value, revealed, untyped

KIND = "macro"
"""The kind of the need; its key is the request as JSON."""

NO_MACRO = "No transform named {} found."
NO_MESSAGE = "Transform {} failed without an error message."
MALFORMED = "Received malformed response from transform {}"


class Answer(msgspec.Struct, frozen=True):
    """What a function answers: the fragment that it has made, or a status that is not `success` and why."""

    status: str
    fragment: Any = None
    error: str = msgspec.field(name="errorMessage", default="")


def macro(name: str, account: str) -> Transform:
    """The transform that the macro of this name is; one without an account is the account's own."""
    identity = name if "::" in name else f"{account}::{name}"
    return Transform(name=identity, apply=lambda call: _apply(identity, call), embeds=True)


def request_of(identity: str, call: Call) -> dict[str, Any]:
    """The event that the function gets. It sees every parameter, those with NoEcho too, as on AWS."""
    return {
        "region": call.facts.region,
        "accountId": call.facts.account,
        "transformId": identity,
        "params": revealed(dict(call.arguments)),
        "templateParameterValues": {name: _value(one) for name, one in call.parameters.items()},
        "fragment": call.fragment,
    }


def _value(parameter: Parameter) -> Value:
    return revealed(parameter.resolved)


def _apply(identity: str, call: Call) -> Value | Needs:
    need = Need(KIND, json.dumps(request_of(identity, call), sort_keys=True))
    if need not in call.facts.known:
        return Needs(frozenset({need}))
    told = call.facts.known[need]
    if not isinstance(told, str):
        raise Verbatim(NO_MACRO.format(identity))
    return _fragment(identity, told)


def _fragment(identity: str, told: str) -> Value:
    try:
        answer = msgspec.json.decode(told, type=Answer)
    except msgspec.MsgspecError:
        raise Verbatim(MALFORMED.format(identity)) from None
    if answer.status != "success":
        raise TemplateError(answer.error) if answer.error else Verbatim(NO_MESSAGE.format(identity))
    return untyped(answer.fragment)
