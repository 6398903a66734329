"""Faults on demand: rows that make the sandbox fail or wait, for rehearsals and tests.

A fault is selected by logical id or by resource type, and by action. It lets the first `skip` calls pass and then
strikes `remaining` times, for ever if that is None. A fault without a delay whose error code is transient leaves no
trace in the ledger: the call may be tried again. With a delay the handler is in progress first, and then ends as it
would have ended: every later call under its token hears the same.
"""

from typing import Any

import msgspec
import sqlalchemy as sa

from manciple.engine.providers.provider import TRANSIENT, HandlerRequest
from manciple.store.database import Transaction
from manciple.store.tables.sandbox import SANDBOX_FAULT

_SELECT = sa.select(SANDBOX_FAULT)
_LIST = _SELECT.where(
    SANDBOX_FAULT.c.account == sa.bindparam("account"), SANDBOX_FAULT.c.region == sa.bindparam("region")
).order_by(SANDBOX_FAULT.c.selector, SANDBOX_FAULT.c.action)
_COUNT = (
    sa.update(SANDBOX_FAULT)
    .where(
        SANDBOX_FAULT.c.account == sa.bindparam("of_account"),
        SANDBOX_FAULT.c.region == sa.bindparam("of_region"),
        SANDBOX_FAULT.c.selector == sa.bindparam("of_selector"),
        SANDBOX_FAULT.c.action == sa.bindparam("of_action"),
    )
    .values(remaining=sa.bindparam("left"), skip=sa.bindparam("to_skip"))
)
_INSERT = sa.insert(SANDBOX_FAULT)
_CLEAR = sa.delete(SANDBOX_FAULT).where(
    SANDBOX_FAULT.c.account == sa.bindparam("of_account"), SANDBOX_FAULT.c.region == sa.bindparam("of_region")
)


class Fault(msgspec.Struct, kw_only=True):
    """One fault. `selector` is a logical id or a resource type; times are milliseconds."""

    selector: str
    action: str
    error_code: str | None = None
    message: str | None = None
    delay_ms: int = 0
    skip: int = 0
    remaining: int | None = None

    def strikes(self) -> bool:
        """Does the fault strike this call? Counts it."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True

    @property
    def is_transient(self) -> bool:
        """May the call be tried again?"""
        return self.error_code in TRANSIENT

    @property
    def error(self) -> tuple[str, str]:
        """The error's code and text."""
        code = self.error_code or "GeneralServiceException"
        return code, self.message or f"A fault was asked for: {code}"


class Faults:
    """The faults that a batch meets."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._struck: dict[tuple[str, str, str, str], Fault] = {}
        self._faults = {(row.account, row.region, row.selector, row.action): _fault(row) for row in tx.all(_SELECT)}

    def of(self, request: HandlerRequest) -> Fault | None:
        """The fault that strikes a request, if one does; counts it."""
        if not self._faults:
            return None
        for selector in (request.logical_id, request.type):
            key = (request.place.account, request.place.region, selector, request.action)
            fault = self._faults.get(key)
            if fault and fault.remaining != 0:
                self._struck[key] = fault
                return fault if fault.strikes() else None
        return None

    def write(self) -> None:
        """Write how often each fault can still strike."""
        for (account, region, selector, action), fault in self._struck.items():
            row = {"of_account": account, "of_region": region, "of_selector": selector, "of_action": action}
            self._tx.execute(_COUNT, row | {"left": fault.remaining, "to_skip": fault.skip})


def list_faults(tx: Transaction, account: str, region: str) -> list[Fault]:
    """The faults of a place, as often as each can still strike."""
    return [_fault(row) for row in tx.all(_LIST, account=account, region=region)]


def set_faults(tx: Transaction, account: str, region: str, faults: list[Fault]) -> None:
    """Make these the faults of a place, in place of those it had."""
    tx.execute(_CLEAR, {"of_account": account, "of_region": region})
    rows = [{"account": account, "region": region, **msgspec.structs.asdict(fault)} for fault in faults]
    if rows:
        tx.execute(_INSERT, rows)


def _fault(row: Any) -> Fault:
    return Fault(**{name: getattr(row, name) for name in Fault.__struct_fields__})
