"""Knowledge of types and properties that risks are judged by: data (`data/risks.json`), read once.

Types are CloudFormation's and Terraform's. Properties are CloudFormation's names; Terraform's providers mostly have the
same ones in small letters (`PubliclyAccessible`, `publicly_accessible`), so each counts in both forms.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, TypeAlias

import msgspec

from manciple.template.resource_schemas import schema_of

Level: TypeAlias = Literal["high", "medium", "low"]
Kind: TypeAlias = Literal["data loss", "public exposure", "wider permissions", "weaker protection"]


class Risk(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One thing to look at before executing. The reason names what happens, never a secret."""

    level: Level
    kind: Kind
    logical_resource_id: str
    reason: str


class Finding(msgspec.Struct, frozen=True, order=True):
    """A risk before it is said whose it is."""

    level: Level
    kind: Kind
    reason: str


class Holder(msgspec.Struct, frozen=True):
    """Types that hold data, and what each of them is, with its article."""

    types: frozenset[str]
    kind: str


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """A member whose value opens something to the world, unless another member stands beside it."""

    property: str
    values: frozenset[str]
    reason: str
    level: Level = "high"
    except_types: frozenset[str] = frozenset()
    except_under: frozenset[str] = frozenset()
    unless_with: frozenset[str] = frozenset()


class Removal(msgspec.Struct, frozen=True):
    """A property whose removal is a risk."""

    property: str
    kind: Kind
    reason: str


class RiskTable(msgspec.Struct, frozen=True, dict=True):
    """The whole table. Actions and condition keys are in lower case."""

    holds_data: tuple[Holder, ...]
    public: tuple[Exposure, ...]
    removals: tuple[Removal, ...]
    web_ports: frozenset[str]
    restricting_conditions: frozenset[str]
    safeguards: frozenset[str]
    escalating_actions: tuple[str, ...]
    administrator_policies: frozenset[str]

    @cached_property
    def exposures(self) -> Mapping[str, Exposure]:
        """The exposures by the member that makes them, in both forms of its name."""
        small = (
            msgspec.structs.replace(
                row,
                property=in_small_letters(row.property),
                except_under=_in_both_forms(row.except_under),
                unless_with=_in_both_forms(row.unless_with),
            )
            for row in self.public
        )
        return {row.property: row for row in (*small, *self.public)}

    @cached_property
    def guards(self) -> frozenset[str]:
        """The safeguards in both forms of their names."""
        return _in_both_forms(self.safeguards)

    @cached_property
    def kinds_of_holders(self) -> Mapping[str, str]:
        """What each type that holds data is."""
        return {resource_type: holder.kind for holder in self.holds_data for resource_type in holder.types}


def in_small_letters(name: str) -> str:
    """A property's name as Terraform's providers write it: `SSEEnabled` is `sse_enabled`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _in_both_forms(names: Iterable[str]) -> frozenset[str]:
    return frozenset(form for name in names for form in (name, in_small_letters(name)))


@cache
def risk_table() -> RiskTable:
    """The table."""
    return msgspec.json.decode((files("manciple.catalog") / "data" / "risks.json").read_bytes(), type=RiskTable)


def holder_of(resource_type: str) -> str | None:
    """What a type holds data as, with its article; None if it holds none. An operator's own types tell."""
    if found := risk_table().kinds_of_holders.get(resource_type):
        return found
    schema = schema_of(resource_type)
    return schema.holds if schema else None
