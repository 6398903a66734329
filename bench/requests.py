"""One signed request, answered by one process on one core: beside a Starlette echo (floor) and moto's server (peer).

Prints requests a second and the server's CPU microseconds a request (medians of several runs, taken in turns), their
ratios to echo and peer, and where Manciple's microseconds go, layer by layer. The access log is on, so are the metrics.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from typing import Any, NamedTuple

from bench import catalog, layers, servers
from bench.graphs import layered_template
from bench.load import drive
from bench.processes import Process, pin, two_cores
from bench.signing import raw_request, signed_headers

Result = dict[str, Any]

CONNECTIONS = 8
ECHO, PEER = "starlette echo", "moto DescribePortfolio"


class Counts(NamedTuple):
    """How much is measured: rounds, in each for every target at most so many seconds and requests; calls of a layer."""

    rounds: int
    seconds: float
    requests: int
    calls: int


FULL = Counts(rounds=5, seconds=2.0, requests=100_000, calls=3_000)
QUICK = Counts(rounds=1, seconds=0.3, requests=20, calls=20)


class Target(NamedTuple):
    """One kind of request to one server."""

    operation: str
    process: Process
    credentials: catalog.Credentials
    body: bytes


class Run(NamedTuple):
    """What one run showed. `cpu` is the server's microseconds a request, None where the system does not tell."""

    rate: float
    cpu: float | None


def run(*, quick: bool) -> Iterator[Result]:
    """Measure all servers in turns, then Manciple's layers."""
    counts = QUICK if quick else FULL
    core, own_core = two_cores()
    with ExitStack() as stack:
        ours = stack.enter_context(servers.manciple(core, auth="sigv4"))
        peer = stack.enter_context(servers.moto(core))
        floor = stack.enter_context(servers.echo(core))
        stack.enter_context(pin(own_core))
        inputs = _inputs(ours)
        targets = {
            ECHO: Target("echo", floor, servers.ANYONE, inputs["DescribePortfolio"]),
            PEER: Target("DescribePortfolio", peer, servers.ANYONE, _portfolio_input(peer.url, servers.ANYONE)),
            **{name: Target(name, ours.process, ours.credentials, body) for name, body in inputs.items()},
        }
        found = _measure_in_turns(targets, counts)
        yield from (_result(name, found, pinned=core is not None) for name in targets)
        stack.enter_context(pin(core))
        yield from layers.measure(ours, [_measured(targets[name], found[name]) for name in inputs], counts.calls)


def _inputs(ours: servers.Manciple) -> dict[str, bytes]:
    """The body of each operation that is measured: of a portfolio, and of a finished record."""
    url, credentials = ours.process.url, ours.credentials
    product = catalog.publish(url, credentials, "requests", layered_template(1))
    client = catalog.client("servicecatalog", url, credentials)
    parameters = [{"Key": "Value", "Value": "one"}]
    launched = client.provision_product(
        **product.target, ProvisionedProductName="measured", ProvisioningParameters=parameters
    )
    record_id = launched["RecordDetail"]["RecordId"]
    catalog.wait_for_record(client, record_id)
    return {"DescribePortfolio": _portfolio_input(url, credentials), "DescribeRecord": _input(record_id)}


def _portfolio_input(url: str, credentials: catalog.Credentials) -> bytes:
    return _input(catalog.create_portfolio(catalog.client("servicecatalog", url, credentials)))


def _input(id: str) -> bytes:
    return f'{{"Id": "{id}"}}'.encode()


def _measure_in_turns(targets: dict[str, Target], counts: Counts) -> dict[str, Run]:
    """The median of several runs of each target; in turns, so that whatever else the machine does meets all alike."""
    runs: dict[str, list[Run]] = {name: [] for name in targets}
    for target in targets.values():
        _load(target, counts._replace(seconds=0.3))  # warms the server
    for _ in range(counts.rounds):
        for name, target in targets.items():
            runs[name].append(_load(target, counts))
    return {name: _median(found) for name, found in runs.items()}


def _load(target: Target, counts: Counts) -> Run:
    headers = signed_headers(target.process.url, target.credentials, target.operation, target.body)
    requests = [raw_request(headers, target.body)]
    before = target.process.cpu_seconds()
    load = drive(
        target.process.address, requests, connections=CONNECTIONS, seconds=counts.seconds, most=counts.requests
    )
    after = target.process.cpu_seconds()
    cpu = None if before is None or after is None else (after - before) * 1e6 / load.requests
    return Run(load.requests / load.seconds, cpu)


def _median(runs: list[Run]) -> Run:
    cpu = [run.cpu for run in runs if run.cpu is not None]
    return Run(median(run.rate for run in runs), median(cpu) if cpu else None)


def _measured(target: Target, run: Run) -> layers.Measured:
    headers = signed_headers(target.process.url, target.credentials, target.operation, target.body)
    return layers.Measured(target.operation, headers, target.body, run.cpu)


def _result(name: str, found: dict[str, Run], *, pinned: bool) -> Result:
    rate, cpu = found[name]
    result: Result = {"target": name, "requests_per_second": round(rate), "pinned_to_one_core": pinned}
    if cpu is not None:
        result["cpu_microseconds"] = round(cpu, 1)
    for peer, target in {"echo": ECHO, "moto": PEER}.items() if name not in (ECHO, PEER) else ():
        other = found[target]
        result[f"ratio_to_{peer}"] = round(rate / other.rate, 3)
        if cpu and other.cpu:
            result[f"cpu_ratio_to_{peer}"] = round(other.cpu / cpu, 3)
    return result
