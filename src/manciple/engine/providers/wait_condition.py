"""Wait conditions and their handles (CloudFormation user guide, "Using wait conditions in a CloudFormation template").

A handle's `Ref` is an address; a condition that names it waits until enough signals came there. `Data` is what they
carried, by UniqueId, as JSON text.
"""

from collections.abc import Sequence

import msgspec

from manciple.engine.providers import signals
from manciple.engine.providers.provider import (
    HandlerRequest,
    Lifetime,
    ProgressEvent,
    Provider,
    ProviderType,
    Subject,
    Surroundings,
    failed,
)
from manciple.engine.providers.signalled import make_sandbox

CONDITION = "AWS::CloudFormation::WaitCondition"
HANDLE = "AWS::CloudFormation::WaitConditionHandle"

_NO_UPDATE = f"Update to resource type {CONDITION} is not supported."


class WaitConditions:
    """Waits, or with `waits` false lets the signals come by themselves; what is made is kept by the inner provider."""

    takes_batches = False

    def __init__(self, inner: Provider, *, waits: bool) -> None:
        self._inner = inner
        self._waits = waits

    def serves(self, resource_type: str) -> bool:
        """Wait conditions and their handles."""
        return resource_type in (CONDITION, HANDLE)

    def simulates(self, subject: Subject) -> bool:
        """What the inner provider does."""
        return self._inner.simulates(subject)

    def callback_for(self, request: HandlerRequest) -> Lifetime | None:
        """A handle can be called before its condition exists; a condition with a policy is signalled itself."""
        if request.type == HANDLE:
            return "operation" if request.action == "create" else None
        return self._inner.callback_for(request)

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        """Answer each request."""
        return [self._handle(request) for request in requests]

    def _handle(self, request: HandlerRequest) -> ProgressEvent:
        if request.action not in ("create", "update"):
            return self._made(request)
        if request.type == HANDLE:
            return _addressed(request, self._made(request))
        if request.action == "update":
            return failed("NotUpdatable", _NO_UPDATE, verbatim=True)
        try:
            wanted = signals.wanted_by_condition(request.model)
        except ValueError as error:
            return failed("InvalidRequest", str(error), verbatim=True)
        return self._made(request) if wanted is None else self._waited(request, wanted)

    def _waited(self, request: HandlerRequest, wanted: signals.Wanted) -> ProgressEvent:
        before = signals.made_before(request)
        made = before or self._made(request)
        if made.status != "SUCCESS":
            return made
        if not self._waits:
            return _with_data(made, {"simulated": "signal"})
        if before is None:
            return msgspec.structs.replace(signals.begun(wanted, request, made), binds=str(request.model["Handle"]))
        answer = signals.judged(wanted, request, made, telling=False)
        received = {signal.unique_id: str(signal.body.get("Data", "")) for signal in request.signals}
        return _with_data(answer, received) if answer.status == "SUCCESS" else answer

    def _made(self, request: HandlerRequest) -> ProgressEvent:
        return self._inner.handle([request])[0]


def _addressed(request: HandlerRequest, made: ProgressEvent) -> ProgressEvent:
    """What is made of a handle, known by its address."""
    return msgspec.structs.replace(made, reference=request.callback_url) if request.callback_url else made


def _with_data(made: ProgressEvent, received: dict[str, str]) -> ProgressEvent:
    data = msgspec.json.encode(received).decode()
    return msgspec.structs.replace(made, attributes=made.attributes | {"Data": data})


def _make(surroundings: Surroundings) -> WaitConditions:
    return WaitConditions(make_sandbox(surroundings), waits=surroundings.settings.sandbox.signals == "wait")


WAIT_CONDITIONS = ProviderType("wait_condition", _make)
