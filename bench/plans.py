"""Planning and executing layered graphs: beside `terraform` on equal graphs of `terraform_data`, where it is on PATH.

A graph is created and then updated by the parameter that reaches every resource. Prints CPU seconds (of the server
process; of the `terraform` commands), wall seconds and milliseconds a resource, and how many of Terraform's CPU seconds
Manciple's plan and execution take.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from bench import catalog, servers, terraform
from bench.graphs import layered_template, layered_terraform
from bench.processes import Process

Result = dict[str, Any]

SIZES = (10, 100, 1000, 3000)
QUICK_SIZES = (10,)
LARGEST_LOCAL = 100
"""Terraform writes a local state file anew after every resource: from 1000 on only its faster backend is the peer."""

ROUNDS = ("create", "one"), ("update", "two")


class Spent(NamedTuple):
    """What one phase took; `cpu` is None where the system does not tell."""

    cpu: float | None
    wall: float


Phases = dict[str, Spent]


def run(*, quick: bool) -> Iterator[Result]:
    """Measure every size, Manciple first, then Terraform by each of its state backends."""
    for size in QUICK_SIZES if quick else SIZES:
        ours = measure_manciple(layered_template(size)).phases
        yield from _results("manciple", size, ours)
        if not terraform.is_there():
            yield {"resources": size, "engine": "terraform", "skipped": "terraform is not on PATH"}
            continue
        for backend in ("http", "local") if size <= LARGEST_LOCAL else ("http",):
            theirs = _measure_terraform(size, backend)
            yield from _results(f"terraform, {backend} state", size, theirs)
            yield from _ratios(size, backend, ours, theirs)


class Measured(NamedTuple):
    """What the phases of one graph took, and the most memory that the server held, in bytes."""

    phases: Phases
    peak_memory: int | None


def measure_manciple(template: str) -> Measured:
    """Plan and execute a template through the API of a server of its own, its quota raised."""
    with servers.manciple(quota__resources_per_template="5000", log_level="warning") as server:
        url, credentials = server.process.url, server.credentials
        product = catalog.publish(url, credentials, "layers", template)
        client = catalog.client("servicecatalog", url, credentials)
        phases: Phases = {}
        for round_name, value in ROUNDS:
            with _phase(phases, f"plan {round_name}", server.process):
                plan_id = make_plan(client, product, round_name, value)
            with _phase(phases, f"execute {round_name}", server.process):
                execute(client, plan_id)
        return Measured(phases, server.process.peak_memory())


@contextmanager
def _phase(phases: Phases, name: str, process: Process) -> Iterator[None]:
    cpu, begun = process.cpu_seconds(), time.perf_counter()
    yield
    wall, after = time.perf_counter() - begun, process.cpu_seconds()
    phases[name] = Spent(None if cpu is None or after is None else after - cpu, wall)


def make_plan(client: Any, product: catalog.Product, round_name: str, value: str) -> str:
    """Make a plan, wait until it is made, and return its id."""
    made = client.create_provisioned_product_plan(
        **product.target,
        PlanName=round_name,
        PlanType="CLOUDFORMATION",
        ProvisionedProductName="layers",
        ProvisioningParameters=[{"Key": "Value", "Value": value}],
    )
    catalog.wait_for_plan(client, made["PlanId"])
    return str(made["PlanId"])


def execute(client: Any, plan_id: str) -> None:
    """Execute a plan and wait until its record has succeeded."""
    executed = client.execute_provisioned_product_plan(PlanId=plan_id)
    catalog.wait_for_record(client, executed["RecordDetail"]["RecordId"])


def _measure_terraform(size: int, backend: str) -> Phases:
    phases: Phases = {}
    with terraform.workspace(layered_terraform(size), backend) as workspace:
        for round_name, value in ROUNDS:
            planned = workspace.run("plan", "-input=false", "-no-color", "-out=plan.bin", f"-var=value={value}")
            phases[f"plan {round_name}"] = Spent(*planned)
            applied = workspace.run("apply", "-input=false", "-no-color", "plan.bin")
            phases[f"execute {round_name}"] = Spent(*applied)
    return phases


def _results(engine: str, size: int, phases: Phases) -> Iterator[Result]:
    for phase, (cpu, wall) in phases.items():
        yield {
            "resources": size,
            "phase": phase,
            "engine": engine,
            "cpu_seconds": None if cpu is None else round(cpu, 3),
            "wall_seconds": round(wall, 3),
            "wall_milliseconds_a_resource": round(wall * 1000 / size, 2),
        }


def _ratios(size: int, backend: str, ours: Phases, theirs: Phases) -> Iterator[Result]:
    """Manciple's CPU seconds as a part of Terraform's: 0.25 is a quarter."""
    parts = {
        phase: round(spent.cpu / other, 3)
        for phase, spent in ours.items()
        if spent.cpu is not None and (other := theirs[phase].cpu)
    }
    yield {"resources": size, "cpu_ratio_to_terraform": parts, "state": backend}
