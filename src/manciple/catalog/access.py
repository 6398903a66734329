"""Who may launch: a principal opens a portfolio's paths by being associated with it, itself or through a pattern.

A pattern is an IAM ARN without an account in which `*` stands for any text and `?` for no or one character, after the
resource type only (service-catalog-api reference, 5.6). In open mode a caller counts as any principal of its account
(contracts, section 2).
"""

from collections.abc import Iterable
from functools import lru_cache

from manciple.catalog.entities import PrincipalAssociation


def opens_path(
    associations: Iterable[PrincipalAssociation], account: str, arns: Iterable[str], *, as_any_principal: bool = False
) -> bool:
    """Does one of a portfolio's principal associations let this caller in?

    `arns` are the caller's own ARN and, for a session, the ARN of the role it came from.
    """
    mine = set(arns)
    return any(
        matches(association, account, mine) or (as_any_principal and _is_of(association, account))
        for association in associations
    )


def matches(association: PrincipalAssociation, account: str, arns: Iterable[str]) -> bool:
    """Is one of these ARNs the associated principal, or matched by the associated pattern? Root never is."""
    candidates = [arn for arn in arns if not arn.endswith(":root")]
    if association.principal_type == "IAM":
        return association.principal_arn in candidates
    return any(_fits(association.principal_arn, _without_account(arn, account)) for arn in candidates)


def _is_of(association: PrincipalAssociation, account: str) -> bool:
    return association.principal_type == "IAM_PATTERN" or association.principal_arn.split(":")[4:5] == [account]


def _without_account(arn: str, account: str) -> str:
    return arn.replace(f"::{account}:", ":::", 1)


@lru_cache(maxsize=4096)
def _fits(pattern: str, arn: str) -> bool:
    """Does a pattern match the whole of an ARN?

    All places in the pattern that the text may have led to are kept at once, a bit each: no pattern makes this slow.
    """
    signs: dict[str, int] = {}
    for place, sign in enumerate(pattern):
        signs[sign] = signs.get(sign, 0) | 1 << place
    any_text, one_character = signs.pop("*", 0), signs.pop("?", 0)
    reached = _with_nothing(1, any_text | one_character)
    for sign in arn:
        passed = (reached & (signs.get(sign, 0) | one_character)) << 1
        reached = _with_nothing(passed | reached & any_text, any_text | one_character)
    return reached >> len(pattern) == 1


def _with_nothing(reached: int, wildcards: int) -> int:
    """The places, and those behind wildcards that stand for nothing."""
    while (more := reached | (reached & wildcards) << 1) != reached:
        reached = more
    return reached
