"""SearchProvisionedProducts and ListRecordHistory over a thousand, ten thousand and a hundred thousand products.

Prints the 50th and 99th percentile of each kind of request in milliseconds, and what a hundred thousand cost beside a
thousand. The servers of all sizes run at once and are asked in turns, so that whatever else the machine does meets all
alike.
"""

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from bench import population, servers
from bench.processes import Process, free_port, pin, running, two_cores
from bench.signing import signed_headers

Result = dict[str, Any]

SEARCH, HISTORY = "SearchProvisionedProducts", "ListRecordHistory"


class Counts(NamedTuple):
    """How much is measured: sizes, and how often each kind of request is sent to each."""

    sizes: tuple[int, ...]
    requests: int


FULL = Counts((1_000, 10_000, 100_000), 300)
QUICK = Counts((20, 40), 3)


def _query(*queries: str, **members: Any) -> dict[str, Any]:
    return {"Filters": {"SearchQuery": list(queries)}, **members}


REQUESTS: Mapping[str, tuple[str, Callable[[int], dict[str, Any]]]] = {
    "everything": (SEARCH, lambda number: {}),
    "a page of 100": (SEARCH, lambda number: {"PageSize": 100}),
    "by status": (SEARCH, lambda number: _query("status:AVAILABLE")),
    "by name": (SEARCH, lambda number: _query(f"name:{population.name_of(number)}")),
    "by a bare id": (SEARCH, lambda number: _query(population.id_of("pp", number))),
    "by product": (SEARCH, lambda number: _query(f"productId:{population.id_of('prod', number % 20)}")),
    "by tag": (SEARCH, lambda number: _query(f"tags:team:team-{number % 20}")),
    "by status, sorted by name": (SEARCH, lambda number: _query("status:AVAILABLE", SortBy="name")),
    "newest record first": (SEARCH, lambda number: {"SortBy": "lastRecordId", "SortOrder": "DESCENDING"}),
    "history of the caller": (HISTORY, lambda number: {}),
    "history of a product": (
        HISTORY,
        lambda number: {
            "SearchFilter": {"Key": "provisionedproduct", "Value": population.id_of("pp", number)},
            "AccessLevelFilter": {"Key": "Account", "Value": "self"},
        },
    ),
}
"""Kinds of requests; the number of each is that of a product that there is in every size."""


def run(*, quick: bool) -> Iterator[Result]:
    """Measure every kind of request at every size, in turns."""
    counts = QUICK if quick else FULL
    core, own_core = two_cores()
    with ExitStack() as stack:
        found = {size: stack.enter_context(_server(size, core)) for size in counts.sizes}
        stack.enter_context(pin(own_core))
        for kind, (operation, members) in REQUESTS.items():
            yield from _measure(kind, operation, members, found, counts)


@contextmanager
def _server(size: int, core: int | None) -> Iterator[Process]:
    """A server that knows so many provisioned products."""
    with TemporaryDirectory(prefix="manciple-bench-") as directory:
        data, port = Path(directory) / "data", free_port()
        population.fill(data, size)
        arguments = ("serve", "--port", str(port), "--data", str(data))
        with running(
            "manciple.cli", *arguments, port=port, core=core, environ={"MANCIPLE_EXECUTE": "false"}
        ) as process:
            yield process


def _measure(
    kind: str,
    operation: str,
    members: Callable[[int], dict[str, Any]],
    found: Mapping[int, Process],
    counts: Counts,
) -> Iterator[Result]:
    spent: dict[int, list[float]] = {size: [] for size in found}
    smallest, largest = min(found), max(found)
    connections = {size: http.client.HTTPConnection(*process.address) for size, process in found.items()}
    for turn in range(counts.requests + 2):
        body = msgspec.json.encode(members(turn % smallest))
        for size, process in found.items():
            headers = signed_headers(process.url, servers.ANYONE, operation, body)
            begun = time.perf_counter()
            connections[size].request("POST", "/", body, headers)
            answer = connections[size].getresponse()
            text = answer.read()
            if turn >= 2:  # the first two warm statements and caches
                spent[size].append((time.perf_counter() - begun) * 1000)
            if answer.status != 200:
                raise RuntimeError(f"{operation} answered {answer.status}: {text[:300]!r}")
    percentiles = {size: _percentiles(times) for size, times in spent.items()}
    for size, (p50, p99) in percentiles.items():
        yield {"search": kind, "operation": operation, "products": size, "p50_ms": p50, "p99_ms": p99}
    ratios = [round(big / small, 2) for big, small in zip(percentiles[largest], percentiles[smallest], strict=True)]
    yield {"search": kind, "ratio_of": f"{largest} to {smallest}", "ratio_p50": ratios[0], "ratio_p99": ratios[1]}


def _percentiles(times: list[float]) -> tuple[float, float]:
    cuts = quantiles(times, n=100, method="inclusive")
    return round(cuts[49], 2), round(cuts[98], 2)
