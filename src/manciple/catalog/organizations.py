"""Where accounts stand in their organizations: what a directory says, ready to be asked."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from manciple.catalog.directory import Directory, Organization


class Place(NamedTuple):
    """An account's organization, and the units above it, the nearest first."""

    organization: Organization
    units: tuple[str, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """Every node that the account is below: its units, then the organization."""
        return (*self.units, self.organization.id)


class Organizations:
    """Every organization of a directory, by account and by node."""

    def __init__(self, directory: Directory) -> None:
        self._places = {account: place for one in directory.organizations for account, place in _places(one)}
        self._by_node = {node: one for one in directory.organizations for node in _nodes(one)}
        self._below: dict[str, list[str]] = {}
        for account, place in self._places.items():
            for node in place.nodes:
                self._below.setdefault(node, []).append(account)

    def place_of(self, account: str) -> Place | None:
        """Where an account stands; None for one that is in no organization."""
        return self._places.get(account)

    def organization_of(self, account: str) -> Organization | None:
        """The organization that an account is in."""
        place = self._places.get(account)
        return place.organization if place else None

    def having(self, node: str) -> Organization | None:
        """The organization that a unit is in, or that has this id."""
        return self._by_node.get(node)

    def nodes_from(self, node: str) -> list[str]:
        """A node and every node above it, its organization last; nothing for an unknown one."""
        organization = self._by_node.get(node)
        if organization is None or node == organization.id:
            return [organization.id] if organization else []
        parents = {unit.id: unit.parent for unit in organization.organizational_units}
        return [*_upwards(node, parents), organization.id]

    def accounts_below(self, node: str) -> list[str]:
        """Every account below a unit or an organization, at any depth, sorted."""
        return sorted(self._below.get(node, ()))


def is_administrator(organization: Organization, account: str) -> bool:
    """Is this the management account, or a delegated administrator?"""
    return account == organization.management_account or account in organization.delegated_administrators


def _places(organization: Organization) -> Iterator[tuple[str, Place]]:
    yield organization.management_account, Place(organization, ())
    yield from _at(organization.accounts, Place(organization, ()))
    parents = {unit.id: unit.parent for unit in organization.organizational_units}
    for unit in organization.organizational_units:
        yield from _at(unit.accounts, Place(organization, tuple(_upwards(unit.id, parents))))


def _at(accounts: Iterable[str], place: Place) -> Iterator[tuple[str, Place]]:
    return ((account, place) for account in accounts)


def _upwards(unit: str | None, parents: dict[str, str | None]) -> Iterator[str]:
    while unit is not None:
        yield unit
        unit = parents[unit]


def _nodes(organization: Organization) -> Iterator[str]:
    yield organization.id
    for unit in organization.organizational_units:
        yield unit.id
