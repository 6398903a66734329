"""What a change opens to the world, and which safeguards it takes away."""

from collections.abc import Iterator, Mapping

from manciple.catalog.policy_documents import Members, Reading, principals, texts_of
from manciple.catalog.risk_table import Exposure, Finding, Level, in_small_letters, risk_table
from manciple.template.values import Value

_WHOLE_WORLD = frozenset({"*", "0.0.0.0/0", "::/0"})
_EVERY_PROTOCOL = "-1"


def made_public(resource_type: str, before: Reading, after: Reading) -> Iterator[Finding]:
    """What is public after a change and was not before."""
    new = set(_exposures(resource_type, after))
    yield from sorted(new.difference(_exposures(resource_type, before)) if new else ())


def unprotected(before: Reading, after: Reading) -> Iterator[Finding]:
    """Safeguards that a modification takes away: what was on and is not, blocks and boundaries that go."""
    if not (before.exists and after.exists):
        return
    for name in sorted(_safeguards(before) - _safeguards(after)):
        yield Finding("medium", "weaker protection", f"Turns {name} off.")
    for row in risk_table().removals:
        forms = (row.property, in_small_letters(row.property))
        if any(form in before.properties and form not in after.properties for form in forms):
            yield Finding("medium", row.kind, row.reason)


def _safeguards(side: Reading) -> set[str]:
    names = risk_table().guards
    return {name for _, members in side.objects for name in members if name in names and members[name] == "true"}


def _exposures(resource_type: str, side: Reading) -> Iterator[Finding]:
    rows = risk_table().exposures
    for path, members in side.objects:
        for row in (rows[name] for name in members if name in rows):
            if _opens(row, resource_type, path, members):
                yield _finding(row, members)
    if any(_admits_everyone(statement) for statement in side.statements("Allow")):
        yield Finding("high", "public exposure", "Lets every principal in.")


def _opens(row: Exposure, resource_type: str, path: tuple[str, ...], members: Members) -> bool:
    value = members[row.property]
    return (
        any(one in row.values for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
        and resource_type not in row.except_types
        and not row.except_under.intersection(path)
        and not row.unless_with & members.keys()
    )


def _finding(row: Exposure, members: Members) -> Finding:
    level: Level = "medium" if _is_web(members) else row.level
    return Finding(level, "public exposure", row.reason.format(ports=_ports(members)))


def _is_web(members: Members) -> bool:
    """Does a rule open one port that is there to be open?"""
    first, last = (_member(members, name) for name in ("FromPort", "ToPort"))
    return first == last and isinstance(first, str) and first in risk_table().web_ports


def _member(members: Members, name: str) -> Value | None:
    """A member by either form of its name."""
    return members.get(name, members.get(in_small_letters(name)))


def _ports(members: Members) -> str:
    protocol, first, last = (_member(members, name) for name in ("IpProtocol", "FromPort", "ToPort"))
    protocol = members.get("protocol", protocol)
    if protocol == _EVERY_PROTOCOL:
        return "every port"
    if not isinstance(first, str) or first == _EVERY_PROTOCOL:
        return "it"
    named = f"port {first}" if first == last or not isinstance(last, str) else f"ports {first} to {last}"
    return f"{protocol} {named}" if isinstance(protocol, str) else named


def _admits_everyone(statement: Members) -> bool:
    anyone = "*" in principals(statement) or "NotPrincipal" in statement
    return anyone and not _is_restricted(statement.get("Condition"))


def _is_restricted(condition: Value | None) -> bool:
    """Does a condition narrow down who is meant? One on encryption or transport does not."""
    if not isinstance(condition, Mapping):
        return False
    return any(
        key.lower() in risk_table().restricting_conditions and not _WHOLE_WORLD.intersection(texts_of(value))
        for operator, keys in condition.items()
        if isinstance(keys, Mapping) and "Not" not in operator and not operator.endswith("IfExists")
        for key, value in keys.items()
    )
