"""The audit as JSON lines (`Accept: application/x-ndjson`): every entry that was asked for, whatever pages it takes."""

from concurrent.futures import Executor
from typing import Any

import msgspec

from manciple.operations.call import Caller
from manciple.operations.own.audit import ListAuditInput
from manciple.wire.calls import Calls
from manciple.wire.faults import REQUEST_ID
from manciple.wire.messages import Request, Send
from manciple.wire.threads import in_thread

CONTENT_TYPE = "application/x-ndjson"

_lines = msgspec.json.Encoder()


async def send_lines(
    calls: Calls, pool: Executor, caller: Caller, asked: ListAuditInput, request: Request, send: Send
) -> None:
    """Send every entry from where a page would begin. Raises what the first page raises, before anything is sent."""
    page: Any = await in_thread(pool, calls.call, "manciple:ListAudit", caller, asked, request.id)
    headers = [(REQUEST_ID, request.id.encode()), (b"Content-Type", CONTENT_TYPE.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while page.next_page_token is not msgspec.UNSET:
        await send({"type": "http.response.body", "body": _lines.encode_lines(page.entries), "more_body": True})
        asked = msgspec.structs.replace(asked, page_token=page.next_page_token)
        page = await in_thread(pool, calls.call, "manciple:ListAudit", caller, asked, request.id)
    await send({"type": "http.response.body", "body": _lines.encode_lines(page.entries)})
