"""Where something happens: an account and region of some partition, and how to get there.

Stored without credentials; `engine/credentials.py` turns it into a session where a target or provider needs one.
"""

import msgspec

from manciple.catalog.ids import partition_of


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every call to a target or provider names its place. `endpoint` is None for the default one of the partition."""

    partition: str
    account: str
    region: str
    role_arn: str | None = None
    session_name: str | None = None
    endpoint: str | None = None


def place_of(account: str, region: str, role_arn: str | None = None, session_name: str | None = None) -> Place:
    """The place of an account and region, entered through a launch role if there is one."""
    return Place(
        partition=partition_of(region), account=account, region=region, role_arn=role_arn, session_name=session_name
    )
