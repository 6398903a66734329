"""Health and metrics: `/health`, `/livez`, `/readyz`, `/metrics`. None needs a signature.

Each application has a registry of its own, so that two in one process do not count each other's requests.
"""

from collections.abc import Iterator
from concurrent.futures import Executor

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from manciple.api.shapes import OPERATIONS
from manciple.errors import UnknownOperationException
from manciple.operations.call import Runtime
from manciple.operations.own.health import is_ready, open_operations
from manciple.wire.messages import Receive, Request, Response, Scope, Send, respond
from manciple.wire.threads import in_thread

_JSON = ((b"Content-Type", b"application/json"),)
_TEXT = ((b"Content-Type", b"text/plain; version=0.0.4; charset=utf-8"),)
_NO_OPERATION = "-"


class Health:
    """Answers whether the process lives (`/livez`), can answer (`/readyz`, `/health`), and `/metrics`."""

    def __init__(self, runtime: Runtime, metrics: "Metrics", pool: Executor) -> None:
        self._runtime = runtime
        self._metrics = metrics
        self._pool = pool

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        request: Request = scope["state"]["request"]
        if request.method not in ("GET", "HEAD"):
            raise UnknownOperationException(f"{request.path} is asked by GET, not {request.method}.")
        await respond(send, await in_thread(self._pool, self._answer, request.path))

    def _answer(self, path: str) -> Response:
        if path == "/metrics":
            return Response(200, _TEXT, generate_latest(self._metrics.registry))
        if path == "/livez" or is_ready(self._runtime):
            return Response(200, _JSON, b'{"Status":"OK"}')
        return Response(503, _JSON, b'{"Status":"UNAVAILABLE","Message":"The database does not answer."}')


class Metrics:
    """What one application counts: requests by protocol, operation and status, their seconds, the engine's work."""

    def __init__(self, runtime: Runtime) -> None:
        self.registry = CollectorRegistry()
        labels = ("protocol", "operation", "code")
        self._requests = Counter("manciple_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "manciple_request_seconds", "Time to answer a request.", labels[:2], registry=self.registry
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.registry.register(_EngineWork(runtime))

    def observe(self, request: Request, protocol: str, status: int, seconds: float) -> None:
        """Count an answer."""
        operation = operation_of(request)
        key = (protocol, operation, status)
        series = self._series.get(key)
        if series is None:
            series = self._requests.labels(*key), self._seconds.labels(protocol, operation)
            self._series[key] = series
        counter, histogram = series
        counter.inc()
        histogram.observe(seconds)


class _EngineWork(Collector):
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> list[GaugeMetricFamily]:
        """The families, without asking the database."""
        return [self._family()]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The operations that are not done, counted now."""
        family = self._family()
        for labels, count in open_operations(self._runtime).items():
            family.add_metric(labels, count)
        yield family

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "manciple_engine_operations", "Operations of the engine under way.", labels=("kind", "phase")
        )


def operation_of(request: Request) -> str:
    """The operation of the service model that a request names, or `-`: what callers make up is no label."""
    target = request.headers.get("x-amz-target", "").rpartition(".")[2] or request.path.rpartition("/")[2]
    return target if target in OPERATIONS else _NO_OPERATION
