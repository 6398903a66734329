"""Provider calls of one slice: sent out on the engine's threads, heard as they come back."""

import logging
from collections.abc import Callable, Sequence
from concurrent import futures
from itertools import groupby
from typing import TypeAlias

from manciple.engine.dynamic_references import DynamicReferences, hidden
from manciple.engine.probe import Probe
from manciple.engine.providers.provider import (
    HandlerRequest,
    Lifetime,
    ProgressEvent,
    Provider,
    Providers,
    Subject,
    failed,
)
from manciple.engine.rows import Step

Call: TypeAlias = tuple[Step, HandlerRequest]
Heard: TypeAlias = tuple[Step, HandlerRequest, ProgressEvent]

_LOG = logging.getLogger(__name__)


class Calls:
    """The calls under way."""

    def __init__(
        self, pool: futures.Executor, providers: Providers, probe: Probe, references: DynamicReferences
    ) -> None:
        self._pool = pool
        self._references = references
        self._providers = providers
        self._probe = probe
        self._under_way: dict[futures.Future[list[ProgressEvent]], Sequence[Call]] = {}

    def __bool__(self) -> bool:
        return bool(self._under_way)

    def send(self, calls: Sequence[Call]) -> None:
        """Send calls out: one batch for a provider that takes batches, each on its own otherwise."""
        chosen = sorted(((self._provider(call), call) for call in calls), key=lambda pair: id(pair[0]))
        for _, found in groupby(chosen, key=lambda pair: id(pair[0])):
            pairs = list(found)
            provider, batch = pairs[0][0], [call for _, call in pairs]
            for part in [batch] if provider.takes_batches else [[call] for call in batch]:
                self._under_way[self._pool.submit(self._handle, provider, part)] = part

    def hear(self, timeout: float) -> list[Heard]:
        """Wait until some call is answered, or the time is up, and return every answer that is there."""
        done, _ = futures.wait(self._under_way, timeout, futures.FIRST_COMPLETED)
        heard = []
        for future in done:
            calls = self._under_way.pop(future)
            heard += [(step, request, answer) for (step, request), answer in zip(calls, future.result(), strict=True)]
        return heard

    def _provider(self, call: Call) -> Provider:
        try:
            return self._providers.of(call[1].type, call[1].origin)
        except LookupError as error:
            return _Nobody(str(error))

    def _handle(self, provider: Provider, calls: Sequence[Call]) -> list[ProgressEvent]:
        requests, secrets = self._references.filled([request for _, request in calls])
        answers = _answers(lambda: provider.handle(requests), len(requests))
        self._probe.reach("inside call", calls[0][0].operation_id)
        return [hidden(answer, secrets) for answer in answers]


class _Nobody:
    """Answers for a type that no provider serves."""

    takes_batches = True

    def __init__(self, message: str) -> None:
        self._message = message

    def serves(self, _resource_type: str) -> bool:
        return True

    def simulates(self, _subject: Subject) -> bool:
        return True

    def callback_for(self, _request: HandlerRequest) -> Lifetime | None:
        return None

    def handle(self, requests: Sequence[HandlerRequest]) -> list[ProgressEvent]:
        return [failed("InvalidTypeConfiguration", self._message) for _ in requests]


def _answers(handle: Callable[[], list[ProgressEvent]], count: int) -> list[ProgressEvent]:
    """What a provider raises counts as an internal error of its service: the call is tried again."""
    try:
        answers = handle()
        if len(answers) != count:
            raise ValueError(f"a provider gave {len(answers)} answers to {count} requests")
    except Exception as error:  # noqa: BLE001 (a provider is foreign code)
        _LOG.warning("A provider raised %s.", type(error).__name__)
        return [failed("ServiceInternalError", f"The provider raised {type(error).__name__}.")] * count
    return answers
