"""Quotas: how much of everything a caller may have. The limits themselves are settings (AWS's are the defaults)."""

from manciple.errors import LimitExceededException


def check_quota(used: int, limit: int, what: str) -> None:
    """Raise LimitExceededException unless there is room for one more; `what` names what is counted, in the plural.

    Which operations answer so is modelled by AWS; its wording is not recorded, this one is ours.
    """
    if used >= limit:
        raise LimitExceededException(f"You have reached the maximum number of {what}: {limit}.")
