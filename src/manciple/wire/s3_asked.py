"""What a request asks of the artifact store, read: its address, its query, its body; and what is answered."""

from typing import Any, BinaryIO, NamedTuple, Protocol
from urllib.parse import parse_qsl

from manciple.operations.call import Caller
from manciple.operations.own.object_conditions import Conditions
from manciple.operations.own.object_errors import ObjectStoreError
from manciple.wire.messages import Request
from manciple.wire.s3_address import Address
from manciple.wire.s3_body import Upload

Headers = dict[str, str]


class Asked(NamedTuple):
    """A request whose caller is known and whose body has come."""

    request: Request
    caller: Caller
    address: Address
    query: dict[str, str]
    upload: Upload

    @property
    def conditions(self) -> Conditions:
        """The conditional headers."""
        get = self.request.headers.get
        return Conditions(
            if_match=get("if-match"),
            if_none_match=get("if-none-match"),
            if_modified_since=get("if-modified-since"),
            if_unmodified_since=get("if-unmodified-since"),
        )


class Answer(NamedTuple):
    """What is answered: a document, or an object's bytes from a file (which sending closes)."""

    status: int
    headers: Headers
    body: bytes | BinaryIO = b""


class Call(Protocol):
    """Carries out an operation for whoever asked."""

    def call(self, name: str, asked: Asked, input: Any) -> Any:
        """The operation's output. Raises a ServiceError."""


def read_query(request: Request) -> dict[str, str]:
    """The query's parameters. Raises InvalidURI."""
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise ObjectStoreError("InvalidURI") from error
    if any("\0" in value for _, value in pairs):
        raise ObjectStoreError("InvalidURI")
    return dict(pairs)


def read_number(query: dict[str, str], name: str, spelled: str, default: int) -> int:
    """A number in the query, named as S3's refusals spell it. Raises InvalidArgument."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or int(text[:20]) > 2**31 - 1:
        raise ObjectStoreError(
            "InvalidArgument",
            f"Argument {spelled} must be an integer between 0 and 2147483647",
            ArgumentName=spelled,
            ArgumentValue=text[:100],
        )
    return int(text)


def checksum_headers(checksums: dict[str, str]) -> Headers:
    """The headers that tell an object's checksums; one that was made of its parts' ends with their number."""
    kind = "COMPOSITE" if any("-" in value for value in checksums.values()) else "FULL_OBJECT"
    named = {f"x-amz-checksum-{name}": value for name, value in checksums.items()}
    return named | {"x-amz-checksum-type": kind} if named else {}
