"""POST to an endpoint that the operator has named: no redirect is followed, no proxy asked, nothing waited for long."""

import http.client
import urllib.error
import urllib.request
from typing import Any

SECONDS = 10.0


class Refused(Exception):
    """The endpoint does not want the request (a status from 300 to 499); sending it again changes nothing."""


class Unreachable(Exception):
    """The endpoint could not be reached, or is not well (a status from 500 on)."""


class Endpoint:
    """Sends JSON documents."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def post(self, url: str, body: bytes) -> None:
        """Send a document; what is answered, beside a status below 300, is not read. Raises Refused, Unreachable.

        The settings allow addresses of http and https only.
        """
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")  # noqa: S310
        try:
            with self._opener.open(request, timeout=self._seconds):
                return
        except urllib.error.HTTPError as error:
            error.close()
            kind = Refused if error.code < 500 else Unreachable
            raise kind(f"The endpoint of the custom resource answered {error.code}.") from error
        except (OSError, http.client.HTTPException) as error:
            name = type(error).__name__
            raise Unreachable(f"The endpoint of the custom resource cannot be reached: {name}.") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_given: Any) -> None:
        """Leave the answer as it is: an error."""
