"""Reading the audit: who changed what, when, from where, and how it ended."""

import msgspec
import sqlalchemy as sa

from manciple.catalog.audit import AuditEntry
from manciple.operations.call import Context, operation
from manciple.operations.identity import role_of
from manciple.store.audit import ENTRIES
from manciple.store.pages import Pager, Request
from manciple.store.tables.audit import AUDIT

MOST = 1000


class ListAuditInput(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the audit, newest first. `since` is included and `until` is not, in milliseconds since the epoch.

    `principal` is an IAM user's or role's ARN, or that of one session.
    """

    principal: str | None = None
    operation: str | None = None
    since: int | None = None
    until: int | None = None
    size: int = MOST
    page_token: str | None = None


class AuditView(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One call; the time is in seconds since the epoch."""

    time: float
    request_id: str
    principal: str
    session: str
    operation: str
    resources: dict[str, str]
    source_address: str
    user_agent: str
    outcome: str


class AuditPage(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Calls, newest first, and the token for the next ones if there are more."""

    entries: list[AuditView]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


@operation("manciple:ListAudit")
def list_audit(context: Context, input: ListAuditInput) -> AuditPage:
    """The calls of the caller's account and region that may have changed something, refused ones too."""
    scope = (*context.owner, "audit", input.principal, input.operation, input.since, input.until)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.size, input.page_token, scope),
        ENTRIES.select.where(*_conditions(context, input)),
        (AUDIT.c.time, AUDIT.c.request_id),
        descending=True,
    )
    entries = [_view(ENTRIES.of(row)) for row in page.items]
    return AuditPage(entries=entries, next_page_token=page.next_token or msgspec.UNSET)


def _conditions(context: Context, input: ListAuditInput) -> list[sa.ColumnElement[bool]]:
    conditions = [AUDIT.c.account == context.account, AUDIT.c.region == context.region]
    if input.principal is not None:
        role = role_of(input.principal)
        conditions.append(AUDIT.c.principal == role)
        if role != input.principal:
            conditions.append(AUDIT.c.session == input.principal)
    if input.operation is not None:
        conditions.append(AUDIT.c.operation == input.operation)
    if input.since is not None:
        conditions.append(AUDIT.c.time >= input.since)
    if input.until is not None:
        conditions.append(AUDIT.c.time < input.until)
    return conditions


def _view(entry: AuditEntry) -> AuditView:
    return AuditView(
        time=entry.time / 1000,
        request_id=entry.request_id,
        principal=entry.principal,
        session=entry.session,
        operation=entry.operation,
        resources=entry.resources,
        source_address=entry.source_address,
        user_agent=entry.user_agent,
        outcome=entry.outcome,
    )
