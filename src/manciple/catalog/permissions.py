"""What a change lets be done that could not be done before, by the policies inside a resource and those it attaches."""

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from manciple.catalog.policy_documents import (
    EVERYTHING,
    EXCEPT,
    Grant,
    Reading,
    is_known,
    texts_of,
)
from manciple.catalog.risk_table import Finding, Kind, Level, risk_table
from manciple.template.change_set import holds_unknown

_KIND: Kind = "wider permissions"


def widened(before: Reading, after: Reading) -> Iterator[Finding]:
    """Every widening, each told once. Of a new resource only what goes very far; one that is removed gives nothing."""
    if not after.exists:
        return
    told = [*_by_policies(before, after), *_by_attaching(before, after)]
    if before.exists:
        told += [*_by_lifting(before, after), *_by_admitting(before, after)]
    yield from dict.fromkeys(told)


def _by_policies(before: Reading, after: Reading) -> Iterator[Finding]:
    old, new = before.grants(), after.grants()
    for grant in sorted(new - old):
        if not _is_covered(grant, old):
            yield from _told(grant, old, is_new=not before.exists)


def _is_covered(grant: Grant, old: Collection[Grant]) -> bool:
    """Was it allowed before? Where only execution knows the resource, the action alone is compared."""
    if is_known(grant):
        return any(one.covers(grant) for one in old)
    return any(one._replace(resource="").covers(grant._replace(resource="")) for one in old)


def _told(grant: Grant, old: Collection[Grant], *, is_new: bool) -> Iterator[Finding]:
    action, everywhere = grant.action, grant.resource in ("", EVERYTHING)
    if action == EVERYTHING:
        yield Finding(
            "high", _KIND, "Grants every action." if everywhere else f"Grants every action on {grant.resource}."
        )
    elif action.startswith(EXCEPT):
        yield Finding("high", _KIND, f"Grants {action}.")
    elif grant.resource == EVERYTHING and not grant.is_conditional and _escalates(action):
        yield Finding("high", _KIND, f"Grants {action} on every resource, which can give further permissions.")
    elif not is_new:
        yield _addition(grant, old)


def _addition(grant: Grant, old: Collection[Grant]) -> Finding:
    """An action that is new, that is allowed on more, or no longer under a condition."""
    action = grant.action
    if any(one._replace(is_conditional=False).covers(grant) for one in old):
        return Finding("medium", _KIND, f"Widens permissions: {action} without the condition it had.")
    if any(one._replace(resource="").covers(grant._replace(resource="")) for one in old):
        place = "every resource" if grant.resource == EVERYTHING else grant.resource
        return Finding("medium" if "*" in grant.resource else "low", _KIND, f"Widens permissions: {action} on {place}.")
    return Finding("medium" if "*" in action else "low", _KIND, f"Widens permissions: adds {action}.")


def _escalates(action: str) -> bool:
    """Does an action, or one that its `*` stands for, let its holder give themselves more?"""
    return any(fnmatchcase(known, action.lower()) for known in risk_table().escalating_actions)


def _by_attaching(before: Reading, after: Reading) -> Iterator[Finding]:
    """Managed policies that are attached."""
    for name in sorted(_attached(after) - _attached(before)):
        administers = name in risk_table().administrator_policies
        if administers or before.exists:
            level: Level = "high" if administers else "low"
            yield Finding(level, _KIND, f"Grants {name}." if administers else f"Widens permissions: adds {name}.")


def _attached(side: Reading) -> set[str]:
    arns = texts_of(side.properties.get("ManagedPolicyArns"))
    return {arn.rpartition("/")[2] for arn in arns if not holds_unknown(arn)}


def _by_lifting(before: Reading, after: Reading) -> Iterator[Finding]:
    """Denials that are gone."""
    for action in sorted(before.denials() - after.denials()):
        yield Finding("medium", _KIND, f"Widens permissions: no longer denies {action}.")


def _by_admitting(before: Reading, after: Reading) -> Iterator[Finding]:
    """Principals that are let in beside those of before; `*` is told as a public exposure."""
    for name in sorted(after.admitted() - before.admitted()):
        if name != EVERYTHING and not holds_unknown(name):
            yield Finding("medium", _KIND, f"Lets {name} in.")
