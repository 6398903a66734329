"""The server that a command talks to: boto3 for AWS calls, requests signed with the same credentials for our own."""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from manciple.cli.refusal import Refusal
from manciple.settings import is_loopback

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse

DEFAULT_ENDPOINT = "http://127.0.0.1:4566"
DEFAULT_REGION = "us-east-1"

Endpoint = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help=f"The server's address; else AWS_ENDPOINT_URL_SERVICE_CATALOG, AWS_ENDPOINT_URL, {DEFAULT_ENDPOINT}.",
        show_default=False,
    ),
]

_ANYONE = "manciple"
"""A key's id and secret for a server in open mode."""
_CREDENTIAL_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_SILENCE = 60
"""Seconds without a byte after which a stream of events is opened again."""


class Connection:
    """A server's address and the credentials to call it with."""

    def __init__(self, session: Any, endpoint: str, s3_endpoint: str | None = None) -> None:
        self._session = session
        self.endpoint = endpoint.rstrip("/")
        self._s3_endpoint = s3_endpoint or self.endpoint
        self._region = session.region_name or DEFAULT_REGION

    @cached_property
    def service_catalog(self) -> Any:
        """boto3's client of Service Catalog."""
        return self._client("servicecatalog", self.endpoint)

    @cached_property
    def s3(self) -> Any:
        """boto3's client of the artifact store."""
        return self._client("s3", self._s3_endpoint)

    def read(self, path: str) -> Any:
        """GET a document of the server's own API."""
        return json.loads(self._get(path, {"Accept": "application/json"}).content)

    def lines(self, path: str) -> Iterator[str]:
        """GET a document of JSON lines, one after the other."""
        response = self._get(path, {"Accept": "application/x-ndjson"}, stream=True)
        for line in response.raw:
            yield line.decode().rstrip("\n")

    def stream(self, path: str, after: str | None = None) -> Iterator[Any]:
        """Read the server-sent events of a path, those after the event `after`, until the stream ends or breaks off."""
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
        response = self._get(path, headers, stream=True)
        with contextlib.suppress(HTTPError):
            for line in response.raw:
                if line.startswith(b"data:"):
                    yield json.loads(line.removeprefix(b"data:"))

    def _client(self, name: str, endpoint: str) -> Any:
        from botocore.config import Config

        settings = Config(proxies=self._proxies(endpoint), connect_timeout=5, s3={"addressing_style": "path"})
        return self._session.client(name, endpoint_url=endpoint, region_name=self._region, config=settings)

    def _get(self, path: str, headers: Mapping[str, str], *, stream: bool = False) -> "AWSResponse":
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.httpsession import URLLib3Session

        request = AWSRequest("GET", self.endpoint + path, headers=dict(headers), stream_output=stream)
        SigV4Auth(self._session.get_credentials(), "servicecatalog", self._region).add_auth(request)
        http = URLLib3Session(proxies=self._proxies(self.endpoint), timeout=_SILENCE)
        response = http.send(request.prepare())
        if response.status_code != 200:
            raise Refusal(_refusal_of(response))
        return response

    @staticmethod
    def _proxies(endpoint: str) -> dict[str, str] | None:
        """None: as the environment says; but what runs on this machine is never reached through a proxy."""
        return {} if is_loopback(urlsplit(endpoint).hostname or "") else None


def every(call: Callable[..., Any], member: str, **input: Any) -> Iterator[Any]:
    """Every item of a list operation, page after page."""
    answer = call(**input)
    yield from answer[member]
    while token := answer.get("NextPageToken"):
        answer = call(**input, PageToken=token)
        yield from answer[member]


def connect(endpoint: str | None, environ: Mapping[str, str] = os.environ) -> Connection:
    """Find the server and the credentials in the flag and the environment; without credentials, be anyone."""
    from boto3 import Session

    secret = None if any(variable in environ for variable in _CREDENTIAL_VARIABLES) else _ANYONE
    session = Session(secret, secret, region_name=environ.get("AWS_REGION"))
    common = environ.get("AWS_ENDPOINT_URL")
    ours = endpoint or environ.get("AWS_ENDPOINT_URL_SERVICE_CATALOG") or common or DEFAULT_ENDPOINT
    artifacts = endpoint or environ.get("AWS_ENDPOINT_URL_S3") or common or ours
    return Connection(session, _checked(ours), _checked(artifacts))


def _checked(endpoint: str) -> str:
    """An endpoint that can be one; raises Refusal for any other."""
    if not re.match(r"https?://[^/\s]", endpoint):
        raise Refusal(f"The endpoint {endpoint!r} is no address: it must begin with http:// or https://.")
    return endpoint


def connect_alone(endpoint: str) -> Connection:
    """Connect to a server of one's own, deaf to the user's AWS settings."""
    from boto3 import Session
    from botocore.session import Session as Botocore

    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = Session(_ANYONE, _ANYONE, region_name=DEFAULT_REGION, botocore_session=Botocore(session_vars=nothing))
    return Connection(session, endpoint)


def _refusal_of(response: "AWSResponse") -> str:
    try:
        answer = json.loads(response.content)
        return f"{answer['__type']}: {answer['Message']}"
    except (ValueError, KeyError, TypeError):
        return f"{response.url} answered HTTP {response.status_code}; is it a Manciple server?"
