"""Who calls an operation."""

from dataclasses import dataclass

from manciple.catalog.ids import partition_of
from manciple.catalog.policy_decisions import Level, Permissions


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and where. `arn` is the IAM user or role (or root), `session_arn` the session's ARN if there is one.

    `matches_any_principal` is set for callers in open mode: any IAM principal of their account opens a launch path
    for them (contracts, section 2; differs from AWS on purpose). `permissions` are what their policies permit; None
    where no policy is asked (open mode). `level` is how much of the account's provisioned products, plans and records
    they may see and touch, as their policies say for the operation called. `is_session` is set for the temporary
    credentials of a role. `source_address` and `user_agent` say from
    where the request came.
    """

    account: str
    region: str
    arn: str
    session_arn: str
    permissions: Permissions | None = None
    is_operator: bool = False
    matches_any_principal: bool = False
    level: Level = "Account"
    is_session: bool = False
    source_address: str = ""
    user_agent: str = ""

    @property
    def partition(self) -> str:
        """The partition of the caller's region."""
        return partition_of(self.region)
