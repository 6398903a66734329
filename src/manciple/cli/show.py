"""`manciple show`: a plan that is there already, whoever made it, as `manciple plan` prints one."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from manciple.cli.connection import Connection, Endpoint, connect
from manciple.cli.launch_request import version_names
from manciple.cli.plan import document_path, has_nothing_to_change, print_plan, wait_until_made
from manciple.cli.plan_text import Document, plan_lines
from manciple.cli.terminal import open_terminal, printable, write


def show(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.")],
    live: Annotated[bool, typer.Option("--live", help="Also look at what is there, and tell its drift.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan document.")] = False,
    endpoint: Endpoint = None,
) -> None:
    """Show a plan that is there already. Whoever made it, by whatever client."""
    connection = connect(endpoint)
    details = wait_until_made(connection.service_catalog, plan)
    document: Document = connection.read(document_path(details["PlanId"], live=live))
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif details["Status"] == "CREATE_SUCCESS":
        print_plan(open_terminal(), _title(connection, details, document), document)
    else:
        _print_closed(open_terminal(), _title(connection, details, document), document)


def _print_closed(terminal: Console, title: str, document: Document) -> None:
    """Print a plan that cannot be executed (any more), and why."""
    write(terminal, f"{title}\n")
    if document["Status"] != "CREATE_FAILED" or has_nothing_to_change(document):
        for line in plan_lines(document):
            write(terminal, line)
        write(terminal)
    message = document["StatusMessage"]
    write(terminal, f"{document['PlanId']} is {document['Status']}{f': {printable(message)}' if message else '.'}")


def _title(connection: Connection, details: Any, document: Document) -> str:
    """What the plan is of; ids in place of the names of a product that the caller may not see."""
    catalog = connection.service_catalog
    artifact_id = details["ProvisioningArtifactId"]
    try:
        product = catalog.describe_product(Id=details["ProductId"])
        named = product["ProductViewSummary"]["Name"]
        version = version_names(product["ProvisioningArtifacts"]).get(artifact_id, artifact_id)
    except catalog.exceptions.ResourceNotFoundException:
        named, version = details["ProductId"], artifact_id
    verb = "Launch" if document["BaseFingerprint"] is None else "Update"
    return f"{verb} {details['ProvisionProductName']}: {named} {version}"
