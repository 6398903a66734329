"""Drift as people read it: what is not as it was last deployed. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from manciple.cli.terminal import printable

Document = Mapping[str, Any]

_WORDS = {"DELETED": "is gone", "MODIFIED": "was changed", "NOT_CHECKED": "could not be looked at"}
_STYLES = {"DELETED": "bold red", "MODIFIED": "yellow", "NOT_CHECKED": "dim"}


def drift_lines(drift: Document) -> Iterator[Text]:
    """Every resource that drifted, with the places; a plan mends none of them by itself."""
    others = drift["Resources"]
    yield Text("Drift", "bold").append(f"  {drift['InSync']} in sync, {len(others)} not", "dim")
    for resource in others:
        yield _headline(resource)
        yield from (_difference_line(one) for one in resource["PropertyDifferences"])


def _headline(resource: Document) -> Text:
    status = resource["StackResourceDriftStatus"]
    name = "/".join(filter(None, (resource["StackPath"], resource["LogicalResourceId"])))
    line = Text("  ").append(f"! {printable(name)}", _STYLES[status])
    told = [resource["ResourceType"], "", resource["PhysicalResourceId"], _WORDS[status]]
    line.append(f"  {printable(' '.join(told))}")
    return line.append(f": {printable(resource['Reason'])}" if resource["Reason"] else "")


def _difference_line(one: Document) -> Text:
    place = one["PropertyPath"].strip("/").replace("/", ".")
    deployed, live = (_shown(one[name]) for name in ("ExpectedValue", "ActualValue"))
    line = Text(f"      {printable(place)}: deployed {deployed}, now {live}")
    return line.append(f", this plan wants {_shown(one['DesiredValue'])}", "dim")


def _shown(value: str | None) -> str:
    return "nothing" if value is None else printable(value)
