"""HTTP as it is, for what no SDK would send."""

import http.client
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from manciple.app import Server
from manciple.operations.own.keys import NewKey, create_key
from manciple.store.database import Database
from manciple.store.objects import Objects
from manciple.store.sealed import Seal, read_key

REGION = "eu-west-1"


class Answer(NamedTuple):
    """A response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return msgspec.json.decode(self.body)


def send(
    server: Server, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | None = b""
) -> Answer:
    """Send one request; headers replace those that would be sent, `Host` too."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    sent = {"Host": address.netloc, **(headers or {})}
    if body is not None and "Transfer-Encoding" not in sent:
        sent.setdefault("Content-Length", str(len(body)))
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


def issue_key(
    server: Server, account: str, *, is_operator: bool = False, arn: str | None = None, policy: str = "admin"
) -> NewKey:
    """A key of the server's, for a principal of an account (by default a user) under a policy."""
    seal = Seal(read_key(server.settings.secret_key_file, create=False))  # type: ignore[arg-type]
    database = Database(str(server.settings.database))
    principal = arn or f"arn:aws:iam::{account}:user/alice"
    key = create_key(database, Objects(seal), 0, account=account, arn=principal, policy=policy, is_operator=is_operator)
    database.close()
    return key


def signed(
    server: Server,
    key: NewKey,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    service: str = "servicecatalog",
    region: str = REGION,
) -> dict[str, str]:
    """The headers of a request, signed."""
    request = AWSRequest(method, server.url + target, dict(headers or {}), body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(key.access_key_id, key.secret_access_key), service, region).add_auth(request)
    return dict(request.headers.items())
