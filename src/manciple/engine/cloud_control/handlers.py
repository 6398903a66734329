"""Create, read, update and delete of a resource by Cloud Control: each call of a handler makes one step and returns."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from manciple.engine.cloud_control.calls import Busy, Json, Refused, Silent
from manciple.engine.cloud_control.models import attributes_of, desired_state, identifier_in
from manciple.engine.cloud_control.patch import patch_of
from manciple.engine.cloud_control.turn import Turn, made_by_request
from manciple.engine.providers.provider import Action, ProgressEvent, failed

_ATTEMPTS = 6
"""So often a request is made anew after one that failed for a reason that passes."""

_PASSING = ("NetworkFailure", "ResourceConflict", "ServiceInternalError", "ServiceTimeout", "Throttling")
"""HandlerErrorCodes of requests that may succeed when they are made anew."""

_NO_SNAPSHOT = (
    "Cloud Control cannot take the snapshot that DeletionPolicy or UpdateReplacePolicy Snapshot asks for, so {} was "
    "not deleted; take one yourself, then delete it, or say Delete or Retain in the template"
)


def handle(turn: Turn) -> ProgressEvent:
    """Make the next step of the turn's action."""
    return _HANDLERS[turn.request.action](turn)


def _create(turn: Turn) -> ProgressEvent:
    """Make a resource. One with a name of its own is looked for first: what is there already is none of ours."""
    course = turn.course
    desired = desired_state(turn.request.model, turn.request.tags, turn.schema)
    name = identifier_in(desired, turn.schema.primary_identifier)
    if course.there or course.request:
        return _made(turn) if course.there else _follow(turn)
    if name is not None and not course.is_absent:
        return _look_before(turn, name)
    try:
        event = turn.api.create(turn.request.type, desired, turn.token)
    except Busy as busy:
        return turn.later(after=busy)
    except Silent as silent:
        return (
            turn.later(name, after=silent)
            if name
            else ProgressEvent(status="FAILED", error_code=silent.code, message=f"Cloud Control said: {silent.message}")
        )
    except Refused as refused:
        return _adopted(turn, refused.code) or turn.fail(refused.code, refused.message)
    return _judge(turn, event)


def _look_before(turn: Turn, name: str) -> ProgressEvent:
    try:
        is_there = turn.api.find(turn.request.type, name) is not None
    except (Busy, Silent) as away:
        return turn.later(after=away)
    except Refused:
        is_there = False  # a type that cannot be read; the create will tell
    if is_there:
        return turn.fail(
            "AlreadyExists", f"Resource of type '{turn.request.type}' with identifier '{name}' already exists."
        )
    turn.course.is_absent = True
    return turn.later()


def _adopted(turn: Turn, code: str) -> ProgressEvent | None:
    """What has the name, and was not there before, if it is what an earlier call of this handler asked for.

    Only an endpoint that does not keep client tokens leaves that to be asked: it says that the thing exists.
    """
    desired = desired_state(turn.request.model, turn.request.tags, turn.schema)
    name = identifier_in(desired, turn.schema.primary_identifier)
    if code != "AlreadyExists" or name is None or not turn.course.is_absent:
        return None
    with suppress(Refused):
        live = turn.api.find(turn.request.type, name)
        if live is not None and all(live.get(key) == desired[key] for key in desired if key in live):
            turn.course.there = name
            return _made(turn)
    return None


def _update(turn: Turn) -> ProgressEvent:
    """Change a resource in place."""
    request, course = turn.request, turn.course
    if course.there or course.request:
        return _made(turn) if course.there else _follow(turn)
    before = desired_state(request.previous_model, request.previous_tags, turn.schema)
    patch = patch_of(before, desired_state(request.model, request.tags, turn.schema), turn.schema)
    identifier = request.physical_id or ""
    if not patch:
        course.there = identifier
        return _made(turn)
    return _asked(turn, lambda: turn.api.update(request.type, identifier, patch, turn.token))


def _delete(turn: Turn) -> ProgressEvent:
    """Delete a resource, or what a request to make it has made."""
    request, course = turn.request, turn.course
    if request.snapshot:
        return failed("InvalidRequest", _NO_SNAPSHOT.format(request.physical_id))
    if course.request:
        return _follow(turn)
    creation = made_by_request(request.physical_id)
    if creation is not None and course.there is None:
        return _end_creation(turn, creation)
    identifier = course.there or request.physical_id or ""
    return _asked(turn, lambda: turn.api.delete(request.type, identifier, turn.token))


def _end_creation(turn: Turn, creation: str) -> ProgressEvent:
    """Give up a request to make something, and find out what it has made by then."""
    try:
        event = turn.api.status(creation)
        if event["OperationStatus"] in ("PENDING", "IN_PROGRESS"):
            with suppress(Refused):
                turn.api.cancel(creation)
    except (Busy, Silent) as away:
        return turn.later(after=away)
    except Refused as refused:
        return turn.fail(refused.code, refused.message)
    if event["OperationStatus"] not in _OVER:
        return turn.later(after=Busy("ResourceConflict", "the request is still under way"))
    if not event.get("Identifier") or event.get("ErrorCode") == "AlreadyExists":
        return turn.done()
    turn.course.there = event["Identifier"]
    return turn.later()


def _read(turn: Turn) -> ProgressEvent:
    """A resource as it is."""
    request = turn.request
    try:
        live = turn.api.find(request.type, request.physical_id or "")
    except (Busy, Silent) as away:
        return turn.fail(away.code, away.message)
    except Refused as refused:
        return turn.fail(refused.code, refused.message)
    if live is None:
        return turn.fail(
            "NotFound", f"Resource of type '{request.type}' with identifier '{request.physical_id}' was not found."
        )
    return turn.done(physical_id=request.physical_id, model=live)


def _asked(turn: Turn, ask: Callable[[], Json]) -> ProgressEvent:
    """Have something done with a resource that is there. Asking again under the same token does no harm."""
    try:
        return _judge(turn, ask())
    except (Busy, Silent) as away:
        return turn.later(after=away)
    except Refused as refused:
        return turn.fail(refused.code, refused.message)


def _follow(turn: Turn) -> ProgressEvent:
    """Ask how far the request is."""
    known = turn.request.physical_id
    try:
        return _judge(turn, turn.api.status(turn.course.request or ""))
    except (Busy, Silent) as away:
        return turn.later(known, after=away)
    except Refused as refused:
        return turn.fail(refused.code, f"{refused.name}: {refused.message}")


_OVER = ("SUCCESS", "FAILED", "CANCEL_COMPLETE")


def _judge(turn: Turn, event: Json) -> ProgressEvent:
    """What a progress event means for the step."""
    status, action = event["OperationStatus"], turn.request.action
    if status not in _OVER:
        found = turn.wait_for(event)
        return found if action == "create" else _without_id(found)
    if status == "SUCCESS" and action == "delete":
        return turn.done(physical_id=turn.request.physical_id)
    if status == "SUCCESS":
        turn.course.there = turn.request.physical_id or event.get("Identifier")
        turn.course.tries = turn.course.silences = 0
        return _made(turn)
    return _judge_failure(turn, event)


def _judge_failure(turn: Turn, event: Json) -> ProgressEvent:
    """A request that failed for a reason that passes is made anew, unless it has made something."""
    code = event.get("ErrorCode") or "GeneralServiceException"
    message = event.get("StatusMessage") or f"the request ended as {event['OperationStatus']}"
    identifier: str | None = event.get("Identifier") if turn.request.action == "create" else None
    if turn.request.action == "create" and (adopted := _adopted(turn, code)):
        return adopted
    if code in _PASSING and turn.course.attempt < _ATTEMPTS and not (identifier and _is_there(turn, identifier)):
        return turn.anew()
    return turn.fail(code, message, identifier)


def _is_there(turn: Turn, identifier: str) -> bool:
    """Is something there, as far as one can see? What cannot be seen is taken to be."""
    try:
        return turn.api.find(turn.request.type, identifier) is not None
    except Refused:
        return True


def _without_id(event: ProgressEvent) -> ProgressEvent:
    """An update or delete in progress; its resource has its id."""
    return ProgressEvent(
        status="IN_PROGRESS", callback_context=event.callback_context, delay_ms=event.delay_ms, origin=event.origin
    )


def _made(turn: Turn) -> ProgressEvent:
    """Read what is there, for its attributes. One that was just made may need a moment to be seen."""
    identifier, request = turn.course.there or "", turn.request
    try:
        live = turn.api.find(request.type, identifier)
    except (Busy, Silent) as away:
        return turn.later(identifier, after=away)
    except Refused as refused:
        if refused.name != "UnsupportedActionException":
            return turn.fail(refused.code, refused.message, identifier)
        live = {}
    if live is None:
        return turn.later(identifier, after=Silent("NotStabilized", f"{identifier} was made and cannot be found."))
    return turn.done(
        physical_id=identifier,
        reference=_reference(turn, live, identifier),
        attributes=_named(turn, identifier) | attributes_of(live, request.model, turn.schema),
    )


def _named(turn: Turn, identifier: str) -> dict[str, Any]:
    """The properties that the identifier consists of, where the model does not give them."""
    names, parts = turn.schema.primary_identifier, identifier.split("|")
    named = zip(names, parts, strict=True) if len(names) == len(parts) else ()
    return {name.replace("/", "."): part for name, part in named if name not in turn.request.model}


def _reference(turn: Turn, live: Mapping[str, Any], identifier: str) -> str:
    """What `Ref` gives: the identifier, or some of its parts."""
    names = turn.schema.reference_properties
    if names == turn.schema.primary_identifier:
        return identifier
    return identifier_in({**_named(turn, identifier), **turn.request.model, **live}, names) or identifier


_HANDLERS: dict[Action, Callable[[Turn], ProgressEvent]] = {
    "create": _create,
    "read": _read,
    "update": _update,
    "delete": _delete,
}
