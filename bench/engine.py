"""What the engine does with single shapes of graphs, each beside a floor of the same run.

A chain beside layers of as many resources; resources that are slow to make beside the time that one takes; small plans
beside calls that only look; and the memory that the server held over all of a large graph.
"""

import json
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from bench import catalog, servers
from bench.graphs import layered_template
from bench.plans import execute, make_plan, measure_manciple

Result = dict[str, Any]

SLOW = 60
DELAY_SECONDS = 0.5
SMALL = 10


def run(*, quick: bool) -> Iterator[Result]:
    """Measure every shape."""
    yield _chain(100 if quick else 1000)
    yield _slow_resources(SLOW)
    yield _small_plans(3 if quick else 50)
    yield _memory(100 if quick else 3000)


def _chain(size: int) -> Result:
    layers = measure_manciple(layered_template(size)).phases
    chain = measure_manciple(layered_template(size, width=1)).phases
    ratios = {
        phase: round(spent.cpu / floor, 2)
        for phase, spent in chain.items()
        if spent.cpu is not None and (floor := layers[phase].cpu)
    }
    return {"shape": "chain", "resources": size, "cpu_ratio_to_layers": ratios}


def _slow_resources(count: int) -> Result:
    """Independent resources that each take `DELAY_SECONDS` to make."""
    with servers.manciple(log_level="warning") as server:
        url, credentials = server.process.url, server.credentials
        product = catalog.publish(url, credentials, "slow", layered_template(count, width=count))
        client = catalog.client("servicecatalog", url, credentials)
        delay = {"type": "AWS::SSM::Parameter", "action": "create", "delay_ms": int(DELAY_SECONDS * 1000)}
        _declare_faults(url, credentials, [delay])
        plan_id = make_plan(client, product, "slow", "one")
        wall = _seconds(lambda: execute(client, plan_id))
    return {"shape": "slow", "resources": count, "wall_seconds": round(wall, 3), "of_which_delay": DELAY_SECONDS}


def _small_plans(count: int) -> Result:
    """From CreateProvisionedProductPlan to CREATE_SUCCESS, beside a call that only looks."""
    with servers.manciple(log_level="warning") as server:
        url, credentials = server.process.url, server.credentials
        product = catalog.publish(url, credentials, "small", layered_template(SMALL))
        client = catalog.client("servicecatalog", url, credentials)
        times = [_small_plan(client, product, f"small-{number}") for number in range(count)]
        looks = [_seconds(lambda: client.describe_portfolio(Id=product.portfolio_id)) for _ in range(count)]
    return {
        "shape": "small",
        "resources": SMALL,
        "median_milliseconds": round(median(times) * 1000, 1),
        "ratio_to_a_look": round(median(times) / median(looks), 1),
    }


def _small_plan(client: Any, product: catalog.Product, name: str) -> float:
    def plan() -> None:
        made = client.create_provisioned_product_plan(
            **product.target,
            PlanName=name,
            PlanType="CLOUDFORMATION",
            ProvisionedProductName=name,
            ProvisioningParameters=[{"Key": "Value", "Value": "one"}],
        )
        while (
            client.describe_provisioned_product_plan(PlanId=made["PlanId"], PageSize=1)[
                "ProvisionedProductPlanDetails"
            ]["Status"]
            != "CREATE_SUCCESS"
        ):
            time.sleep(0.001)

    return _seconds(plan)


def _memory(size: int) -> Result:
    peak = measure_manciple(layered_template(size)).peak_memory
    return {"shape": "memory", "resources": size, "peak_mebibytes": None if peak is None else round(peak / 1024**2)}


def _declare_faults(url: str, credentials: catalog.Credentials, faults: list[Result]) -> None:
    headers = {"Content-Type": "application/json", "X-Manciple-Account": credentials.account}
    body = json.dumps({"faults": faults}).encode()
    request = Request(f"{url}/_manciple/sandbox/faults", data=body, headers=headers, method="PUT")
    urlopen(request, timeout=30).close()


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
