"""An operation with one step that waits for a callback, as the engine would leave it; no worker claims its format."""

from typing import Any

import sqlalchemy as sa

from manciple.app import Server
from manciple.store.callbacks import add_token
from manciple.store.database import Database
from manciple.store.tables.engine import EVENT, OPERATION, SIGNAL, STEP

NO_FORMAT = 9_999


class Waiting:
    """The step of one operation in the server's database."""

    def __init__(self, server: Server, account: str, name: str) -> None:
        self._database = Database(str(server.settings.database))
        self.id = f"rec-{account}-{name}"
        with self._database.write() as tx:
            tx.execute(sa.insert(OPERATION), _operation(self.id, account))
            tx.execute(sa.insert(STEP), _step(self.id))

    def open(self, token: str, epoch: int = 1) -> None:
        """Let a token speak for the step."""
        with self._database.write() as tx:
            add_token(tx, token, self.id, 1, epoch, 0)

    def end(self) -> None:
        """End the operation."""
        with self._database.write() as tx:
            tx.execute(sa.update(OPERATION).where(OPERATION.c.id == self.id).values(phase="done"))

    def signals(self) -> list[str]:
        """The statuses of the signals that are kept."""
        with self._database.read() as tx:
            return [row.status for row in tx.all(sa.select(SIGNAL).where(SIGNAL.c.operation_id == self.id))]

    def events(self) -> list[str]:
        """The statuses of the operation's events."""
        with self._database.read() as tx:
            return [row.status for row in tx.all(sa.select(EVENT).where(EVENT.c.operation_id == self.id))]

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()


def _operation(id: str, account: str) -> dict[str, Any]:
    return {
        "id": id,
        "account": account,
        "region": "eu-west-1",
        "kind": "provision",
        "target": "stack",
        "provisioned_product_id": "pp-1",
        "stack_id": "stack-1",
        "phase": "forward",
        "cancelled": False,
        "lease": 0,
        "epoch": 1,
        "claims": 0,
        "calls": 0,
        "not_before": None,
        "format": NO_FORMAT,
        "request_digest": "0" * 64,
        "created_time": 0,
        "updated_time": 0,
    }


def _step(operation_id: str) -> dict[str, Any]:
    return {
        "operation_id": operation_id,
        "number": 1,
        "phase": "forward",
        "path": "",
        "logical_id": "Handle",
        "verb": "create",
        "state": "started",
        "attempts": 1,
        "not_before": 0,
    }
