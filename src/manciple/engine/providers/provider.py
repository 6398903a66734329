"""The contract of a provider: one resource at a time is created, read, updated, deleted.

It is CloudFormation's own (CloudFormation CLI user guide, "Resource type handler contract" and "ProgressEvent"): a
handler answers a ProgressEvent; IN_PROGRESS asks to be called again after a delay, with the same request and the
callback context it gave; handlers are idempotent by client token.
"""

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from manciple.engine.place import Place
from manciple.template.values import Value

Action: TypeAlias = Literal["create", "read", "update", "delete"]
OperationStatus: TypeAlias = Literal["SUCCESS", "IN_PROGRESS", "FAILED"]

TRANSIENT = frozenset(
    {
        "NetworkFailure",
        "NotStabilized",
        "ResourceConflict",
        "ServiceInternalError",
        "ServiceLimitExceeded",
        "ServiceTimeout",
        "Throttling",
    }
)
"""HandlerErrorCodes after which the same call, under the same token, is tried again."""


class HandlerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call to a handler. Models are revealed: they hold secrets as plain text and are never logged.

    `tags` are the stack's tags, the `aws:` ones too. `stack_name` and `logical_id` serve to make up names.
    `sensitive` are the texts inside the model that came from secrets.
    """

    token: str
    action: Action
    type: str
    place: Place
    stack_name: str
    logical_id: str
    physical_id: str | None = None
    model: dict[str, Value] = {}
    previous_model: dict[str, Value] = {}
    tags: dict[str, str] = {}
    sensitive: tuple[str, ...] = ()
    snapshot: bool = False
    callback_context: dict[str, Any] | None = None


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True):
    """How far a handler is.

    A create gives `physical_id` with its first answer. `attributes` are what `Fn::GetAtt` can read, where any name
    will do one that ends in `*`; `reference` is what `Ref` gives where that is not the physical id.
    """

    status: OperationStatus
    physical_id: str | None = None
    reference: str | None = None
    attributes: dict[str, Value] = {}
    callback_context: dict[str, Any] | None = None
    delay_ms: int = 0
    error_code: str | None = None
    message: str | None = None


def failed(error_code: str, message: str) -> ProgressEvent:
    """The answer of a handler that could not do it."""
    return ProgressEvent(status="FAILED", error_code=error_code, message=message)


class Provider(Protocol):
    """Handles requests for the resource types it serves.

    `takes_batches` says that one call may carry many requests (all that are ready are sent at once); else each call
    carries one, on a thread of the engine's pool.
    """

    takes_batches: bool

    def serves(self, resource_type: str) -> bool:
        """Does this provider handle the type?"""
        ...

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        """Answer each request, in order. What it raises counts as ServiceInternalError for all of them."""
        ...


class Providers:
    """The providers of one engine, asked in order; the last one serves whatever no other does."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = tuple(providers)
        self._chosen: dict[str, Provider] = {}

    def of(self, resource_type: str) -> Provider:
        """The provider of a type; LookupError, naming the type, if there is none."""
        found = self._chosen.get(resource_type)
        if found is None:
            found = next((one for one in self._providers if one.serves(resource_type)), None)
            if found is None:
                raise LookupError(f"Unrecognized resource types: [{resource_type}]")
            self._chosen[resource_type] = found
        return found
