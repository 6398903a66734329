"""Principals of portfolios."""

from typing import Any

import pytest

from tests.contract.requests import create_portfolio, refusal

ROLE = "arn:aws:iam::123456789012:role/Developer"
PATTERN = "arn:aws:iam:::role/Dev*"


@pytest.fixture
def portfolio_id(catalog: Any) -> str:
    return create_portfolio(catalog, is_open=False)


def associate(catalog: Any, portfolio_id: str, arn: str, principal_type: str = "IAM") -> None:
    catalog.associate_principal_with_portfolio(PortfolioId=portfolio_id, PrincipalARN=arn, PrincipalType=principal_type)


def principals(catalog: Any, portfolio_id: str) -> list[tuple[str, str]]:
    listed = catalog.list_principals_for_portfolio(PortfolioId=portfolio_id)["Principals"]
    return [(principal["PrincipalARN"], principal["PrincipalType"]) for principal in listed]


def test_a_principal_is_listed_once_however_often_it_is_associated(catalog: Any, portfolio_id: str) -> None:
    for _ in range(2):
        associate(catalog, portfolio_id, ROLE)

    assert principals(catalog, portfolio_id) == [(ROLE, "IAM")]


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:user/ann",
        "arn:aws:iam::123456789012:group/team/ops",
        "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123",
    ],
)
def test_users_groups_and_roles_with_paths_can_be_associated(catalog: Any, portfolio_id: str, arn: str) -> None:
    associate(catalog, portfolio_id, arn)

    assert principals(catalog, portfolio_id) == [(arn, "IAM")]


@pytest.mark.parametrize(
    ("arn", "principal_type"),
    [
        ("Developer", "IAM"),
        ("arn:aws:iam::123456789012:root", "IAM"),
        ("arn:aws:iam::123456789012:role/Dev*", "IAM"),
        ("arn:aws:iam:::role/Developer", "IAM"),
        ("arn:aws:sts::123456789012:assumed-role/Developer/session", "IAM"),
        ("arn:aws-cn:iam::123456789012:role/Developer", "IAM"),
        ("arn:aws:iam:::*/Developer", "IAM_PATTERN"),
        ("arn:aws:iam::123456789012:role/Dev*", "IAM_PATTERN"),
        ("arn:aws:iam:::role/", "IAM_PATTERN"),
    ],
)
def test_an_arn_of_another_form_than_its_type_asks_for_is_refused(
    catalog: Any, portfolio_id: str, arn: str, principal_type: str
) -> None:
    answer = refusal(lambda: associate(catalog, portfolio_id, arn, principal_type))

    assert answer == ("InvalidParametersException", "Invalid input parameter(s)")


@pytest.mark.parametrize(
    "arn", [PATTERN, "arn:aws:iam:::user/ann?", "arn:aws:iam:::role/*", "arn:aws:iam:::role/Exact"]
)
def test_a_pattern_may_have_wildcards_after_the_resource_type(catalog: Any, portfolio_id: str, arn: str) -> None:
    associate(catalog, portfolio_id, arn, "IAM_PATTERN")

    assert principals(catalog, portfolio_id) == [(arn, "IAM_PATTERN")]


def test_a_portfolio_has_ten_patterns_and_no_more(catalog: Any, portfolio_id: str) -> None:
    for number in range(10):
        associate(catalog, portfolio_id, f"arn:aws:iam:::role/{number}*", "IAM_PATTERN")

    code, message = refusal(lambda: associate(catalog, portfolio_id, PATTERN, "IAM_PATTERN"))
    associate(catalog, portfolio_id, ROLE)

    assert code == "LimitExceededException"
    assert "10" in message
    assert len(principals(catalog, portfolio_id)) == 11


def test_a_portfolio_has_a_hundred_principals_and_no_more(catalog: Any, portfolio_id: str) -> None:
    for number in range(100):
        associate(catalog, portfolio_id, f"{ROLE}{number:03}")

    code, message = refusal(lambda: associate(catalog, portfolio_id, ROLE))

    assert code == "LimitExceededException"
    assert "100" in message


def test_principals_are_listed_page_by_page(catalog: Any, portfolio_id: str) -> None:
    arns = [f"{ROLE}{number}" for number in range(5)]
    for arn in arns:
        associate(catalog, portfolio_id, arn)

    pages = list(
        catalog.get_paginator("list_principals_for_portfolio").paginate(
            PortfolioId=portfolio_id, PaginationConfig={"PageSize": 2}
        )
    )

    assert [len(page["Principals"]) for page in pages] == [2, 2, 1]
    assert [principal["PrincipalARN"] for page in pages for principal in page["Principals"]] == arns


def test_a_type_left_out_of_a_disassociation_means_iam(catalog: Any, portfolio_id: str) -> None:
    associate(catalog, portfolio_id, ROLE)
    associate(catalog, portfolio_id, PATTERN, "IAM_PATTERN")

    catalog.disassociate_principal_from_portfolio(PortfolioId=portfolio_id, PrincipalARN=ROLE)
    code, _ = refusal(
        lambda: catalog.disassociate_principal_from_portfolio(PortfolioId=portfolio_id, PrincipalARN=PATTERN)
    )

    assert code == "ResourceNotFoundException"
    assert principals(catalog, portfolio_id) == [(PATTERN, "IAM_PATTERN")]


def test_a_pattern_is_disassociated_under_its_own_type(catalog: Any, portfolio_id: str) -> None:
    associate(catalog, portfolio_id, PATTERN, "IAM_PATTERN")

    catalog.disassociate_principal_from_portfolio(
        PortfolioId=portfolio_id, PrincipalARN=PATTERN, PrincipalType="IAM_PATTERN"
    )

    assert principals(catalog, portfolio_id) == []


def test_an_unknown_portfolio_is_not_found(catalog: Any) -> None:
    unknown = "port-aaaaaaaaaaaaa"

    answers = [
        refusal(lambda: associate(catalog, unknown, ROLE)),
        refusal(lambda: catalog.disassociate_principal_from_portfolio(PortfolioId=unknown, PrincipalARN=ROLE)),
        refusal(lambda: catalog.list_principals_for_portfolio(PortfolioId=unknown)),
    ]

    assert answers == [("ResourceNotFoundException", f"Portfolio not found: {unknown}")] * 3
