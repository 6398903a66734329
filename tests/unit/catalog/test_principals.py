"""Which principals can be associated with a portfolio."""

import pytest

from manciple.catalog.entities import PrincipalType
from manciple.catalog.principals import check_principal
from manciple.errors import InvalidParametersException


@pytest.mark.parametrize(
    ("arn", "principal_type", "partition"),
    [
        ("arn:aws:iam::123456789012:role/Developer", "IAM", "aws"),
        ("arn:aws:iam::123456789012:user/team/ann", "IAM", "aws"),
        ("arn:aws:iam::123456789012:group/ops", "IAM", "aws"),
        ("arn:aws-cn:iam::123456789012:role/Developer", "IAM", "aws-cn"),
        ("arn:aws:iam:::role/Developer", "IAM_PATTERN", "aws"),
        ("arn:aws:iam:::role/team/*/Dev?", "IAM_PATTERN", "aws"),
        ("arn:aws-us-gov:iam:::user/*", "IAM_PATTERN", "aws-us-gov"),
    ],
)
def test_a_principal_of_its_types_form_is_taken(arn: str, principal_type: PrincipalType, partition: str) -> None:
    check_principal(arn, principal_type, partition)


@pytest.mark.parametrize(
    ("arn", "principal_type"),
    [
        ("", "IAM"),
        ("arn:aws:iam::123456789012:role/", "IAM"),
        ("arn:aws:iam::123456789012:role/team/", "IAM"),
        ("arn:aws:iam::123456789012:policy/Admin", "IAM"),
        ("arn:aws:iam::12345678901:role/Developer", "IAM"),
        ("arn:aws:iam::123456789012:role/Dev?", "IAM"),
        ("arn:aws:iam::123456789012:role/Dev\n", "IAM"),
        ("arn:aws-cn:iam::123456789012:role/Developer", "IAM"),
        ("arn:*:iam:::role/Developer", "IAM_PATTERN"),
        ("arn:aws:iam:::*/Developer", "IAM_PATTERN"),
        ("arn:aws:iam:::ro?e/Developer", "IAM_PATTERN"),
        ("arn:aws:iam::*:role/Developer", "IAM_PATTERN"),
        ("*", "IAM_PATTERN"),
    ],
)
def test_any_other_form_is_refused_in_awss_words(arn: str, principal_type: PrincipalType) -> None:
    with pytest.raises(InvalidParametersException) as refused:
        check_principal(arn, principal_type, "aws")

    assert refused.value.message == "Invalid input parameter(s)"
