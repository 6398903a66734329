"""The sandbox behind a test's account: what its templates find there, and what fails there."""

from typing import Any

import msgspec

from manciple.app import Server
from manciple.engine.providers.faults import Fault, set_faults
from tests.contract.conftest import REGION
from tests.contract.raw import send
from tests.contract.requests import stored

FOR_EVER = 10_000_000
"""Milliseconds that no test lasts."""


def fail(server: Server, account: str, *faults: Fault) -> None:
    """Make these the faults of the account's sandbox, in place of those it had."""
    with stored(server) as tx:
        set_faults(tx, account, REGION, list(faults))


def hold(server: Server, account: str, logical_id: str, action: str = "create") -> None:
    """Let a handler never end, so that whatever waits for it stays under way."""
    fail(server, account, slow(logical_id, action))


def refuse(server: Server, account: str, logical_id: str, *actions: str) -> None:
    """Let a resource's handlers fail."""
    fail(server, account, *(broken(logical_id, action) for action in actions))


def slow(logical_id: str, action: str) -> Fault:
    """A handler that does its work and never ends."""
    return Fault(selector=logical_id, action=action, delay_ms=FOR_EVER)


def broken(logical_id: str, action: str, skip: int = 0) -> Fault:
    """A handler that fails for good, after it did its work some times."""
    message = f"no {action} today"
    return Fault(selector=logical_id, action=action, error_code="InvalidRequest", message=message, skip=skip)


def set_environment(server: Server, account: str, **document: dict[str, str]) -> None:
    """Replace the exports, parameters and secrets that templates find."""
    headers = {
        "X-Manciple-Account": account,
        "X-Manciple-Region": REGION,
        "Content-Type": "application/json",
    }
    answer = send(server, "PUT", "/_manciple/sandbox/environment", headers, msgspec.json.encode(document))
    assert answer.status == 200, answer.body


def own_json(server: Server, account: str, path: str) -> Any:
    """What our own API answers to a GET for an account."""
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": REGION}
    answer = send(server, "GET", f"/_manciple/{path}", headers)
    assert answer.status == 200, answer.body
    return answer.json
