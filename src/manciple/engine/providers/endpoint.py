"""POST to an endpoint that the operator has named: no redirect is followed, no proxy asked, nothing waited for long."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

SECONDS = 10.0
_NONE: Mapping[str, str] = {}


LONGEST_ANSWER = 65_536
"""So many bytes of an answer are read, if they are read at all."""


class Refused(Exception):
    """The endpoint does not want the request (a status from 300 to 499); sending it again changes nothing.

    `answer` is the beginning of what it said.
    """

    def __init__(self, message: str, answer: bytes = b"") -> None:
        super().__init__(message)
        self.answer = answer


class Unreachable(Exception):
    """The endpoint could not be reached, or is not well (a status from 500 on)."""


def address_of(endpoints: Mapping[str, str], name: str) -> str | None:
    """The address of the first pattern that a name matches."""
    return next((url for pattern, url in endpoints.items() if fnmatchcase(name, pattern)), None)


class Endpoint:
    """Sends JSON documents. `name` is what its refusals call it; `longest` is how much of an answer is read."""

    def __init__(
        self,
        seconds: float = SECONDS,
        name: str = "The endpoint of the custom resource",
        longest: int = LONGEST_ANSWER,
    ) -> None:
        self._seconds = seconds
        self._name = name
        self._longest = longest
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def post(self, url: str, body: bytes, headers: Mapping[str, str] = _NONE) -> None:
        """Send a document; what is answered, beside a status below 300, is not read. Raises Refused, Unreachable."""
        self._send(url, body, headers, longest=0)

    def ask(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Send a document and return the beginning of the answer. Raises Refused, Unreachable."""
        return self._send(url, body, headers, longest=self._longest)

    def _send(self, url: str, body: bytes, headers: Mapping[str, str], *, longest: int) -> bytes:
        """POST; the settings allow addresses of http and https only."""
        every = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(url, body, every, method="POST")  # noqa: S310 (http and https only)
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                return _beginning(answer, longest, time.monotonic() + self._seconds)
        except urllib.error.HTTPError as error:
            raise self._refusal(error, longest) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self._name} cannot be reached: {type(error).__name__}.") from error

    def _refusal(self, error: urllib.error.HTTPError, longest: int) -> Exception:
        said = b""
        with error, suppress(OSError, http.client.HTTPException):
            said = _beginning(error, longest, time.monotonic() + self._seconds)
        message = f"{self._name} answered {error.code}."
        return Refused(message, said) if error.code < 500 else Unreachable(message)


def _beginning(answer: Any, longest: int, end: float) -> bytes:
    """So many bytes of an answer. Raises TimeoutError if they trickle in for longer than the whole answer may take."""
    found = bytearray()
    while len(found) < longest and (part := answer.read1(longest - len(found))):
        found += part
        if time.monotonic() > end:
            raise TimeoutError
    return bytes(found)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_given: Any) -> None:
        """Leave the answer as it is: an error."""
