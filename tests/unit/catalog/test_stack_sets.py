"""Which stack instances a change is about, and how many of them at a time."""

from typing import Any

import pytest

from manciple.api import shapes
from manciple.catalog.constraints.effects import StackSet
from manciple.catalog.stack_sets import Change, StackInstance, read_preferences
from manciple.errors import InvalidParametersException

SET = StackSet(accounts=("1", "2", "3"), regions=("a", "b"), admin_role="admin", execution_role="execution")
FREE = StackSet(accounts=("1",), regions=("a",), admin_role="admin", execution_role="execution", allows_control=True)


def change(**members: Any) -> Change:
    """A change of an existing stack set with preferences."""
    given = shapes.UpdateProvisioningPreferences(**{f"stack_set_{name}": value for name, value in members.items()})
    return read_preferences(given, SET, "stack", is_new=False)


def instance(account: str, region: str, status: Any = "CURRENT") -> StackInstance:
    return StackInstance(
        account="1",
        region="a",
        provisioned_product_id="pp-1",
        instance_account=account,
        instance_region=region,
        status=status,
    )


def test_without_preferences_it_is_everything_one_at_a_time_and_nothing_may_fail() -> None:
    found = read_preferences(None, SET, "stack", is_new=True)

    assert (found.verb, found.accounts, found.regions) == ("create", SET.accounts, SET.regions)
    assert (found.tolerated(3), found.at_once(3)) == (0, 1)


def test_regions_and_accounts_come_in_the_order_asked_for_each_once() -> None:
    found = change(regions=["b", "a", "b"], accounts=["3", "1"])

    assert (found.regions, found.accounts) == (("b", "a"), ("3", "1"))


@pytest.mark.parametrize(("percentage", "accounts", "tolerated"), [(0, 10, 0), (34, 3, 1), (33, 3, 0), (100, 3, 3)])
def test_a_tolerated_percentage_is_rounded_down(percentage: int, accounts: int, tolerated: int) -> None:
    assert change(failure_tolerance_percentage=percentage).tolerated(accounts) == tolerated


@pytest.mark.parametrize(("percentage", "at_once"), [(1, 1), (50, 1), (67, 2), (100, 3)])
def test_a_concurrent_percentage_is_rounded_down_but_never_to_nothing(percentage: int, at_once: int) -> None:
    found = change(max_concurrency_percentage=percentage, failure_tolerance_count=5)

    assert found.at_once(3) == at_once


def test_no_more_are_under_way_than_one_more_than_may_fail() -> None:
    found = change(max_concurrency_percentage=100, failure_tolerance_count=1)

    assert found.at_once(10) == 2


def test_a_concurrency_above_the_tolerance_is_refused() -> None:
    change(max_concurrency_count=3, failure_tolerance_count=2)

    with pytest.raises(InvalidParametersException):
        change(max_concurrency_count=4, failure_tolerance_count=2)


def test_an_update_is_about_instances_that_are_there_and_work() -> None:
    there = [instance("1", "a"), instance("2", "a", "OUTDATED"), instance("3", "a", "INOPERABLE")]

    assert change().goals(there) == [("a", ["1", "2"])]


def test_a_creation_is_about_those_that_are_not_there() -> None:
    found = read_preferences(None, SET, "stack", is_new=True)

    assert found.goals([instance("1", "a")]) == [("a", ["2", "3"]), ("b", ["1", "2", "3"])]


def test_a_deletion_is_about_all_that_are_there() -> None:
    given = shapes.UpdateProvisioningPreferences(stack_set_operation_type="DELETE")

    found = read_preferences(given, FREE, "stack", is_new=False)

    assert found.goals([instance("1", "a", "INOPERABLE")]) == [("a", ["1"])]
