"""Macros of templates: the function of one is an HTTP endpoint that the operator maps to its name, and nothing else.

The event goes there by POST, the answer is the function's response document (`template/transforms/macro.py`).
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from manciple.engine.providers.endpoint import Endpoint, Refused, Unreachable, address_of
from manciple.template.evaluation import Need
from manciple.template.transforms.macro import KIND
from manciple.template.values import Value

LONGEST_ANSWER = 6 * 1024**2
"""Bytes (AWS Lambda's quota for a response)."""

Ask: TypeAlias = Callable[[str, bytes, Mapping[str, str]], bytes]


class Macros:
    """The functions of macros, by patterns of their names, with or without an account."""

    def __init__(self, endpoints: Mapping[str, str], ask: Ask | None = None) -> None:
        self._endpoints = endpoints
        self._ask = ask or Endpoint(name="The endpoint of the macro", longest=LONGEST_ANSWER).ask

    def answers(self, needs: Iterable[Need]) -> dict[Need, Value | None]:
        """What the functions answer, as text; None for a macro that has none."""
        return {need: self._answer(json.loads(need.key)) for need in needs if need.kind == KIND}

    def _answer(self, event: dict[str, Value]) -> str | None:
        identity = str(event["transformId"])
        url = address_of(self._endpoints, identity) or address_of(self._endpoints, identity.rpartition("::")[2])
        if url is None:
            return None
        body = json.dumps(event | {"requestId": str(uuid.uuid4())}).encode()
        try:
            return self._ask(url, body, {}).decode(errors="replace")
        except (Refused, Unreachable) as error:
            return json.dumps({"status": "failure", "errorMessage": str(error)})
