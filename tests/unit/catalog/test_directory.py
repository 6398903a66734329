"""The directory: what it may say, and where accounts stand in it."""

from typing import Any

import msgspec
import pytest

from manciple.catalog.directory import Directory, DirectoryError, read_directory
from manciple.catalog.organizations import Organizations, is_administrator

HUB, OPS, DEV, TEST, LONER = (str(digit) * 12 for digit in range(1, 6))
ORGANIZATION, APPS, NESTED = "o-exampleorgid", "ou-root-applications", "ou-root-applicationstest"
DOCUMENT: dict[str, Any] = {
    "Organizations": [
        {
            "Id": ORGANIZATION,
            "ManagementAccount": HUB,
            "DelegatedAdministrators": [OPS],
            "Accounts": [OPS],
            "OrganizationalUnits": [
                {"Id": NESTED, "Parent": APPS, "Accounts": [TEST]},
                {"Id": APPS, "Accounts": [DEV]},
            ],
        }
    ],
    "Roles": [
        {
            "Arn": f"arn:aws:iam::{DEV}:role/team/Developer",
            "Trusts": [DEV, "*"],
            "Policies": ["admin", {"Version": "2012-10-17", "Statement": []}],
        }
    ],
}


def read(document: Any) -> Directory:
    return read_directory(msgspec.json.encode(document))


def with_organization(**members: Any) -> dict[str, Any]:
    return {"Organizations": [DOCUMENT["Organizations"][0] | members]}


TOML = f"""
[[Organizations]]
Id = "{ORGANIZATION}"
ManagementAccount = "{HUB}"
DelegatedAdministrators = ["{OPS}"]
Accounts = ["{OPS}"]
OrganizationalUnits = [
    {{Id = "{NESTED}", Parent = "{APPS}", Accounts = ["{TEST}"]}},
    {{Id = "{APPS}", Accounts = ["{DEV}"]}},
]

[[Roles]]
Arn = "arn:aws:iam::{DEV}:role/team/Developer"
Trusts = ["{DEV}", "*"]
Policies = ["admin", {{Version = "2012-10-17", Statement = []}}]
"""


def test_json_and_toml_say_the_same() -> None:
    assert read_directory(TOML.encode(), is_toml=True) == read(DOCUMENT)


def test_what_is_read_is_written_alike() -> None:
    assert read_directory(msgspec.json.encode(read(DOCUMENT))) == read(DOCUMENT)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "Expected `object`"),
        ({"Organisations": []}, "unknown field `Organisations`"),
        (with_organization(Id="o-short"), "matching regex"),
        (with_organization(ManagementAccount="me"), "matching regex"),
        ({"Roles": [{"Arn": "arn:aws:iam::1:role/x"}]}, "matching regex"),
        ({"Roles": DOCUMENT["Roles"] * 2}, "declared more than once"),
        ({"Organizations": DOCUMENT["Organizations"] * 2}, f"organization {ORGANIZATION} is declared more than once"),
        (with_organization(Accounts=[OPS, DEV]), f"account {DEV} is declared more than once"),
        (with_organization(DelegatedAdministrators=[LONER]), f"{LONER} is not an account of {ORGANIZATION}"),
        (with_organization(OrganizationalUnits=[{"Id": APPS, "Parent": NESTED}]), f"The parent {NESTED} of {APPS}"),
        (with_organization(OrganizationalUnits=[{"Id": APPS, "Parent": APPS}]), f"{APPS} is below itself"),
        (
            with_organization(OrganizationalUnits=[{"Id": APPS, "Parent": NESTED}, {"Id": NESTED, "Parent": APPS}]),
            "is below itself",
        ),
    ],
)
def test_a_directory_that_is_none_or_contradicts_itself_is_refused(document: Any, said: str) -> None:
    with pytest.raises(DirectoryError) as caught:
        read(document)

    assert said in str(caught.value)


def test_two_organizations_have_no_account_in_common() -> None:
    other = {"Id": "o-anotherorgid", "ManagementAccount": DEV}

    with pytest.raises(DirectoryError) as caught:
        read({"Organizations": [*DOCUMENT["Organizations"], other]})

    assert str(caught.value) == f"The account {DEV} is declared more than once."


def test_an_organization_has_so_many_delegated_administrators_and_no_more() -> None:
    content = msgspec.json.encode(with_organization(DelegatedAdministrators=[OPS, DEV]))

    with pytest.raises(DirectoryError) as caught:
        read_directory(content, most_delegates=1)

    assert str(caught.value) == f"{ORGANIZATION} has 2 delegated administrators; at most 1 are allowed."
    assert read_directory(content, most_delegates=2).organizations[0].delegated_administrators == (OPS, DEV)


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"Roles": [{"Policies": [' + b'{"a": ' * 100_000])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(DirectoryError) as caught:
        read_directory(content)

    assert str(caught.value) == "The directory is not JSON."


@pytest.mark.parametrize(
    ("account", "nodes"),
    [
        (HUB, (ORGANIZATION,)),
        (OPS, (ORGANIZATION,)),
        (DEV, (APPS, ORGANIZATION)),
        (TEST, (NESTED, APPS, ORGANIZATION)),
        (LONER, None),
    ],
)
def test_an_account_stands_below_its_units_and_its_organization(account: str, nodes: tuple[str, ...] | None) -> None:
    place = Organizations(read(DOCUMENT)).place_of(account)

    assert (place.nodes if place else None) == nodes


@pytest.mark.parametrize(
    ("node", "accounts"),
    [(ORGANIZATION, [HUB, OPS, DEV, TEST]), (APPS, [DEV, TEST]), (NESTED, [TEST]), ("ou-root-nowhere00", [])],
)
def test_a_node_has_every_account_below_it(node: str, accounts: list[str]) -> None:
    assert Organizations(read(DOCUMENT)).accounts_below(node) == accounts


def test_the_management_account_and_its_delegates_administer() -> None:
    organization = read(DOCUMENT).organizations[0]

    assert [account for account in (HUB, OPS, DEV) if is_administrator(organization, account)] == [HUB, OPS]
