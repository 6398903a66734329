"""Whom a share reaches, and how a recipient is named (service-catalog-api reference, 5.7)."""

from typing import Any

import pytest

from manciple.catalog.directory import Directory, Organization, OrganizationalUnit
from manciple.catalog.organizations import Organizations
from manciple.catalog.sharing import (
    PortfolioShare,
    Recipient,
    ShareType,
    accounts_reached,
    joined,
    reaches,
    read_node,
    recipients_for,
)
from manciple.errors import InvalidParametersException

HUB, OPS, DEV, TEST, LONER = (str(digit) * 12 for digit in range(1, 6))
ORGANIZATION, APPS, NESTED = "o-exampleorgid", "ou-root-applications", "ou-root-applicationstest"
UNITS = (OrganizationalUnit(id=APPS, accounts=(DEV,)), OrganizationalUnit(id=NESTED, parent=APPS, accounts=(TEST,)))


def organizations(*delegates: str) -> Organizations:
    organization = Organization(
        id=ORGANIZATION,
        management_account=HUB,
        delegated_administrators=delegates,
        accounts=(OPS,),
        organizational_units=UNITS,
    )
    return Organizations(Directory(organizations=(organization,)))


def share(type: ShareType, principal_id: str, **fields: Any) -> PortfolioShare:
    return PortfolioShare(
        **{
            "account": HUB,
            "region": "eu-west-1",
            "portfolio_id": "port-1",
            "type": type,
            "principal_id": principal_id,
            "accepted": type != "ACCOUNT",
            "created_time": 0,
            **fields,
        }
    )


ROOT = f"arn:aws:organizations::{HUB}"


@pytest.mark.parametrize(
    ("type", "value", "recipient"),
    [
        ("ACCOUNT", DEV, Recipient("ORGANIZATION_MEMBER_ACCOUNT", DEV)),
        ("ORGANIZATION", ORGANIZATION, Recipient("ORGANIZATION", ORGANIZATION)),
        ("ORGANIZATION", f"{ROOT}:organization/{ORGANIZATION}", Recipient("ORGANIZATION", ORGANIZATION)),
        ("ORGANIZATIONAL_UNIT", APPS, Recipient("ORGANIZATIONAL_UNIT", APPS)),
        ("ORGANIZATIONAL_UNIT", f"{ROOT}:ou/{ORGANIZATION}/{APPS}", Recipient("ORGANIZATIONAL_UNIT", APPS)),
    ],
)
def test_a_node_is_named_by_id_or_arn(type: str, value: str, recipient: Recipient) -> None:
    assert read_node(type, value) == recipient


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("ACCOUNT", ORGANIZATION),
        ("ORGANIZATION", APPS),
        ("ORGANIZATION", f"{ROOT}:organization/{ORGANIZATION}/more"),
        ("ORGANIZATIONAL_UNIT", f"{ROOT}:organization/{ORGANIZATION}"),
        ("ORGANIZATION", f"arn:aws-us-gov:organizations::{HUB}:organization/{ORGANIZATION}"),
    ],
)
def test_a_value_of_another_type_is_refused(type: str, value: str) -> None:
    with pytest.raises(InvalidParametersException):
        read_node(type, value)


@pytest.mark.parametrize(
    ("made", "reached"),
    [
        (share("ACCOUNT", DEV), set()),
        (share("ACCOUNT", DEV, accepted=True), {DEV}),
        (share("ACCOUNT", LONER, accepted=True), {LONER}),
        (share("ORGANIZATION", ORGANIZATION), {OPS, DEV, TEST}),
        (share("ORGANIZATION", ORGANIZATION, account=OPS), {HUB, DEV, TEST}),
        (share("ORGANIZATIONAL_UNIT", APPS), {DEV, TEST}),
        (share("ORGANIZATIONAL_UNIT", NESTED), {TEST}),
        (share("ORGANIZATION_MEMBER_ACCOUNT", DEV), {DEV}),
        (share("ORGANIZATIONAL_UNIT", APPS, account=DEV), set()),
        (share("ORGANIZATION_MEMBER_ACCOUNT", LONER), set()),
    ],
)
def test_a_share_reaches_accounts_by_what_they_are_below(made: PortfolioShare, reached: set[str]) -> None:
    directory = organizations(OPS)

    found = {
        account
        for account in (HUB, OPS, DEV, TEST, LONER)
        if made.principal_id in recipients_for(account, directory) and reaches(made, account, directory)
    }

    assert found == reached


def test_shares_of_a_removed_delegate_reach_nobody() -> None:
    made = share("ORGANIZATION", ORGANIZATION, account=OPS)

    assert [reaches(made, DEV, organizations(*delegates)) for delegates in [(OPS,), ()]] == [True, False]


@pytest.mark.parametrize(
    ("recipient", "accounts"),
    [
        (Recipient("ACCOUNT", LONER), [LONER]),
        (Recipient("ORGANIZATION_MEMBER_ACCOUNT", DEV), [DEV]),
        (Recipient("ORGANIZATIONAL_UNIT", APPS), [DEV, TEST]),
        (Recipient("ORGANIZATION", ORGANIZATION), [OPS, DEV, TEST]),
    ],
)
def test_an_action_names_the_accounts_that_it_reached_without_the_owner(
    recipient: Recipient, accounts: list[str]
) -> None:
    assert accounts_reached(recipient, HUB, organizations()) == accounts


def test_several_shares_of_a_portfolio_add_up() -> None:
    shares = [
        share("ACCOUNT", DEV, share_tag_options=True),
        share("ORGANIZATIONAL_UNIT", APPS, share_principals=True),
        share("ACCOUNT", DEV, portfolio_id="port-2"),
    ]

    found = joined(shares)

    assert found["port-1"].accepted_as == {"IMPORTED", "AWS_ORGANIZATIONS"}
    assert (found["port-1"].shares_tag_options, found["port-1"].shares_principals) == (True, True)
    assert (found["port-2"].shares_tag_options, found["port-2"].shares_principals) == (False, False)


@pytest.mark.parametrize(
    ("node", "nodes"),
    [(NESTED, [NESTED, APPS, ORGANIZATION]), (ORGANIZATION, [ORGANIZATION]), ("ou-root-elsewhere0", [])],
)
def test_a_node_is_below_its_organization(node: str, nodes: list[str]) -> None:
    assert organizations().nodes_from(node) == nodes
