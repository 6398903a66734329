"""The access log: one line a request, of what was called, by whom, and how it went.

It names the operation and never the address: paths and queries may hold what opens something (a callback's token, a
presigned signature). The line's `request_id` is bound by the router.
"""

import structlog

from manciple.wire.health import operation_of
from manciple.wire.messages import Request

log = structlog.get_logger(__name__)


def log_access(request: Request, protocol: str, status: int, seconds: float) -> None:
    """Write the line of an answered request."""
    log.info(
        "request",
        protocol=protocol,
        operation=operation_of(request),
        account=request.account,
        status=status,
        milliseconds=round(seconds * 1000, 3),
    )
