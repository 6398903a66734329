"""A stack that exists, as whoever wants to import it or to copy its template sees it."""

from typing import Any

import msgspec


class FoundStack(msgspec.Struct, frozen=True, kw_only=True):
    """A stack as it stands. `template` is the text it was last deployed from, None if nobody knows it any more.

    `parameters` are the values in force, without those that are hidden; `tags` its own tags; `outputs` as a record
    keeps them, the stack's ARN first; `provisioned_product_id` the product that it belongs to, or did before its
    resources were retained.
    """

    arn: str
    name: str
    status: str
    is_nested: bool
    template: bytes | None
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}
    outputs: tuple[dict[str, Any], ...] = ()
    provisioned_product_id: str | None = None


class StackAway(Exception):
    """A target cannot say now whether it has a stack; one sentence says why."""
