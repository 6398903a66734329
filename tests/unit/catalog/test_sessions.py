"""Who may assume a role, and what a session's names are."""

import pytest

from manciple.catalog.directory import Role
from manciple.catalog.sessions import session_arn, trust_in, unique_id, user_id

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Dev"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


def test_a_sessions_arn_has_no_path() -> None:
    assert session_arn(ROLE, "ann") == f"arn:aws:sts::{ACCOUNT}:assumed-role/Dev/ann"


@pytest.mark.parametrize(
    ("trusts", "found"),
    [
        ((), "no"),
        (("222222222222",), "no"),
        ((f"{ALICE}x",), "no"),
        ((ACCOUNT,), "by account"),
        ((f"arn:aws:iam::{ACCOUNT}:root",), "by account"),
        ((ALICE, ACCOUNT), "by name"),
        (("*",), "by name"),
    ],
)
def test_a_role_trusts_by_name_or_by_account(trusts: tuple[str, ...], found: str) -> None:
    assert trust_in(Role(arn=ROLE, trusts=trusts), {ALICE}, ACCOUNT, "aws") == found


def test_an_id_is_always_the_same_and_of_the_form_of_iams() -> None:
    assert unique_id("AROA", ROLE) == unique_id("AROA", ROLE) != unique_id("AROA", f"{ROLE}x")
    assert len(unique_id("AROA", ROLE)) == 21


@pytest.mark.parametrize(
    ("arn", "session", "found"),
    [
        (ALICE, ALICE, unique_id("AIDA", ALICE)),
        (ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/Dev/ann", f"{unique_id('AROA', ROLE)}:ann"),
        (f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT),
    ],
)
def test_a_user_id_is_the_users_the_sessions_or_the_accounts(arn: str, session: str, found: str) -> None:
    assert user_id(arn, session, ACCOUNT) == found
