"""The directory: accounts, organizational units, organizations and IAM roles, as the operator declares them.

It stands for AWS Organizations and for the roles of IAM. One document holds for the whole server, all accounts and
regions, because an organization spans accounts; only the operator reads and replaces it. Members are spelt as in AWS's
APIs. What an account gains by its place in an organization it has as long as the directory says so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from manciple.catalog.managed_policies import is_unknown, policies_of
from manciple.catalog.policy_statements import PolicyError

AccountId: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{12}\Z")]
OrganizationId: TypeAlias = Annotated[str, Meta(pattern=r"^o-[a-z0-9]{10,32}\Z")]
UnitId: TypeAlias = Annotated[str, Meta(pattern=r"^ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}\Z")]
RoleArn: TypeAlias = Annotated[str, Meta(pattern=r"^arn:[a-z0-9-]+:iam::[0-9]{12}:role/[!-~]*[!-.0-~]\Z")]


class DirectoryError(Exception):
    """A document that is no directory; one sentence says why."""


class _Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"):
    """Members as AWS spells them, and no others."""


class OrganizationalUnit(_Declared, frozen=True, kw_only=True):
    """A unit with the accounts right below it; without `parent` it stands right below the organization's root."""

    id: UnitId
    parent: UnitId | None = None
    accounts: tuple[AccountId, ...] = ()


class Organization(_Declared, frozen=True, kw_only=True):
    """An organization. `accounts` are those right below the root; the management account need not be named again."""

    id: OrganizationId
    management_account: AccountId
    delegated_administrators: tuple[AccountId, ...] = ()
    accounts: tuple[AccountId, ...] = ()
    organizational_units: tuple[OrganizationalUnit, ...] = ()

    def members(self) -> list[AccountId]:
        """Every account: the management account, those below the root, those of each unit."""
        units = (account for unit in self.organizational_units for account in unit.accounts)
        named = [*self.accounts, *units]
        return named if self.management_account in named else [self.management_account, *named]


class Role(_Declared, frozen=True, kw_only=True):
    """An IAM role: who may assume it, and what it may do.

    `trusts` are principals: an account's id, an ARN, or `*`. A policy is the name of a managed one or a document.
    """

    arn: RoleArn
    trusts: tuple[str, ...] = ()
    policies: tuple[str | dict[str, Any], ...] = ()


class Directory(_Declared, frozen=True, kw_only=True):
    """The whole document."""

    organizations: tuple[Organization, ...] = ()
    roles: tuple[Role, ...] = ()


MOST_DELEGATES = 50
"""AWS's quota of delegated administrators in an organization."""


def read_directory(content: bytes, *, is_toml: bool = False, most_delegates: int = MOST_DELEGATES) -> Directory:
    """A directory from its text. Raises DirectoryError for what is not one, contradicts itself or passes the quota."""
    decode = msgspec.toml.decode if is_toml else msgspec.json.decode
    try:
        directory = decode(content, type=Directory)
    except msgspec.ValidationError as error:
        raise DirectoryError(f"The directory is not {{Organizations, Roles}} as documented: {error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise DirectoryError(f"The directory is not {'TOML' if is_toml else 'JSON'}.") from None
    for fault in _faults(directory, most_delegates):
        raise DirectoryError(fault)
    return directory


def _faults(directory: Directory, most_delegates: int) -> Iterator[str]:
    organizations = directory.organizations
    units = (unit for organization in organizations for unit in organization.organizational_units)
    yield from _repeated("organization", (organization.id for organization in organizations))
    yield from _repeated("organizational unit", (unit.id for unit in units))
    yield from _repeated("account", (account for organization in organizations for account in organization.members()))
    yield from _repeated("role", (role.arn for role in directory.roles))
    for organization in organizations:
        yield from _faults_of(organization)
        if (delegates := len(organization.delegated_administrators)) > most_delegates:
            yield f"{organization.id} has {delegates} delegated administrators; at most {most_delegates} are allowed."
    for role in directory.roles:
        yield from _faults_of_role(role)


def _faults_of_role(role: Role) -> Iterator[str]:
    for policy in role.policies:
        if is_unknown(policy):  # a policy of IAM that is not known here permits nothing here
            continue
        try:
            policies_of(policy)
        except PolicyError as error:
            yield f"Role {role.arn}: {error}"


def _faults_of(organization: Organization) -> Iterator[str]:
    members = frozenset(organization.members())
    for account in organization.delegated_administrators:
        if account not in members:
            yield f"Delegated administrator {account} is not an account of {organization.id}."
    parents = {unit.id: unit.parent for unit in organization.organizational_units}
    for unit, parent in parents.items():
        if parent is not None and parent not in parents:
            yield f"The parent {parent} of {unit} is not a unit of {organization.id}."
        elif _is_below_itself(unit, parents):
            yield f"Organizational unit {unit} is below itself."


def _is_below_itself(unit: str, parents: dict[str, str | None]) -> bool:
    above = parents.get(unit)
    for _ in parents:
        if above is None:
            return False
        above = parents.get(above)
    return above is not None


def _repeated(kind: str, names: Iterable[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"The {kind} {name} is declared more than once."
