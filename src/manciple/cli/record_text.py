"""A record's events and its end as people read them in a terminal. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from manciple.cli.terminal import printable

Event = Mapping[str, Any]

_STYLES = {"COMPLETE": "green", "FAILED": "bold red", "SUCCEEDED": "bold green"}
_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled")
"""Reasons of events that only follow from another resource's failure."""


def event_line(event: Event) -> Text:
    """One event on one line; a reason of several lines goes on below."""
    name = "/".join(filter(None, (event.get("StackPath"), event["LogicalResourceId"])))
    status = event["ResourceStatus"]
    line = Text("  ").append(f"{status:<20}  ", _style(status))
    line.append(f"{printable(name):<24}  ").append(printable(event["ResourceType"]), "dim")
    reason = event.get("ResourceStatusReason")
    return line.append(f"  {_below(reason)}") if reason else line


def end_lines(
    record: Mapping[str, Any], outputs: Sequence[Mapping[str, Any]], events: Iterable[Event]
) -> Iterator[Text]:
    """How a record ended: its status as AWS spells it, then the outputs, or what went wrong first."""
    yield Text(f"\n{record['RecordId']}  ").append(record["Status"], _style(record["Status"]))
    if record["Status"] == "FAILED":
        yield from _failure_lines(record, events)
    elif outputs:
        yield Text("\nOutputs", "bold")
        width = max(len(output["OutputKey"]) for output in outputs)
        for output in outputs:
            yield Text(f"  {printable(output['OutputKey']):<{width}}  {printable(output.get('OutputValue', ''))}")


def root_cause(events: Iterable[Event]) -> Event | None:
    """The first event that failed of itself, not because another resource did."""
    failed = (event for event in events if event["ResourceStatus"].endswith("_FAILED"))
    return next((event for event in failed if not _is_consequence(event)), None)


def _failure_lines(record: Mapping[str, Any], events: Iterable[Event]) -> Iterator[Text]:
    if cause := root_cause(events):
        yield Text("\nRoot cause", "bold red")
        yield event_line(cause)
    for error in record["RecordErrors"]:
        yield Text(f"  {_below(error['Description'])}")


def _below(text: str) -> str:
    """A text with its further lines set in, so that they stay with the first."""
    return "\n      ".join(printable(line) for line in text.split("\n"))


def _is_consequence(event: Event) -> bool:
    return (event.get("ResourceStatusReason") or "").startswith(_CONSEQUENCES)


def _style(status: str) -> str:
    return next((style for ending, style in _STYLES.items() if status.endswith(ending)), "yellow")
