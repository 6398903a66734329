"""Requests that are whole and signed before the load begins: signing is the client's work, not the server's."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from bench.catalog import REGION, Credentials

TARGET = "AWS242ServiceCatalogService"


def signed_headers(url: str, credentials: Credentials, operation: str, body: bytes) -> dict[str, str]:
    """The headers of a request in AWS JSON 1.1, its signature among them; good for five minutes."""
    named = {
        "Host": url.removeprefix("http://"),
        "X-Amz-Target": f"{TARGET}.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "User-Agent": "Boto3/1.43 md/Botocore#1.43 ua/2.1 os/linux lang/python#3.11 Botocore/1.43",
        "Amz-Sdk-Invocation-Id": "6f2c1c5e-5f5e-4d0e-9d0c-0a4c7a3f1b1d",
        "Amz-Sdk-Request": "attempt=1",
    }
    request = AWSRequest("POST", f"{url}/", headers=named, data=body)
    keys = BotoCredentials(credentials.access_key_id, credentials.secret_access_key)
    SigV4Auth(keys, "servicecatalog", REGION).add_auth(request)
    return {**dict(request.headers.items()), "Content-Length": str(len(body))}


def raw_request(headers: dict[str, str], body: bytes) -> bytes:
    """The request as it goes over the connection."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST / HTTP/1.1\r\n{lines}\r\n".encode() + body
