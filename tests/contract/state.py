"""What is stored for some accounts, so that a test can tell whether anything of it changed."""

from collections.abc import Collection

import sqlalchemy as sa

from manciple.store.database import Transaction
from manciple.store.metadata import METADATA

APART = {"audit", "operation", "sandbox_ledger"}
"""Refused calls are audited; the other two belong to the driver, which claims and lets go as it likes."""

State = dict[str, list[str]]


def state_of(tx: Transaction, accounts: Collection[str]) -> State:
    """Every row of the accounts by table, audit apart."""
    tables = [table for table in METADATA.sorted_tables if "account" in table.c and table.name not in APART]
    return {
        table.name: sorted(str(tuple(row)) for row in tx.all(sa.select(table).where(table.c.account.in_(accounts))))
        for table in tables
    }


def changed(before: State, after: State) -> list[str]:
    """The tables whose rows differ."""
    return [name for name, rows in after.items() if before[name] != rows]
