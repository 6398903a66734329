"""An operator's own resource types, carried out by their handlers (`engine/registered`).

As CloudFormation does it: properties are checked by the schema before a handler is called, a handler in progress is
called again with the model and callback context that it gave, and what it made is read back (CloudFormation CLI user
guide, "Resource type handler contract").
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from manciple.engine.providers.provider import (
    HandlerRequest,
    Lifetime,
    ProgressEvent,
    ProviderType,
    Subject,
    Surroundings,
    failed,
)
from manciple.engine.registered.directory import ResourceType
from manciple.engine.registered.handler import Action, Answer, ask, hidden_in
from manciple.engine.registered.model import (
    as_value,
    as_values,
    identified,
    identifier_of,
    members_at,
    read_only_attributes,
)
from manciple.engine.registered.registration import registered_types
from manciple.template.property_faults import property_faults
from manciple.template.typed_values import typed_properties
from manciple.template.values import Value, texts

_ACTIONS: dict[str, Action] = {"create": "CREATE", "read": "READ", "update": "UPDATE", "delete": "DELETE"}
_AWS_TAGS = "aws:"
_NAME = "registered"
"""The origin of what handlers made: it stays theirs whatever types the settings name later."""


class Registered:
    """Calls the handlers of the types that the operator registered."""

    takes_batches = False

    def __init__(self, types: Mapping[str, ResourceType]) -> None:
        self._types = types

    def serves(self, resource_type: str) -> bool:
        """The registered types."""
        return resource_type in self._types

    def simulates(self, _subject: Subject) -> bool:
        """A handler makes something real."""
        return False

    def callback_for(self, _request: HandlerRequest) -> Lifetime | None:
        """Handlers are called again, they do not call back."""
        return None

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        """Answer each request."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: HandlerRequest) -> ProgressEvent:
        found = self._types.get(request.type)
        if found is None:
            return failed(
                "InvalidTypeConfiguration",
                f"{request.type} is not registered any more; `manciple types add` its directory, and start again.",
            )
        return _Call(found, request).answer()


class _Call:
    """One request to one type's handlers."""

    def __init__(self, type: ResourceType, request: HandlerRequest) -> None:
        self._type = type
        self._request = request
        self._context: dict[str, Any] = request.callback_context or {}
        self._previous = self._typed(request.previous_model)
        self._desired = self._typed(request.model) | self._context.get("model", {})
        written = (members_at(self._desired, path) for path in type.schema.write_only)
        self._hidden = [
            *request.sensitive,
            *(text for found in written for one in found for text in texts(as_value(one))),
        ]

    def answer(self) -> ProgressEvent:
        """What the handler makes of it."""
        action = _ACTIONS[self._request.action]
        if self._request.action not in self._type.minutes:
            return failed("InvalidRequest", f"{self._type.name} has no handler to {self._request.action} a resource.")
        if self._request.callback_context is None and (refusal := self._invalid_properties()):
            return refusal
        answer = self._ask(action, self._desired, self._context.get("handler"))
        if answer.status == "SUCCESS":
            return self._succeeded(action, answer)
        if answer.status == "FAILED":
            return self._failed(answer)
        return self._in_progress(answer)

    def _invalid_properties(self) -> ProgressEvent | None:
        """CloudFormation checks properties by the schema before it calls a handler."""
        request = self._request
        if request.action not in ("create", "update"):
            return None
        found = property_faults(request.type, request.logical_id, request.model)
        return failed("InvalidRequest", found.status_reason, verbatim=True) if found else None

    def _succeeded(self, action: Action, answer: Answer) -> ProgressEvent:
        physical_id = self._identifier(answer)
        if action == "DELETE":
            return ProgressEvent(status="SUCCESS", physical_id=physical_id)
        if physical_id is None:
            return failed(
                "HandlerInternalFailure", f"The {action} handler gave a model without its primary identifier."
            )
        if physical_id != (self._request.physical_id or physical_id):
            return failed(
                "HandlerInternalFailure", f"The {action} handler gave another primary identifier, {physical_id}."
            )
        read = answer if action == "READ" else self._ask("READ", identified({}, self._type.schema, physical_id), None)
        if read.status != "SUCCESS":
            return self._failed(read)
        found = (answer.resource_model or {}) | (read.resource_model or {})
        return ProgressEvent(
            status="SUCCESS",
            physical_id=physical_id,
            attributes=read_only_attributes(as_values(found), self._type.schema),
            model=found if action == "READ" else None,
            origin=_NAME,
        )

    def _failed(self, answer: Answer) -> ProgressEvent:
        """A failed create may have left something; what another made under the same identifier is not ours."""
        message = hidden_in(answer.message or "The handler gave no message.", self._hidden)
        event = failed(answer.error_code or "GeneralServiceException", message)
        if self._request.action == "create" and answer.error_code != "AlreadyExists":
            return msgspec.structs.replace(event, physical_id=self._identifier(answer))
        return event

    def _in_progress(self, answer: Answer) -> ProgressEvent:
        """Called again after the delay; the whole may take as long as the schema allows."""
        minutes = self._type.minutes[self._request.action]
        return ProgressEvent(
            status="IN_PROGRESS",
            physical_id=self._identifier(answer) if self._request.action == "create" else None,
            callback_context={"handler": answer.callback_context, "model": answer.resource_model or {}},
            delay_ms=int(min(max(answer.callback_delay_seconds or 0, 0), minutes * 60) * 1000),
            timeout_ms=minutes * 60_000 if self._request.callback_context is None else None,
            origin=_NAME,
        )

    def _ask(self, action: Action, model: dict[str, Any], context: Any) -> Answer:
        return ask(self._type, action, self._resource_request(model), context, self._hidden)

    def _resource_request(self, model: dict[str, Any]) -> dict[str, Any]:
        """The ResourceHandlerRequest."""
        request, place, schema = self._request, self._request.place, self._type.schema
        own, previous = _own(request.tags), _own(request.previous_tags)
        document = {
            "clientRequestToken": request.token,
            "desiredResourceState": identified(model, schema, request.physical_id),
            "previousResourceState": identified(self._previous, schema, request.physical_id)
            if self._previous
            else None,
            "desiredResourceTags": own,
            "previousResourceTags": previous or None,
            "systemTags": {key: value for key, value in request.tags.items() if key not in own},
            "awsAccountId": place.account,
            "awsPartition": place.partition,
            "region": place.region,
            "logicalResourceIdentifier": request.logical_id,
            "stackId": request.stack_id,
            "snapshotRequested": request.snapshot or None,
        }
        return {name: value for name, value in document.items() if value is not None}

    def _identifier(self, answer: Answer) -> str | None:
        return identifier_of(answer.resource_model or {}, self._type.schema) or self._request.physical_id

    def _typed(self, model: dict[str, Value]) -> dict[str, Any]:
        return typed_properties(model, self._type.schema)


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    """A stack's tags without AWS's."""
    return {key: value for key, value in tags.items() if not key.startswith(_AWS_TAGS)}


def _make(surroundings: Surroundings) -> Registered:
    return Registered(registered_types(surroundings.settings))


REGISTERED = ProviderType(_NAME, _make)
