"""`manciple plan`: show what a launch or an update would change, before it runs."""

import itertools
import json
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from manciple.cli.connection import Connection, Endpoint, connect, every
from manciple.cli.launch_request import LaunchRequest, Wanted, make_request, read_pairs, read_parameters
from manciple.cli.plan_text import Document, plan_lines
from manciple.cli.refusal import Refusal, sentence_of
from manciple.cli.terminal import open_terminal, write

NOTHING_TO_CHANGE = 0
CHANGES = 2

_PAUSES = (0.05, 0.1, 0.2, 0.4)
"""Seconds between looks at a plan that is being made; the last one goes on."""


def plan(
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="The product's name or id.")],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The provisioned product: a new name launches, a known one updates.")
    ],
    version: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Name or id; else the newest to launch, the deployed one to update."),
    ] = None,
    parameter: Annotated[list[str] | None, typer.Option(metavar="K=V", help="Repeatable.")] = None,
    parameters: Annotated[Path | None, typer.Option(metavar="FILE", help="Parameters in YAML or JSON.")] = None,
    path: Annotated[
        str | None, typer.Option(metavar="PATH", help="The launch path's name or id, if there are several.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="K=V", help="Repeatable.")] = None,
    discard: Annotated[bool, typer.Option("--discard", help="Delete the plan that is open for NAME first.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Also look at what is there, and tell its drift.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan document.")] = False,
    endpoint: Endpoint = None,
) -> int:
    """Plan a launch or an update and show what it would change.

    What an update is not told about a parameter keeps its value. Exit status: 0 nothing to change, 2 changes, 1 error.
    """
    given = read_parameters(parameters) if parameters else {}
    given |= read_pairs(parameter or (), "--parameter")
    wanted = Wanted(product, name, version, path, given, read_pairs(tag or (), "--tag"))
    connection = connect(endpoint)
    request = make_request(connection.service_catalog, wanted)
    if discard and request.deployed:
        _discard_plans(connection.service_catalog, request.deployed.id)
    document = make_plan(connection, request, live=live)
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        print_plan(open_terminal(), request.title, document)
    return NOTHING_TO_CHANGE if has_nothing_to_change(document) else CHANGES


def make_plan(connection: Connection, request: LaunchRequest, *, live: bool = False) -> Document:
    """Have a plan made and return its document.

    A plan that failed, or has nothing to change, cannot be executed: it is deleted, so that it blocks no other.
    Raises Refusal with the reason if it failed.
    """
    catalog = connection.service_catalog
    plan_id = _create(catalog, request)
    status = wait_until_made(catalog, plan_id)["Status"]
    document: Document = connection.read(document_path(plan_id, live=live))
    if status == "CREATE_FAILED":
        catalog.delete_provisioned_product_plan(PlanId=plan_id, IgnoreErrors=True)
    if status == "CREATE_FAILED" and not has_nothing_to_change(document):
        raise Refusal(f"The plan failed: {document['StatusMessage']}")
    return document


def document_path(plan_id: str, *, live: bool) -> str:
    """Where a plan's document is."""
    return f"/_manciple/plans/{plan_id}{'?live=true' if live else ''}"


def print_plan(terminal: Console, title: str, document: Document) -> None:
    """Print a plan, and how to execute it if there is something to execute."""
    write(terminal, f"{title}\n")
    for line in plan_lines(document):
        write(terminal, line)
    if not has_nothing_to_change(document):
        write(terminal, f"\nTo carry it out: manciple execute {document['PlanId']}")


def has_nothing_to_change(document: Document) -> bool:
    """Would executing the plan leave everything as it is?"""
    return str(document["StatusReason"]) == "NO_CHANGES"


def _create(catalog: Any, request: LaunchRequest) -> str:
    try:
        return str(catalog.create_provisioned_product_plan(**request.input)["PlanId"])
    except catalog.exceptions.InvalidStateException as error:
        raise Refusal(f"{sentence_of(error)} {request.way_out}".rstrip()) from error


def wait_until_made(catalog: Any, plan_id: str) -> Any:
    """The details of a plan as soon as it is made, or has failed."""
    pauses = itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1]))
    while True:
        details = catalog.describe_provisioned_product_plan(PlanId=plan_id)["ProvisionedProductPlanDetails"]
        if details["Status"] != "CREATE_IN_PROGRESS":
            return details
        time.sleep(next(pauses))


def _discard_plans(catalog: Any, provisioned_product_id: str) -> None:
    """Delete the plans that stand in the way; those that were executed stay, with what they say was done."""
    for plan_id in _plans_of(catalog, provisioned_product_id):
        details = catalog.describe_provisioned_product_plan(PlanId=plan_id, PageSize=1)["ProvisionedProductPlanDetails"]
        if details["Status"].startswith("CREATE_"):
            catalog.delete_provisioned_product_plan(PlanId=plan_id)


def _plans_of(catalog: Any, provisioned_product_id: str) -> list[str]:
    """The plans of a provisioned product: everybody's in the account, or one's own if one may see no others."""
    list_plans = partial(
        every,
        catalog.list_provisioned_product_plans,
        "ProvisionedProductPlans",
        ProvisionProductId=provisioned_product_id,
    )
    try:
        return [found["PlanId"] for found in list_plans(AccessLevelFilter={"Key": "Account", "Value": "self"})]
    except catalog.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return [found["PlanId"] for found in list_plans()]
