"""Does a CloudFormation endpoint answer, and allow what the target does there? Asked without changing a stack.

Every call of the target is made on a stack that is not there. Who may not make it is told so first; who may is told
that there is no such stack.
"""

from functools import partial
from typing import Any

from manciple.engine.cloudformation.endpoint import Away, Garbled, Refused, answer_of
from manciple.engine.credentials import Clients
from manciple.engine.finding import Finding
from manciple.engine.place import Place

_STACK, _CHANGE_SET = "SC-manciple-check", "SC-manciple-check"
_NAMED: dict[str, Any] = {"StackName": _STACK}
_BOTH = _NAMED | {"ChangeSetName": _CHANGE_SET}
_TEMPLATE = '{"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}'
_CALLS: dict[str, dict[str, Any]] = {
    "describe_stacks": _NAMED,
    "describe_stack_events": _NAMED,
    "get_template": _NAMED,
    "create_change_set": _BOTH | {"ChangeSetType": "UPDATE", "TemplateBody": _TEMPLATE},
    "describe_change_set": _BOTH,
    "execute_change_set": _BOTH,
    "delete_change_set": _BOTH,
    "cancel_update_stack": _NAMED,
    "delete_stack": _NAMED,
}
_ABSENT = ("ValidationError", "ChangeSetNotFound", "ChangeSetNotFoundException")
"""How CloudFormation answers a call on what is not there."""


def check(clients: Clients, place: Place) -> Finding:
    """One endpoint, as one finds it in an account and region."""
    where = f"{clients.endpoint} in {place.region}"
    try:
        who = f" as {_caller(clients, place)}" if clients.sts_endpoint is not None else ""
        answer_of(lambda: clients.cloudformation(place).list_stacks())
        refused, unclear = _tried(clients, place)
        if clients.bucket is not None:
            _keep(clients, place)
    except Refused as error:
        return Finding(where=where, said="", problem=f"{error.code}: {error.message}")
    except Away as away:
        return Finding(where=where, said="", problem=f"no answer: {away}")
    said = f"answers{who}" + (f"; does not say whether it allows {', '.join(unclear)}" if unclear else "")
    return Finding(where=where, said=said, problem="; ".join(refused) or None)


def _tried(clients: Clients, place: Place) -> tuple[list[str], list[str]]:
    """Which calls are refused, with why; and which are answered in no words of CloudFormation's. Raises Away."""
    refused, unclear = [], []
    for name, arguments in _CALLS.items():
        try:
            answer_of(partial(getattr(clients.cloudformation(place), name), **arguments))
        except Refused as error:
            if error.code not in _ABSENT:
                refused.append(f"{name}: {error.code}: {error.message}")
        except Garbled:
            unclear.append(name)
    return refused, unclear


def _caller(clients: Clients, place: Place) -> str:
    return str(answer_of(lambda: clients.sts(place).get_caller_identity())["Arn"])


def _keep(clients: Clients, place: Place) -> None:
    """Put something into the bucket for templates, as a template would be."""
    tag = "servicecatalog:provisioning=true"
    where = {"Bucket": clients.bucket, "Key": "manciple/check.template"}
    answer_of(lambda: clients.s3(place).put_object(**where, Body=_TEMPLATE.encode(), Tagging=tag))
