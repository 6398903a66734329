"""What in the artifact store a request is for: path style and `<bucket>.localhost` style."""

from typing import NamedTuple
from urllib.parse import unquote

from manciple.operations.own.object_errors import ObjectStoreError
from manciple.wire.guard import LOCAL_NAME, host_name
from manciple.wire.messages import Request


class Address(NamedTuple):
    """What a request is for: a bucket, an object in it, or (with neither) the store itself."""

    bucket: str
    key: str


def find_address(request: Request) -> Address:
    """The bucket and the key that a request is for. Raises InvalidURI."""
    path = request.raw_path.removeprefix("/")
    name = host_name(request.headers.get("host", ""))
    if name.endswith(f".{LOCAL_NAME}"):
        return Address(name.removesuffix(f".{LOCAL_NAME}"), _unquoted(path))
    bucket, _, key = path.partition("/")
    return Address(_unquoted(bucket), _unquoted(key))


def _unquoted(text: str) -> str:
    try:
        name = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise ObjectStoreError("InvalidURI") from error
    if "\0" in name:
        raise ObjectStoreError("InvalidURI")
    return name
