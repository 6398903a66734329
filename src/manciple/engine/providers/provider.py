"""The contract of a provider: one resource at a time is created, read, updated, deleted.

It is CloudFormation's own (CloudFormation CLI user guide, "Resource type handler contract" and "ProgressEvent"): a
handler answers a ProgressEvent; IN_PROGRESS asks to be called again after a delay, with the same request and the
callback context it gave; handlers are idempotent by client token.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import msgspec

from manciple.engine.finding import Finding
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

    `tags` are the stack's tags, the `aws:` ones too; `previous_tags`, of an update, those that the resource has.
    `origin` is what the provider that made the resource calls itself. `stack_name` and `logical_id` serve to make up
    names.
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
    previous_tags: dict[str, str] = {}
    origin: str = ""
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
    are told as events. A `verbatim` message is CloudFormation's own, not a handler's. After an error that is `final`
    nothing is tried again, whatever its code: the provider has. `origin` names a provider that keeps what it made: it
    is asked again whatever the settings say by then. A read gives in `model` all properties that it found.
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
    is_final: bool = False
    origin: str = ""
    model: dict[str, Any] | None = None


class Subject(NamedTuple):
    """A resource that may come to be, or is there: with the properties as far as they are known.

    `origin` is None before it exists, then as its provider told.
    """

    type: str
    place: Place
    properties: Mapping[str, Value]
    origin: str | None = None


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

    def simulates(self, subject: Subject) -> bool:
        """Does, or would, a resource surely exist only in here?"""
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

    One `for_all_types` is asked after those that serve some; several of them in the order of their names. `check` asks,
    before anyone launches, whether what the provider needs outside answers and allows it; the place says where.
    """

    name: str
    make: Callable[[Surroundings], Provider]
    for_all_types: bool = False
    check: Callable[[Settings, Place], Iterable[Finding]] | None = None


class Providers:
    """The providers of one engine by name, asked in order; the last one serves whatever no other does."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._named = dict(providers)
        self._chosen: dict[str, Provider] = {}

    def of(self, resource_type: str, origin: str = "") -> Provider:
        """The provider that has made a resource, else the one of its type; LookupError, naming it, if there is none."""
        if origin:
            if origin not in self._named:
                raise LookupError(f"The provider {origin}, which has made this resource, is not there any more.")
            return self._named[origin]
        found = self._chosen.get(resource_type)
        if found is None:
            found = next((one for one in self._named.values() if one.serves(resource_type)), None)
            if found is None:
                raise LookupError(f"Unrecognized resource types: [{resource_type}]")
            self._chosen[resource_type] = found
        return found

    def simulates(self, subject: Subject) -> bool:
        """Does, or would, a resource surely exist only in here? One that nobody serves never exists."""
        try:
            return self.of(subject.type, subject.origin or "").simulates(subject)
        except LookupError:
            return True

    def callback_for(self, request: HandlerRequest) -> Lifetime | None:
        """How long the request's step can be called back; a type that nobody serves never is."""
        try:
            return self.of(request.type, request.origin).callback_for(request)
        except LookupError:
            return None
