"""Does a role exist that a caller names for something to be done under?"""

from manciple.errors import InvalidParametersException
from manciple.operations.call import Context
from manciple.store.directories import find_directory


def role_exists(context: Context, arn: str) -> bool:
    """Of the caller's own account the roles in the directory do, in open mode every one (contracts, 2).

    Roles of other accounts cannot be passed on.
    """
    if not _is_own(context, arn):
        return False
    if context.runtime.settings.auth == "open":
        return True
    return any(role.arn == arn for role in find_directory(context.tx).directory.roles)


def demand_role(context: Context, arn: str) -> None:
    """Raise InvalidParametersException, with the words that clients look for (reference, appendix C)."""
    if not role_exists(context, arn):
        raise InvalidParametersException(f"The role {arn}: profile does not exist in account {context.account}.")


def demand_launch_role(context: Context, arn: str | None) -> None:
    """Likewise at a launch: a role that a LAUNCH constraint names alone must be there in the launching account too.

    One of another account is that of the owner of a shared portfolio, and was looked for when it was named.
    """
    if arn is not None and _is_own(context, arn):
        demand_role(context, arn)


def _is_own(context: Context, arn: str) -> bool:
    return arn.startswith(f"arn:{context.caller.partition}:iam::{context.account}:role/")
