"""What was found where something is deployed to, when one asks before anyone launches."""

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a place said, or the problem that stands in the way."""

    where: str
    said: str
    problem: str | None = None
