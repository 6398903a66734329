"""The mailbox of an operation: addresses under which its steps can be called back, and what came for them.

An address is made from the step's client token with the installation's key, so that a step found after a crash has the
very same one, and only its hash is stored (contracts, section 5).
"""

import msgspec

from manciple.engine.providers.provider import Lifetime, Signal
from manciple.engine.rows import Step
from manciple.store.callbacks import add_token, bind_token, list_signals
from manciple.store.database import Database, Transaction
from manciple.store.objects import Objects

PATH = "/_manciple/callback/"

_TOKEN_DIGITS = 32  # 128 bits


class Mailbox:
    """The addresses and signals of one slice."""

    def __init__(self, database: Database, objects: Objects, public_url: str, operation_id: str) -> None:
        self._database = database
        self._objects = objects
        self._public_url = public_url.rstrip("/")
        self._operation_id = operation_id
        self._opened: list[tuple[str, int, bool]] = []
        self._bound: list[tuple[str, int]] = []
        self._signals: dict[int, tuple[Signal, ...]] = {}

    @property
    def is_dirty(self) -> bool:
        """Is there a binding that `read` could not see yet?"""
        return bool(self._bound)

    def open(self, step: Step, lifetime: Lifetime) -> str:
        """The address of a step, good until the step or the operation ends once the next write has made it known."""
        token = token_of(self._objects, step.token or "")
        self._opened.append((token, step.number, lifetime == "operation"))
        return f"{self._public_url}{PATH}{token}"

    def bind(self, step: Step, address: str) -> None:
        """Let an address speak for a step from the next write on; a text that is no address of ours is left alone."""
        before, _, token = address.rpartition(PATH)
        if before:
            self._bound.append((token, step.number))

    def signals(self, step: Step) -> tuple[Signal, ...]:
        """What came for a step, as of the last `read`."""
        return self._signals.get(step.number, ())

    def read(self) -> None:
        """Look at what came."""
        with self._database.read() as tx:
            rows = list_signals(tx, self._operation_id)
        found: dict[int, tuple[Signal, ...]] = {}
        for row in rows:
            body = msgspec.json.decode(self._objects.seal.open(row.data))
            signal = Signal(unique_id=row.unique_id, status=row.status, body=body)
            found[row.number] = (*found.get(row.number, ()), signal)
        self._signals = found

    def write(self, tx: Transaction, now: int) -> None:
        """Make the addresses known that were opened or bound since the last write."""
        for token, number, is_lasting in self._opened:
            add_token(tx, token, self._operation_id, number, 0, now, is_lasting=is_lasting)
        for token, number in self._bound:
            bind_token(tx, token, self._operation_id, number)
        self._opened, self._bound = [], []


def token_of(objects: Objects, step_token: str) -> str:
    """The callback token of a step's client token."""
    return objects.seal.digest(f"callback/{step_token}".encode())[:_TOKEN_DIGITS]
