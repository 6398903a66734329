"""The contract of a provider: one resource at a time is created, read, updated, deleted.

It is CloudFormation's own (CloudFormation CLI user guide, "Resource type handler contract" and "ProgressEvent"): a
handler answers a ProgressEvent; IN_PROGRESS asks to be called again after a delay, with the same request and the
callback context it gave; handlers are idempotent by client token.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import msgspec

from manciple.engine.place import Place
from manciple.settings import Settings
from manciple.store.database import Database
from manciple.store.sealed import Seal
from manciple.template.values import Value

Action: TypeAlias = Literal["create", "read", "update", "delete"]
OperationStatus: TypeAlias = Literal["SUCCESS", "IN_PROGRESS", "FAILED"]
Lifetime: TypeAlias = Literal["step", "operation"]

UNTIL_CALLED = 10**12
"""A delay that only a signal or the deadline ends."""

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


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """What came from outside for a step: its id, its status (SUCCESS, FAILURE or FAILED), the whole document."""

    unique_id: str
    status: str
    body: dict[str, Any] = {}


class HandlerRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call to a handler. Models are revealed: they hold secrets as plain text and are never logged.

    A member is written only where it says more than its default, so that a later version, which knows more members,
    writes the very same for a request of today (the sandbox's ledger compares what is written).

    `tags` are the stack's tags, the `aws:` ones too. `stack_name` and `logical_id` serve to make up names.
    `sensitive` are the texts inside the model that came from secrets. `creation_policy` comes with creates.
    `callback_url` is where the step can be called back, `signals` what came there, in order; `is_overdue` says that
    the time for an answer is over.
    """

    token: str
    action: Action
    type: str
    place: Place
    stack_id: str = ""
    stack_name: str
    logical_id: str
    physical_id: str | None = None
    model: dict[str, Value] = {}
    previous_model: dict[str, Value] = {}
    tags: dict[str, str] = {}
    sensitive: tuple[str, ...] = ()
    snapshot: bool = False
    creation_policy: Value | None = None
    callback_context: dict[str, Any] | None = None
    callback_url: str = ""
    signals: tuple[Signal, ...] = ()
    is_overdue: bool = False


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True):
    """How far a handler is.

    A create gives `physical_id` with its first answer; with `is_initiated` false it is one that was made up until the
    real one is known. An update that gives another physical id has replaced the resource. `attributes` are what
    `Fn::GetAtt` can read, where any name will do one that ends in `*`, secrets if `no_echo`; `reference` is what `Ref`
    gives where that is not the physical id. `timeout_ms` sets the time, from now, after which the handler is called
    as overdue; a signal calls it sooner. `binds` is a callback address that speaks for this step from now on. `notes`
    are told as events. A `verbatim` message is CloudFormation's own, not a handler's.
    """

    status: OperationStatus
    physical_id: str | None = None
    reference: str | None = None
    attributes: dict[str, Value] = {}
    callback_context: dict[str, Any] | None = None
    delay_ms: int = 0
    timeout_ms: int | None = None
    binds: str | None = None
    notes: tuple[str, ...] = ()
    is_initiated: bool = True
    no_echo: bool = False
    error_code: str | None = None
    message: str | None = None
    verbatim: bool = False


def failed(error_code: str, message: str, *, verbatim: bool = False) -> ProgressEvent:
    """The answer of a handler that could not do it."""
    return ProgressEvent(status="FAILED", error_code=error_code, message=message, verbatim=verbatim)


class Provider(Protocol):
    """Handles requests for the resource types it serves.

    `takes_batches` says that one call may carry many requests (all that are ready are sent at once); else each call
    carries one, on a thread of the engine's pool.
    """

    takes_batches: bool

    def serves(self, resource_type: str) -> bool:
        """Does this provider handle the type?"""
        ...

    def simulates(self, properties: Mapping[str, Value]) -> bool:
        """Would a resource with these properties, as far as they are known, surely exist only in here?"""
        ...

    def callback_for(self, request: HandlerRequest) -> Lifetime | None:
        """How long the request's step can be called back: until it ends, until the operation does, or not at all."""
        ...

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        """Answer each request, in order. What it raises counts as ServiceInternalError for all of them."""
        ...


class Surroundings(NamedTuple):
    """What a provider can be made of."""

    settings: Settings
    database: Database
    seal: Seal


@dataclass(frozen=True, slots=True)
class ProviderType:
    """What a module of this directory declares, to be found there: a provider's name and how to make it.

    One `for_all_types` is asked after those that serve some.
    """

    name: str
    make: Callable[[Surroundings], Provider]
    for_all_types: bool = False


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

    def simulates(self, resource_type: str, properties: Mapping[str, Value]) -> bool:
        """Would a resource surely exist only in here? One that nobody serves never exists."""
        try:
            return self.of(resource_type).simulates(properties)
        except LookupError:
            return True

    def callback_for(self, request: HandlerRequest) -> Lifetime | None:
        """How long the request's step can be called back; a type that nobody serves never is."""
        try:
            return self.of(request.type).callback_for(request)
        except LookupError:
            return None
