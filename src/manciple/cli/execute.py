"""`manciple execute`: carry out a plan and show how it goes."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console

from manciple.cli.connection import Connection, Endpoint, connect, every
from manciple.cli.record_text import Event, end_lines, event_line
from manciple.cli.terminal import open_terminal, write

SUCCEEDED = 0
FAILED = 1

_FINAL = ("SUCCEEDED", "FAILED")
_PAUSE = 0.2
"""Seconds before the events are asked for again where the server ended their stream before the record's end."""


def execute(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.")],
    endpoint: Endpoint = None,
) -> int:
    """Execute a plan and follow it to its end. Exit status: 0 SUCCEEDED, 1 FAILED or refused.

    Interrupting stops the watching only: the server carries the plan on.
    """
    return execute_plan(connect(endpoint), open_terminal(), plan)


def execute_plan(connection: Connection, terminal: Console, plan_id: str) -> int:
    """Execute a plan and follow it to its end; return the exit status."""
    answer = connection.service_catalog.execute_provisioned_product_plan(PlanId=plan_id)
    return follow_to_the_end(connection, terminal, answer["RecordDetail"]["RecordId"], f"Executing {plan_id}")


def follow_to_the_end(connection: Connection, terminal: Console, record_id: str, doing: str) -> int:
    """Print a record's events as they come, then its status and outputs; return the exit status."""
    catalog = connection.service_catalog
    events = []
    with terminal.status(f"{doing} as {record_id}"):
        for event in follow(connection, record_id):
            events.append(event)
            write(terminal, event_line(event))
    record = catalog.describe_record(Id=record_id)["RecordDetail"]
    outputs = list(every(catalog.describe_record, "RecordOutputs", Id=record_id))
    for line in end_lines(record, outputs, events):
        write(terminal, line)
    return SUCCEEDED if record["Status"] == "SUCCEEDED" else FAILED


def follow(connection: Connection, record_id: str) -> Iterator[Event]:
    """A record's events, each once, until the record has ended and all of them were given."""
    newest = None
    while True:
        has_ended = _status(connection.service_catalog, record_id) in _FINAL
        for event in connection.stream(f"/_manciple/records/{record_id}/events", after=newest):
            newest = event["EventId"]
            yield event
        if has_ended:
            return
        time.sleep(_PAUSE)


def _status(catalog: Any, record_id: str) -> str:
    return str(catalog.describe_record(Id=record_id, PageSize=1)["RecordDetail"]["Status"])
