"""Who may launch: a principal opens a portfolio's paths by being associated with it, itself or through a pattern.

A pattern is an IAM ARN without an account in which `*` stands for any text and `?` for no or one character, after the
resource type only (service-catalog-api reference, 5.6). In open mode a caller counts as any principal of its account
(contracts, section 2).
"""

import re
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
    pattern = _compiled(association.principal_arn)
    return any(pattern.fullmatch(_without_account(arn, account)) for arn in candidates)


def _is_of(association: PrincipalAssociation, account: str) -> bool:
    return association.principal_type == "IAM_PATTERN" or association.principal_arn.split(":")[4:5] == [account]


def _without_account(arn: str, account: str) -> str:
    return arn.replace(f"::{account}:", ":::", 1)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(
        "".join({"*": ".*", "?": ".?"}.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern))
    )
