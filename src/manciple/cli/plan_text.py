"""A plan document (`GET /_manciple/plans/{id}`) as people read plans in a terminal. Pure.

    + add   ~ modify   ± replace   - remove

Every change says what it does in words beside its sign, so that no meaning hangs on colour.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich.text import Text

from manciple.cli.drift_text import drift_lines
from manciple.cli.terminal import printable
from manciple.cli.values_text import changed_lines, differing, parsed, shown

Document = Mapping[str, Any]

SIMULATED = "Simulated: the sandbox carries this plan out; nothing outside this server changes."
REAL = "Not simulated: what this plan changes lies outside the sandbox."
NO_CHANGES = "No changes: what is deployed is what this version and these parameters describe."
ONLY_OUTPUTS = "Plan: no resource changes; what the product gives out (Outputs) changes."

ASKED = "Plan: the engine is asked; what it changes only the engine knows."


class Sign(NamedTuple):
    """How a kind of change is marked: by a sign, in words, in a colour."""

    symbol: str
    words: str
    style: str


_SIGNS = {
    "Add": Sign("+", "add", "green"),
    "Modify": Sign("~", "modify", "yellow"),
    "Replace": Sign("±", "replace", "magenta"),
    "MayReplace": Sign("±", "modify, replace if it must", "magenta"),
    "Remove": Sign("-", "remove", "red"),
}
_REPLACING = {"True": "Replace", "Conditional": "MayReplace"}

_FATES = {
    "Delete": "is deleted",
    "Retain": "is kept, no longer part of the product",
    "Snapshot": "is deleted after a snapshot",
    "RetainExceptOnCreate": "is kept, no longer part of the product",
    "ReplaceAndDelete": "a new one is made, then the old one is deleted",
    "ReplaceAndRetain": "a new one is made, the old one is kept",
    "ReplaceAndSnapshot": "a new one is made, then the old one is deleted after a snapshot",
}
"""What a change set's PolicyAction means."""

_OLD_FIRST = "the old one goes first"
"""How a cause ends that turns the order of a replacement round, as Terraform's do unless told otherwise."""

_FORCES = {"Always": "forces replacement", "Conditionally": "may force replacement"}
"""What RequiresRecreation means."""

_CERTAINTIES = {"if changed": ", if its values change", "expanded at execution": ", expanded at execution"}

_LEVEL_STYLES = {"high": "bold red", "medium": "yellow"}
_WIDEST_LABEL = 44


def plan_lines(document: Document) -> Iterator[Text]:
    """A plan, line by line: every change, the risks in words, the summary."""
    for change in document["Changes"]:
        yield from _change_lines(change)
        yield Text()
    if faults := document.get("InvalidProperties"):
        yield Text("Invalid properties", "bold red")
        yield from (_fault_line(fault) for fault in faults)
        yield Text()
    if drift := document.get("Drift"):
        yield from drift_lines(drift)
        yield Text()
    if document["Risks"]:
        yield Text("Risks", "bold")
        yield from (_risk_line(risk) for risk in document["Risks"])
        yield Text()
    if asked := document.get("Asked"):
        yield from _asked_lines(asked)
    yield Text(summary(document), "bold")
    yield from _reality_lines(document)


def _reality_lines(document: Document) -> Iterator[Text]:
    """What of a plan is simulated, and what is real."""
    if not document["Simulated"]:
        if document["Changes"]:
            yield Text(REAL, "bold")
        return
    yield Text(SIMULATED, "dim")
    if real := document.get("NotSimulated"):
        yield Text(f"But not {', '.join(real)}: that is real, outside this server.", "bold")


def summary(document: Document) -> str:
    """What a plan does, in one line."""
    if document["StatusReason"] == "NO_CHANGES":
        return NO_CHANGES
    if document.get("Asked"):
        return ASKED
    if not document["Changes"]:
        return ONLY_OUTPUTS
    counts = document["Summary"]
    return (
        f"Plan: {counts['Add']} to add, {counts['Modify']} to change, "
        f"{counts['Replace']} to replace, {counts['Remove']} to remove."
    )


def _asked_lines(asked: Document) -> Iterator[Text]:
    """What an engine outside is asked, and where."""
    yield (
        Text("  ")
        .append(f"? {printable(asked['Operation'])}", "bold yellow")
        .append(f"  in {asked['QueueName']} of account {asked['QueueAccount']}")
    )
    rows = {"artifact": asked["ArtifactPath"], "launch role": asked["LaunchRoleArn"] or "none"} | asked["Parameters"]
    width = min(max(map(len, rows)), _WIDEST_LABEL)
    for name, value in rows.items():
        yield Text(f"      {printable(name):<{width}}  {printable(value)}")
    yield Text()


def _change_lines(change: Document) -> Iterator[Text]:
    resource = change["ResourceChange"]
    sign = _sign(resource)
    yield _headline(change, sign)
    yield from _fate_lines(change)
    rows = list(_rows(change))
    width = min(max((len(row.label) for row in rows), default=0), _WIDEST_LABEL)
    for row in rows:
        yield from row.lines(width, sign)
    if change["Cause"] and resource["Action"] == "Modify":
        yield Text("      because ", "dim").append(printable(" → ".join(change["Cause"])))


def _sign(resource: Document) -> Sign:
    kind = _REPLACING.get(resource.get("Replacement", ""), "Modify")
    return _SIGNS[kind if resource["Action"] == "Modify" else resource["Action"]]


def _headline(change: Document, sign: Sign) -> Text:
    resource = change["ResourceChange"]
    name = "/".join(filter(None, (change.get("StackPath"), resource["LogicalResourceId"])))
    certainty = _CERTAINTIES.get(change["Certainty"], "")
    line = Text("  ").append(f"{sign.symbol} {printable(name)}", f"bold {sign.style}")
    return line.append(f"  {printable(resource['ResourceType'])}  ").append(sign.words + certainty, sign.style)


def _fate_lines(change: Document) -> Iterator[Text]:
    resource = change["ResourceChange"]
    fate = _FATES.get(resource.get("PolicyAction", ""))
    if any(cause.endswith(_OLD_FIRST) for cause in change["Cause"]):
        fate = "the old one is deleted, then a new one is made"
    physical_id = resource.get("PhysicalResourceId")
    if fate and physical_id:
        separator = ":" if resource["Action"] == "Modify" else ""
        yield Text(f"      {printable(physical_id)}{separator} {fate}", "dim")


class _Row(NamedTuple):
    """One property of a change: what is said of its values, in full lines below if need be, and notes."""

    label: str
    value: str = ""
    notes: Sequence[str] = ()
    below: Sequence[str] = ()

    def lines(self, width: int, sign: Sign) -> Iterator[Text]:
        """The property with its value in a column of its own."""
        notes = f"  ({', '.join(self.notes)})" if self.notes else ""
        label = f"{self.label:<{width}}  {self.value}" if self.value else self.label
        yield Text(f"      {label}").append(notes, sign.style)
        for line in self.below:
            yield Text(f"        {line}", _LINE_STYLES.get(line[0], "dim"))


_LINE_STYLES = {"+": "green", "-": "red"}


def _changed(label: str, before: str | None, after: str | None, notes: Sequence[str]) -> _Row:
    """A value's way from before to after; of two texts of many lines only the lines that differ."""
    if before and after and "\n" in before and "\n" in after:
        return _Row(printable(label), "changes in these lines", notes, changed_lines(before, after))
    return _Row(printable(label), f"{shown(before)} → {shown(after)}", notes)


def _rows(change: Document) -> Iterator[_Row]:
    resource = change["ResourceChange"]
    if resource["Action"] == "Add":
        properties = parsed(resource.get("AfterContext", "{}")).get("Properties", {})
        for leaf in differing({}, properties):
            yield _Row(printable(leaf.path), shown(leaf.after))
    targets: dict[str, Document] = {}
    for detail in resource["Details"]:
        targets.setdefault(_name(detail["Target"]), detail["Target"])
    for name, target in targets.items():
        yield from _target_rows(name, target, change["PathChanges"])


def _target_rows(name: str, target: Document, places: Sequence[Document]) -> Iterator[_Row]:
    notes = [_FORCES[target["RequiresRecreation"]]] if target["RequiresRecreation"] in _FORCES else []
    if "Path" not in target:
        yield _Row(printable(name), notes=[*notes, "only execution can tell its value"])
    for place in places:
        if _is_inside(place["Path"], target.get("Path")):
            yield _place_row(place, notes)


def _place_row(place: Document, notes: Sequence[str]) -> _Row:
    before, after = place.get("BeforeValue"), place.get("AfterValue")
    if place["ChangeType"] == "Reorder":
        notes = [*notes, "another order"]
    elif before == after:
        notes = [*notes, "changed, not shown"]
    return _changed(_label(place["Path"]), before, after, notes)


def _is_inside(path: str, outer: str | None) -> bool:
    return outer is not None and (path == outer or path.startswith((f"{outer}/", f"{outer}[")))


def _name(target: Document) -> str:
    """What a change is of: `RedrivePolicy`, `Metadata`."""
    return _label(target["Path"]) if "Path" in target else str(target.get("Name", target["Attribute"]))


def _label(path: str) -> str:
    """A path as people read it: `RedrivePolicy.maxReceiveCount`, `Policy.Statement[Sid=Read].Action[1]`."""
    steps = path.removeprefix("/Properties/").strip("/").split("/")
    return ".".join(step.replace("~1", "/").replace("~0", "~") for step in steps)


def _fault_line(fault: Document) -> Text:
    place = ".".join([fault["LogicalResourceId"], *filter(None, fault["Path"].split("/"))])
    return Text(f"  {fault['Consequence']}  {printable(place)}: {printable(fault['Reason'])}")


def _risk_line(risk: Document) -> Text:
    line = Text("  ").append(f"{risk['Level']:<7}", _LEVEL_STYLES.get(risk["Level"].lower(), ""))
    return line.append(f"{printable(risk['LogicalResourceId'])}: {printable(risk['Reason'])}")
