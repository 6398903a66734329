"""Resources made real by a Cloud Control API: AWS's own, or an emulator's, by account and region.

Which types go there the settings say; the others, and everything in places without an endpoint, stay simulated. What
Cloud Control has made stays with it whatever the settings say later, and what was simulated stays simulated.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from manciple.engine.cloud_control.calls import Api
from manciple.engine.cloud_control.checking import check
from manciple.engine.cloud_control.handlers import handle
from manciple.engine.cloud_control.turn import ORIGIN, Turn
from manciple.engine.credentials import Clients
from manciple.engine.finding import Finding
from manciple.engine.place import Place, place_of
from manciple.engine.providers.provider import (
    HandlerRequest,
    Lifetime,
    ProgressEvent,
    Provider,
    ProviderType,
    Subject,
    Surroundings,
)
from manciple.engine.providers.signalled import Signalled, make_sandbox
from manciple.settings import Settings
from manciple.settings.sections import CloudControl

_SECTION = "providers.cloud_control"
_TEMPLATES_OWN = "AWS::CloudFormation::*"
"""What only means something to CloudFormation, and to the engine in its place (wait conditions, custom resources)."""


class Endpoints:
    """The Cloud Control APIs that the settings give, by place; the first that fits counts, then the default one."""

    def __init__(self, chosen: CloudControl) -> None:
        self._elsewhere = [
            (one.account, one.region, Clients(one.endpoint, one.sts_endpoint, section=_SECTION))
            for one in chosen.places
        ]
        self._default = Clients(chosen.endpoint, chosen.sts_endpoint, section=_SECTION)

    @property
    def are_there(self) -> bool:
        """Is there any?"""
        return bool(self._elsewhere) or self._default.endpoint is not None

    def of(self, place: Place) -> Clients:
        """The one of a place."""
        for account, region, clients in self._elsewhere:
            if account in (None, place.account) and region in (None, place.region):
                return clients
        return self._default

    def each(self) -> list[tuple[str | None, str | None, Clients]]:
        """Every one that is set up, with its account and region."""
        every = [*self._elsewhere, (None, None, self._default)]
        return [one for one in every if one[2].endpoint is not None]


class _Resources:
    """The handlers, at the endpoints."""

    takes_batches = False

    def __init__(self, endpoints: Endpoints, poll: int) -> None:
        self._endpoints = endpoints
        self._poll = poll

    def serves(self, _resource_type: str) -> bool:
        return True

    def simulates(self, _subject: Subject) -> bool:
        return False

    def callback_for(self, _request: HandlerRequest) -> Lifetime | None:
        return None

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        return [handle(Turn(self._api(request.place), request, self._poll)) for request in requests]

    def _api(self, place: Place) -> Api:
        return Api(self._endpoints.of(place), place)


class CloudControlProvider:
    """Sends each resource where it is to be, or is: to an endpoint or to the simulated cloud."""

    takes_batches = False

    def __init__(self, chosen: CloudControl, simulated: Provider) -> None:
        self._endpoints = Endpoints(chosen)
        self._types = chosen.types
        self._simulated = simulated
        resources = _Resources(self._endpoints, int(chosen.poll_seconds * 1000))
        self._real = Signalled(resources, waits=True)

    def serves(self, resource_type: str) -> bool:
        """The types that the settings name, if there is any endpoint."""
        if not self._endpoints.are_there or fnmatchcase(resource_type, _TEMPLATES_OWN):
            return False
        return any(fnmatchcase(resource_type, pattern) for pattern in self._types)

    def simulates(self, subject: Subject) -> bool:
        """What is not there yet goes by its place, what is there by where it was made."""
        return not self._is_real(subject.place, subject.origin)

    def callback_for(self, request: HandlerRequest) -> Lifetime | None:
        """What waits for signals waits for real ones, wherever it is real."""
        return self._inner(request).callback_for(request)

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        """Answer each request."""
        return [self._inner(request).handle([request])[0] for request in requests]

    def _inner(self, request: HandlerRequest) -> Provider:
        origin = None if request.action == "create" else request.origin
        return self._real if self._is_real(request.place, origin) else self._simulated

    def _is_real(self, place: Place, origin: str | None) -> bool:
        return self._endpoints.of(place).endpoint is not None if origin is None else origin == ORIGIN


def _make(surroundings: Surroundings) -> CloudControlProvider:
    return CloudControlProvider(surroundings.settings.providers.cloud_control, make_sandbox(surroundings))


def _check(settings: Settings, place: Place) -> Iterator[Finding]:
    """Try every endpoint: each for its own account and region, else those of the place."""
    for account, region, clients in Endpoints(settings.providers.cloud_control).each():
        there = place_of(account or place.account, region or place.region, place.role_arn, "manciple-check")
        yield check(clients, there)


CLOUD_CONTROL = ProviderType(ORIGIN, _make, for_all_types=True, check=_check)
