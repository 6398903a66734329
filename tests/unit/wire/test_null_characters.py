"""U+0000: no database keeps it, so no protocol lets it in."""

import json

import cbor2
import pytest

from manciple.api.shapes import OPERATIONS
from manciple.errors import ValidationException
from manciple.wire import aws_json, rpc_cbor

DESCRIBE = OPERATIONS["DescribePortfolio"]
CREATE = OPERATIONS["CreatePortfolio"]
INPUT = {"DisplayName": "a\0b", "ProviderName": "IT", "IdempotencyToken": "t"}


@pytest.mark.parametrize(
    ("decode", "body"),
    [(aws_json.decode, json.dumps(INPUT).encode()), (rpc_cbor.decode, cbor2.dumps(INPUT))],
    ids=["json", "cbor"],
)
def test_a_text_with_a_null_character_is_refused(decode: object, body: bytes) -> None:
    with pytest.raises(ValidationException, match=r"U\+0000"):
        decode(CREATE, body)  # type: ignore[operator]


def test_a_text_that_only_spells_the_escape_is_let_in() -> None:
    received = aws_json.decode(CREATE, json.dumps({**INPUT, "DisplayName": r"a\u0000b"}).encode())

    assert received.display_name == r"a\u0000b"  # type: ignore[attr-defined]
