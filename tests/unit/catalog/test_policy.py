"""Quotas."""

import pytest

from manciple.catalog.policy import check_quota
from manciple.errors import LimitExceededException


def test_there_is_room_below_the_limit() -> None:
    check_quota(99, 100, "portfolios")


@pytest.mark.parametrize("used", [100, 101])
def test_at_the_limit_there_is_no_room_and_the_message_says_of_what(used: int) -> None:
    with pytest.raises(LimitExceededException, match="portfolios: 100"):
        check_quota(used, 100, "portfolios")
