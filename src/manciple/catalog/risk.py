"""What in a plan deserves a second look: lost data, things made public, permissions widened, safeguards gone.

Knowledge of types and properties is data (`data/risks.json`), applied by one rule for each kind of risk. A reason names
what happens, never a secret that a template or parameter brought in.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from manciple.catalog.exposure import made_public, unprotected
from manciple.catalog.permissions import widened
from manciple.catalog.policy_documents import Reading
from manciple.catalog.risk_table import Finding, Kind, Level, Risk, holder_of
from manciple.template.change_set import Change, ChangeSet
from manciple.template.stack_paths import joined

_ORDER: Mapping[Level, int] = {"high": 0, "medium": 1, "low": 2}


class RiskCounts(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The risks of a plan counted, by level and by kind, and in one sentence (empty without risks).

    Kinds count resources, not risks: one role that gets three actions is one.
    """

    high: int = 0
    medium: int = 0
    low: int = 0
    data_loss: int = 0
    public_exposure: int = 0
    wider_permissions: int = 0
    weaker_protection: int = 0
    words: str = ""


def risks_of(change_set: ChangeSet) -> tuple[Risk, ...]:
    """Every risk of a change set, the gravest first; resources of nested stacks are named with their path."""
    found = [
        risk
        for path, one in change_set.stacks.items()
        for change in one.changes.values()
        for risk in _risks(change, path)
    ]
    return tuple(sorted(found, key=lambda risk: (_ORDER[risk.level], risk.logical_resource_id)))


def count_risks(risks: Sequence[Risk]) -> RiskCounts:
    """Risks by level and kind."""
    levels = [risk.level for risk in risks]
    resources = {kind: len({risk.logical_resource_id for risk in risks if risk.kind == kind}) for kind in _WORDS}
    phrases = [_phrase(kind, count) for kind, count in resources.items() if count]
    return RiskCounts(
        high=levels.count("high"),
        medium=levels.count("medium"),
        low=levels.count("low"),
        data_loss=resources["data loss"],
        public_exposure=resources["public exposure"],
        wider_permissions=resources["wider permissions"],
        weaker_protection=resources["weaker protection"],
        words=f"{'; '.join(phrases)}." if phrases else "",
    )


_WORDS: Mapping[Kind, str] = {
    "data loss": "{} may lose data",
    "public exposure": "{} opened to the public",
    "wider permissions": "{} given wider permissions",
    "weaker protection": "{} protected less",
}


def _phrase(kind: Kind, count: int) -> str:
    return _WORDS[kind].format(f"{count} {'resource' if count == 1 else 'resources'}")


def _risks(change: Change, path: str) -> Iterator[Risk]:
    name = joined(path, change.logical_id)
    before, after = Reading(change.before), Reading(change.after)
    public = made_public(change.resource_type, before, after)
    for found in (*_lost_data(change), *public, *widened(before, after), *unprotected(before, after)):
        yield Risk(level=found.level, kind=found.kind, logical_resource_id=name, reason=found.reason)


_LOSSES: Mapping[tuple[str | None, str | None], tuple[Level, str]] = {
    (None, "Delete"): ("high", "Deletes {}: what it holds is lost."),
    (None, "Snapshot"): ("medium", "Deletes {} after taking a snapshot."),
    (None, "Retain"): ("low", "Leaves {} behind, outside the stack."),
    ("True", "ReplaceAndDelete"): ("high", "Replaces {}: the new one is empty, what the old one holds is lost."),
    ("True", "ReplaceAndSnapshot"): ("medium", "Replaces {} by an empty one after taking a snapshot."),
    ("True", "ReplaceAndRetain"): ("medium", "Replaces {} by an empty one; the old one stays, outside the stack."),
    ("Conditional", "ReplaceAndDelete"): ("high", "May replace {}: what it holds would be lost."),
    ("Conditional", "ReplaceAndSnapshot"): ("medium", "May replace {} after taking a snapshot."),
    ("Conditional", "ReplaceAndRetain"): ("medium", "May replace {}; the old one would stay, outside the stack."),
}


def _lost_data(change: Change) -> Iterator[Finding]:
    kind = holder_of(change.resource_type)
    loss = _LOSSES.get((change.replacement, change.policy_action))
    if kind and loss:
        yield Finding(loss[0], "data loss", loss[1].format(kind))
