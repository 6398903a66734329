"""The sandbox's ledger: what was asked under each client token, and the answer given first."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from manciple.engine.providers.provider import HandlerRequest, ProgressEvent
from manciple.store.database import Transaction
from manciple.store.sealed import Seal
from manciple.store.tables.sandbox import SANDBOX_LEDGER

_SELECT = sa.select(SANDBOX_LEDGER.c.token, SANDBOX_LEDGER.c.request_digest, SANDBOX_LEDGER.c.answer).where(
    SANDBOX_LEDGER.c.token.in_(sa.bindparam("tokens", expanding=True))
)
_INSERT = sa.insert(SANDBOX_LEDGER)
_REPEAT = (
    sa.update(SANDBOX_LEDGER)
    .where(SANDBOX_LEDGER.c.token == sa.bindparam("used"))
    .values(calls=SANDBOX_LEDGER.c.calls + 1, answer=sa.bindparam("sealed"))
)


class Entry(msgspec.Struct):
    """What the ledger has under a token."""

    token: str
    request_digest: str
    answer: ProgressEvent


class Ledger:
    """The entries under the tokens of one batch."""

    def __init__(self, tx: Transaction, seal: Seal, tokens: Sequence[str]) -> None:
        self._tx = tx
        self._seal = seal
        self._entries: dict[str, Entry] = {}
        self._new: list[dict[str, object]] = []
        self._called: dict[str, Entry] = {}
        for start in range(0, len(tokens), 500):
            for row in tx.all(_SELECT, tokens=tokens[start : start + 500]):
                answer = msgspec.json.decode(seal.open(row.answer), type=ProgressEvent)
                self._entries[row.token] = Entry(row.token, row.request_digest, answer)

    def digest(self, request: HandlerRequest) -> str:
        """What makes two requests the same: all but how far the call is, what it waits for, what is secret.

        Members of a later version count only where they are used: an operation goes on across an upgrade.
        """
        content = msgspec.structs.replace(
            request,
            callback_context=None,
            callback_url="",
            signals=(),
            is_overdue=False,
            creation_policy=None,
            sensitive=(),
            previous_tags={},
        )
        return self._seal.digest(msgspec.json.encode(content, order="sorted"))

    def find(self, token: str) -> Entry | None:
        """The entry under a token."""
        return self._entries.get(token)

    def add(self, request: HandlerRequest, digest: str, answer: ProgressEvent) -> None:
        """Enter the first answer under a token."""
        self._entries[request.token] = Entry(request.token, digest, answer)
        self._new.append(
            {
                "token": request.token,
                "account": request.place.account,
                "region": request.place.region,
                "request_digest": digest,
                "action": request.action,
                "type": request.type,
                "physical_id": answer.physical_id,
                "answer": self._sealed(answer),
                "calls": 1,
            }
        )

    def repeat(self, entry: Entry) -> ProgressEvent:
        """The answer once more."""
        self._called[entry.token] = entry
        return entry.answer

    def change(self, entry: Entry, answer: ProgressEvent) -> None:
        """Enter how a handler that was in progress ended."""
        entry.answer = answer
        self._called[entry.token] = entry

    def write(self) -> None:
        """Write new entries, and count the calls of old ones."""
        if self._new:
            self._tx.execute(_INSERT, self._new)
        rows = [{"used": entry.token, "sealed": self._sealed(entry.answer)} for entry in self._called.values()]
        if rows:
            self._tx.execute(_REPEAT, rows)

    def _sealed(self, answer: ProgressEvent) -> bytes:
        return self._seal.close(msgspec.json.encode(answer))
