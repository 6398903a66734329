"""Who may launch."""

from typing import Any

import pytest

from manciple.catalog.access import matches, opens_path
from manciple.catalog.entities import PrincipalAssociation

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Dev"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def association(arn: str, kind: Any = "IAM") -> PrincipalAssociation:
    return PrincipalAssociation(
        account=ACCOUNT, region="r", portfolio_id="port-1", principal_arn=arn, principal_type=kind, created_time=0
    )


def test_a_principal_is_let_in_by_its_own_arn_alone() -> None:
    assert matches(association(ROLE), ACCOUNT, [ROLE])
    assert not matches(association(ROLE), ACCOUNT, [ROLE + "2"])


def test_a_session_is_let_in_by_its_role() -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/Dev/ann"

    assert opens_path([association(ROLE)], ACCOUNT, [ROLE, session])


@pytest.mark.parametrize(
    ("pattern", "arn", "is_in"),
    [
        ("arn:aws:iam:::role/*", ROLE, True),
        ("arn:aws:iam:::role/D?v", ROLE, True),
        ("arn:aws:iam:::role/De?v", ROLE, True),
        ("arn:aws:iam:::role/D?", ROLE, False),
        ("arn:aws:iam:::role/D??", ROLE, True),
        ("arn:aws:iam:::role/Dev?*?", ROLE, True),
        ("arn:aws:iam:::role/*e*v", ROLE, True),
        ("arn:aws:iam:::role/*v*e", ROLE, False),
        ("arn:aws:iam:::role/?ev?s", ROLE, False),
        ("arn:aws:iam:::role/*", f"arn:aws:iam::{ACCOUNT}:role/path/Dev", True),
        ("arn:aws:iam:::user/*", ROLE, False),
        ("arn:aws:iam:::role/D.v", ROLE, False),
        ("arn:aws:iam:::role/*", "arn:aws:iam::999999999999:role/Dev", False),
        ("arn:aws-cn:iam:::role/*", ROLE, False),
    ],
)
def test_a_pattern_lets_in_what_it_matches_in_the_account(pattern: str, arn: str, is_in: bool) -> None:
    assert matches(association(pattern, "IAM_PATTERN"), ACCOUNT, [arn]) is is_in


@pytest.mark.parametrize("wildcards", ["*a" * 100, "?" * 400 + "*", "*?a?" * 50])
def test_no_pattern_makes_matching_slow(wildcards: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{'a' * 500}"

    assert not matches(association(f"arn:aws:iam:::role/{wildcards}b", "IAM_PATTERN"), ACCOUNT, [arn])


@pytest.mark.parametrize("kind", ["IAM", "IAM_PATTERN"])
def test_root_is_never_let_in_by_its_name(kind: str) -> None:
    assert not matches(association("arn:aws:iam:::*" if kind == "IAM_PATTERN" else ROOT, kind), ACCOUNT, [ROOT])


@pytest.mark.parametrize(
    ("found", "is_in"),
    [
        (association(ROLE), True),
        (association("arn:aws:iam:::user/bob", "IAM_PATTERN"), True),
        (association("arn:aws:iam::999999999999:role/Dev"), False),
    ],
)
def test_whoever_counts_as_any_principal_is_let_in_by_any_of_the_account(
    found: PrincipalAssociation, is_in: bool
) -> None:
    assert opens_path([found], ACCOUNT, [ROOT], as_any_principal=True) is is_in


def test_without_an_association_nobody_is_let_in() -> None:
    assert not opens_path([], ACCOUNT, [ROLE], as_any_principal=True)
