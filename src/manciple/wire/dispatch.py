"""What the AWS protocols need of the layer below."""

from typing import Any, Protocol

import msgspec

from manciple.errors import ServiceError
from manciple.wire.messages import Request


class Dispatch(Protocol):
    """Finds out who calls, and carries an operation out for them. Called in a thread, so it may wait."""

    def identify(self, request: Request) -> Any:
        """Return the caller of a request whose body has come. Raises a ServiceError for a bad signature."""

    def call(self, operation: str, caller: Any, input: msgspec.Struct, request_id: str) -> msgspec.Struct:
        """Carry out the operation of that name and return its output. Raises a ServiceError."""

    def refused(self, operation: str, caller: Any, request_id: str, error: ServiceError) -> None:
        """Take note of a call whose input could not be read."""
