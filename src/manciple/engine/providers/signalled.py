"""The sandbox's resources with a CreationPolicy: they are there once their signals are (user guide, "CreationPolicy").

Nothing that is simulated sends signals by itself. With `sandbox.signals = auto` they are made up at once, and the
events say so; with `wait` whoever reads the resource's callback address has to send them.
"""

from collections.abc import Sequence

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
from manciple.engine.providers.sandbox import Sandbox


class Signalled:
    """A provider whose creates wait as their creation policy says."""

    def __init__(self, inner: Provider, *, waits: bool) -> None:
        self.takes_batches = inner.takes_batches
        self._inner = inner
        self._waits = waits

    def serves(self, resource_type: str) -> bool:
        """What the inner provider serves."""
        return self._inner.serves(resource_type)

    def simulates(self, subject: Subject) -> bool:
        """What the inner provider does."""
        return self._inner.simulates(subject)

    def callback_for(self, request: HandlerRequest) -> Lifetime | None:
        """A resource that waits for signals is called back while it does."""
        return "step" if self._waits and request.creation_policy is not None else None

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        """Have things made, and wait for those that are to be signalled."""
        made = [signals.made_before(request) for request in requests]
        fresh = [request for request, before in zip(requests, made, strict=True) if before is None]
        answers = iter(self._inner.handle(fresh) if fresh else ())
        return [
            self._signalled(request, before or next(answers), is_new=before is None)
            for request, before in zip(requests, made, strict=True)
        ]

    def _signalled(self, request: HandlerRequest, made: ProgressEvent, *, is_new: bool) -> ProgressEvent:
        try:
            wanted = signals.wanted_by_policy(request.creation_policy)
        except ValueError as error:
            return failed("InvalidRequest", str(error), verbatim=True)
        if wanted is None or made.status != "SUCCESS":
            return made
        if not self._waits:
            return signals.simulated(wanted, made)
        return signals.begun(wanted, request, made) if is_new else signals.judged(wanted, request, made, telling=True)


def make_sandbox(surroundings: Surroundings) -> Signalled:
    """The simulated cloud as the settings want it."""
    sandbox = Sandbox(surroundings.database, surroundings.seal)
    return Signalled(sandbox, waits=surroundings.settings.sandbox.signals == "wait")


SIGNALLED = ProviderType("sandbox", make_sandbox, for_all_types=True)
