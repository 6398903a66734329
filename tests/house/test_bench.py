"""The benchmarks run, with the smallest counts, and print what they promise. How fast anything is, no test asks."""

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.house.tree import ROOT


def results(name: str, **environ: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bench", name, "--quick"]
    environment = {**os.environ, **environ}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_the_requests_are_measured_beside_echo_and_moto_and_layer_by_layer() -> None:
    printed = results("requests")

    measured = {line["target"]: line for line in printed if "target" in line}
    layers = {line["layers_of"]: set(line["microseconds"]) for line in printed if "layers_of" in line}
    ours = {"DescribePortfolio", "DescribeRecord"}
    assert set(measured) == ours | {"starlette echo", "moto DescribePortfolio"}
    assert all(line["requests_per_second"] > 0 for line in measured.values())
    assert all({"ratio_to_echo", "ratio_to_moto"} < set(measured[name]) for name in ours)
    assert set(layers) == ours
    assert all({"router", "signature", "decode", "operation", "store", "encode"} < found for found in layers.values())


def test_searches_are_measured_at_every_size_beside_the_smallest() -> None:
    printed = results("searches")

    kinds = {line["search"] for line in printed}
    sizes = {(line["search"], line["products"]) for line in printed if "products" in line}
    assert sizes == {(kind, size) for kind in kinds for size in (20, 40)}
    assert {line["search"] for line in printed if "ratio_p50" in line} == kinds


def test_a_graph_is_measured_alone_where_terraform_is_missing() -> None:
    printed = results("plans", PATH="")

    assert [line["engine"] for line in printed] == ["manciple"] * 4 + ["terraform"]
    assert printed[-1]["skipped"] == "terraform is not on PATH"


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on PATH")
def test_a_graph_is_measured_beside_terraform_by_each_of_its_states() -> None:
    printed = results("plans")

    phases = {"plan create", "execute create", "plan update", "execute update"}
    measured = {(line["engine"], line["phase"]) for line in printed if "phase" in line}
    engines = ("manciple", "terraform, http state", "terraform, local state")
    assert measured == {(engine, phase) for engine in engines for phase in phases}
    assert [line["state"] for line in printed if "cpu_ratio_to_terraform" in line] == ["http", "local"]


def test_single_shapes_of_graphs_are_measured_beside_their_floors() -> None:
    printed = {line["shape"]: line for line in results("engine")}

    assert set(printed) == {"chain", "slow", "small", "memory"}
    assert set(printed["chain"]["cpu_ratio_to_layers"]) <= {
        "plan create",
        "execute create",
        "plan update",
        "execute update",
    }
    assert printed["slow"]["wall_seconds"] > printed["slow"]["of_which_delay"]
    assert printed["small"]["ratio_to_a_look"] > 1
