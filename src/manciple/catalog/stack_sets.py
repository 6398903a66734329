"""Stack sets: which stack instances a launch, an update or a termination is about, how many of them at a time.

The rules are CloudFormation's (API reference, StackSetOperationPreferences; Service Catalog API reference,
ProvisioningPreferences and UpdateProvisioningPreferences).
"""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from manciple.api import shapes
from manciple.catalog.constraints.effects import StackSet
from manciple.catalog.entities import Entity
from manciple.errors import InvalidParametersException

Given: TypeAlias = shapes.ProvisioningPreferences | shapes.UpdateProvisioningPreferences
Verb: TypeAlias = Literal["create", "update", "delete"]
InstanceStatus: TypeAlias = Literal["CURRENT", "OUTDATED", "INOPERABLE"]


_BEFORE: dict[Verb, tuple[InstanceStatus | None, ...]] = {
    "create": (None,),
    "update": ("CURRENT", "OUTDATED"),
    "delete": ("CURRENT", "OUTDATED", "INOPERABLE"),
}
"""The statuses of the instances that a change is about; None for what is not there."""


class StackInstance(Entity, frozen=True, kw_only=True):
    """A stack of a stack set, in an account and region of its own; its owner is the provisioned product's.

    CURRENT is up to date with the stack set, OUTDATED is not (not yet, or what was tried failed), INOPERABLE could not
    be deleted (CloudFormation user guide, "Stack instance status codes").
    """

    provisioned_product_id: str
    instance_account: str
    instance_region: str
    status: InstanceStatus

    @property
    def place(self) -> tuple[str, str]:
        """The account and region."""
        return self.instance_account, self.instance_region


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with the stack instances of a stack set.

    `target` is what they are deployed onto, unless `targets` has another for an "account/region". `accounts` and
    `regions` say which, in order; `narrowed` that fewer than there are were asked for. A count, where
    there is one, goes before the percentage. The first is what may fail in a region, the second what is under way there
    at one time.
    """

    verb: Verb
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    execution_role: str
    target: str
    targets: dict[str, str] = {}
    tolerance: int | None = None
    tolerance_percentage: int | None = None
    concurrency: int | None = None
    concurrency_percentage: int | None = None

    def target_of(self, account: str, region: str) -> str:
        """What the instance in an account and region is deployed onto."""
        return self.targets.get(f"{account}/{region}", self.target)

    def tolerated(self, accounts: int) -> int:
        """How many of a region's accounts may fail; percentages are rounded down."""
        if self.tolerance is not None:
            return self.tolerance
        return accounts * (self.tolerance_percentage or 0) // 100

    def at_once(self, accounts: int) -> int:
        """In how many of a region's accounts work goes on at one time: at least one, and one more than may fail."""
        if self.concurrency is not None:
            wanted = self.concurrency
        elif self.concurrency_percentage is not None:
            wanted = accounts * self.concurrency_percentage // 100
        else:
            wanted = 1
        return max(1, min(wanted, self.tolerated(accounts) + 1))

    def goals(self, existing: Iterable[StackInstance]) -> list[tuple[str, list[str]]]:
        """The accounts that it is about in each region, in order.

        A new instance is not there yet, others are; one that is inoperable is excluded from updates (user guide).
        """
        there = {instance.place: instance.status for instance in existing}
        found = []
        for region in self.regions:
            accounts = [account for account in self.accounts if self._is_about(there.get((account, region)))]
            if accounts:
                found.append((region, accounts))
        return found

    def _is_about(self, status: InstanceStatus | None) -> bool:
        return status in _BEFORE[self.verb]


def read_preferences(given: Given | None, stack_set: StackSet, target: str, *, is_new: bool) -> Change:
    """What a launch (is_new) or an update asks for. Raises InvalidParametersException.

    Without preferences it is every account and region of the constraint, one account at a time, and none may fail.
    """
    given = given or shapes.UpdateProvisioningPreferences()
    change = Change(
        verb="create" if is_new else _verb(given, stack_set),
        accounts=_among(given.stack_set_accounts, stack_set.accounts, "StackSetAccounts"),
        regions=_among(given.stack_set_regions, stack_set.regions, "StackSetRegions"),
        execution_role=stack_set.execution_role,
        target=target,
        tolerance=given.stack_set_failure_tolerance_count,
        tolerance_percentage=given.stack_set_failure_tolerance_percentage,
        concurrency=given.stack_set_max_concurrency_count,
        concurrency_percentage=given.stack_set_max_concurrency_percentage,
    )
    _check_one(change.tolerance, change.tolerance_percentage, "StackSetFailureTolerance")
    _check_one(change.concurrency, change.concurrency_percentage, "StackSetMaxConcurrency")
    _check_concurrency(change)
    return change


def operation_type(given: Given | None) -> str:
    """StackSetOperationType, UPDATE unless given."""
    return (isinstance(given, shapes.UpdateProvisioningPreferences) and given.stack_set_operation_type) or "UPDATE"


def _verb(given: Given, stack_set: StackSet) -> Verb:
    wanted = operation_type(given)
    if wanted != "UPDATE" and not stack_set.allows_control:
        raise InvalidParametersException(
            f"StackSetOperationType {wanted} is not allowed: "
            "the STACKSET constraint has no StackInstanceControl ALLOWED."
        )
    return _VERBS[wanted]


_VERBS: dict[str, Verb] = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete"}


def _among(wanted: Sequence[str] | None, allowed: tuple[str, ...], member: str) -> tuple[str, ...]:
    """Those asked for, each once, all if none are. Raises InvalidParametersException for one outside the constraint."""
    for one in wanted or ():
        if one not in allowed:
            raise InvalidParametersException(
                f"{one} in {member} is not in the STACKSET constraint; there are {', '.join(allowed)}."
            )
    return tuple(dict.fromkeys(wanted or allowed))


def _check_one(count: int | None, percentage: int | None, name: str) -> None:
    if count is not None and percentage is not None:
        raise InvalidParametersException(f"Specify at most one of {name}Count and {name}Percentage.")


def _check_concurrency(change: Change) -> None:
    """As counts, no more can be under way than one more than may fail (API reference)."""
    if change.concurrency is None or change.tolerance_percentage is not None:
        return
    if change.concurrency > (change.tolerance or 0) + 1:
        raise InvalidParametersException(
            f"StackSetMaxConcurrencyCount {change.concurrency} may be at most one more than "
            f"StackSetFailureToleranceCount, which is {change.tolerance or 0}."
        )
