"""The same request twice gives the same answer once.

A token belongs to (account, region, operation). It is claimed by inserting its row first, in the operation's own
transaction: a concurrent twin waits for that row (on SQLite for the write lock) and then finds the answer. Only
successes leave a row. The input is kept as an HMAC, the answer sealed; both for 24 hours. (Contracts, section 8.)
"""

from collections.abc import Callable
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.errors import InvalidParametersException
from manciple.store.database import Transaction
from manciple.store.sealed import Seal
from manciple.store.tables.catalog import IDEMPOTENCY

KEPT = 24 * 60 * 60 * 1000

_KEYS = ("account", "region", "operation", "token")
_IS_KEY = sa.and_(*(IDEMPOTENCY.c[name] == sa.bindparam(f"key_{name}") for name in _KEYS))
_FIND = sa.select(IDEMPOTENCY).where(_IS_KEY)
_FORGET = sa.delete(IDEMPOTENCY).where(_IS_KEY, IDEMPOTENCY.c.expires_at <= sa.bindparam("now"))
_ANSWER = sa.update(IDEMPOTENCY).where(_IS_KEY).values(response=sa.bindparam("answer"))
_CLAIM = {
    False: sqlite.insert(IDEMPOTENCY).on_conflict_do_nothing(),
    True: postgresql.insert(IDEMPOTENCY).on_conflict_do_nothing(),
}
_EXPIRED = sa.delete(IDEMPOTENCY).where(IDEMPOTENCY.c.expires_at <= sa.bindparam("now"))


def forget_expired(tx: Transaction, now: int) -> int:
    """Delete what is older than 24 hours; return how many."""
    return tx.execute(_EXPIRED, {"now": now}).rowcount


class Request:
    """One request under a token."""

    def __init__(
        self, key: dict[str, str], principal: str, input_digest: str, output: type[msgspec.Struct], seal: Seal
    ) -> None:
        self._key = key
        self._find = {f"key_{name}": value for name, value in key.items()}
        self._principal = principal
        self._input_digest = input_digest
        self._output = output
        self._seal = seal

    @classmethod
    def of(
        cls, name: str, account: str, region: str, principal: str, input: msgspec.Struct, seal: Seal
    ) -> "Request | None":
        """The request if the operation has a token member and the caller filled it, else None."""
        known = shapes.OPERATIONS.get(name)
        token = getattr(input, known.token) if known and known.token else None
        if known is None or known.token is None or token is None:
            return None
        content = {
            field: value
            for field, value in msgspec.structs.asdict(input).items()
            if value is not None and field not in (known.token, "accept_language")
        }
        key = {"account": account, "region": region, "operation": name, "token": token}
        return cls(key, principal, seal.digest(msgspec.json.encode(content, order="deterministic")), known.output, seal)

    def answered(self, tx: Transaction, now: int) -> msgspec.Struct | None:
        """The answer that this request got before, or None.

        Raises InvalidParametersException if the token came before with other input or from another principal.
        """
        row = tx.first(_FIND, **self._find)
        if row is None or row.expires_at <= now:
            return None
        if (row.input_digest, row.principal) != (self._input_digest, self._principal):
            raise InvalidParametersException(
                f"The token {self._key['token']} was used before by a request that differs from this one; "
                "use a new token."
            )
        kept = self._seal.open(row.response)
        return msgspec.json.decode(kept, type=self._output, dec_hook=_read_timestamp)

    def once(self, tx: Transaction, now: int, run: Callable[[], msgspec.Struct]) -> msgspec.Struct:
        """Answer from before, or run and keep the answer."""
        tx.execute(_FORGET, {**self._find, "now": now})
        if tx.execute(_CLAIM[tx.is_postgresql], self._claim(now)).rowcount == 0 and (answer := self.answered(tx, now)):
            return answer
        answer = run()
        sealed = self._seal.close(msgspec.json.encode(answer, enc_hook=_write_timestamp))
        tx.execute(_ANSWER, {**self._find, "answer": sealed})
        return answer

    def _claim(self, now: int) -> dict[str, Any]:
        return {
            **self._key,
            "principal": self._principal,
            "input_digest": self._input_digest,
            "response": b"",
            "expires_at": now + KEPT,
        }


def _write_timestamp(value: Any) -> Any:
    if isinstance(value, Timestamp):
        return value.milliseconds
    raise TypeError(f"An answer holds a {type(value).__name__}, which cannot be kept.")


def _read_timestamp(_kind: type, value: Any) -> Timestamp:
    return Timestamp(value)
