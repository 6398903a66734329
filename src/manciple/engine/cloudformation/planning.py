"""A plan at a CloudFormation endpoint: its change set is made once, whenever the process dies, and read once it is."""

from collections.abc import Iterator
from contextlib import suppress

from msgspec.structs import replace

from manciple.engine.cloudformation.change_sets import (
    INCLUDE_NESTED,
    LONGEST_BODY,
    change_set_of,
    nested_in,
    planned_of,
    request_of,
)
from manciple.engine.cloudformation.constrained_body import constrained_body
from manciple.engine.cloudformation.conversation import Conversation
from manciple.engine.cloudformation.discarding import discard
from manciple.engine.cloudformation.endpoint import Away, Json, Refused
from manciple.engine.events import USER_INITIATED
from manciple.engine.launch import Launch
from manciple.engine.previous_parameters import previous_parameters
from manciple.engine.targets.target import Failed, Made, Wake
from manciple.errors import TemplateError
from manciple.template.change_set import ChangeSet

_NO_CHANGES = ("The submitted information didn't contain changes.", "No updates are to be performed.")
_MAKING = ("CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE")

_IN_THE_WAY = ("ROLLBACK_COMPLETE", "DELETE_IN_PROGRESS")
"""Statuses of a stack that is to be gone before another of its name is made."""

_TOO_LONG = (
    "The template has {size} bytes; a CloudFormation endpoint takes at most {most} in a request. Make the template "
    "smaller, or name a bucket that the endpoint can read in targets.cloudformation.bucket."
)


def plan(talk: Conversation, launch: Launch) -> Made | Wake | Failed:
    """Have the change set made, unless it is, and read it. Raises Refused, Away."""
    handle = talk.handle
    if handle.refused is not None:
        return _take_back(talk, launch, handle.refused)
    if talk.slice.work.operation.handle is None:
        talk.intend()
    name = launch.stack_name
    found = talk.endpoint.find_change_set(name, handle.change_set)
    if found is None and handle.change_set_id is None:
        if (instead := _create(talk, launch)) is not None:
            return instead
        found = talk.endpoint.find_change_set(name, handle.change_set)
    if found is None:
        raise Away(f"it does not know its change set {handle.change_set} yet")
    _note_made(talk, found["ChangeSetId"], found["StackId"])
    return _judge(talk, launch, found)


def _create(talk: Conversation, launch: Launch) -> Failed | Wake | None:
    """Have the change set made; where another worker did so meanwhile, that is the one.

    What is left of a creation that failed can only be deleted; that goes first.
    """
    parts = talk.slice.parts
    with parts.database.read() as tx:
        text = parts.objects.get(tx, launch.template_digest).decode(errors="replace")
    try:
        body = constrained_body(text, launch.effects.rules).encode()
    except TemplateError as error:
        return Failed(code=error.code, message=error.message)
    if len(body) > LONGEST_BODY and not talk.endpoint.keeps_templates:
        return Failed(code="ValidationError", message=_TOO_LONG.format(size=len(body), most=LONGEST_BODY))
    stack = talk.endpoint.find_stack(launch.stack_name)
    if stack is not None and stack["StackStatus"] in _IN_THE_WAY:
        return _clear(talk, stack)
    is_new = stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    long = len(body) > LONGEST_BODY
    template = {"TemplateURL": talk.endpoint.keep_template(body)} if long else {"TemplateBody": body.decode()}
    request = request_of(launch, talk.handle.change_set, template, is_new=is_new)
    try:
        _ask(talk, request)
    except Refused as refused:
        if refused.code != "AlreadyExistsException" or "ChangeSet" not in refused.message:
            raise
    return None


def _ask(talk: Conversation, request: Json) -> None:
    """Have the change set made, where the endpoint knows how with those of nested stacks."""
    try:
        talk.endpoint.call("create_change_set", **request)
    except Refused as refused:
        if INCLUDE_NESTED not in refused.message:
            raise
        talk.endpoint.call("create_change_set", **{name: request[name] for name in request if name != INCLUDE_NESTED})


def _clear(talk: Conversation, stack: Json) -> Wake:
    """Have a leftover deleted, and wait until it is gone."""
    if stack["StackStatus"] == "ROLLBACK_COMPLETE":
        talk.intend()
        token = talk.slice.work.operation.id
        talk.endpoint.call("delete_stack", StackName=stack["StackId"], ClientRequestToken=token)
    talk.note()
    return talk.pause()


def _note_made(talk: Conversation, change_set_id: str, stack_id: str) -> None:
    """Keep both ids: from here on, stack and change set are spoken of by them."""
    work, handle = talk.slice.work, talk.handle
    if handle.change_set_id != change_set_id or work.root.stack.arn != stack_id:
        is_anew = work.root.stack.status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE")
        handle.change_set_id, work.root.stack.arn = change_set_id, stack_id
        if is_anew:
            work.tell_stack(work.root, "REVIEW_IN_PROGRESS", USER_INITIATED)
        work.touch_stack(work.root.stack)
        talk.note()


def _judge(talk: Conversation, launch: Launch, found: Json) -> Made | Wake | Failed:
    """What a change set in this status means for the plan."""
    status = found["Status"]
    if status not in _MAKING:
        message = found.get("StatusReason") or f"The change set is {status}."
        is_plan = talk.slice.work.operation.kind == "plan"
        return refusal(None, message) if is_plan else _take_back(talk, launch, message)
    if status != "CREATE_COMPLETE":
        talk.note()
        return talk.pause()
    valued = talk.endpoint.find_change_set(launch.stack_name, found["ChangeSetName"], IncludePropertyValues=True)
    changes = replace(change_set_of(found, valued), nested=dict(_nested(talk, found)))
    return Made(change_set=changes, planned=planned_of(launch, found, changes, _previous(talk, launch)))


def _nested(talk: Conversation, described: Json, path: str = "") -> Iterator[tuple[str, ChangeSet]]:
    """What changes in nested stacks, by path; a stack of which the endpoint tells nothing is the one change it is."""
    for inner, arn in nested_in(described, path):
        found = talk.endpoint.find_change_set(None, arn)
        if found is not None:
            valued = talk.endpoint.find_change_set(None, arn, IncludePropertyValues=True)
            yield inner, change_set_of(found, valued)
            yield from _nested(talk, found, inner)


def _take_back(talk: Conversation, launch: Launch, message: str) -> Failed:
    """Leave nothing of a change set that failed, where nobody can look at it: a launch or update without a plan."""
    talk.handle.refused = message
    talk.note()
    with suppress(Refused):
        discard(talk, launch, with_stack=True)
    return refusal(None, message)


def _previous(talk: Conversation, launch: Launch) -> dict[str, str]:
    """What is known of parameters that keep their values: a hidden one is not told by the endpoint."""
    parts = talk.slice.parts
    with parts.database.read() as tx, suppress(TemplateError):
        return previous_parameters(tx, parts.objects, launch)
    return {}


def refusal(code: str | None, message: str) -> Failed:
    """A plan that cannot be made; CloudFormation's words tell whether it is for want of changes."""
    return Failed(code=code, message=message, nothing_to_change=message.startswith(_NO_CHANGES))
