"""aws-chunked bodies, against the examples in the S3 API reference ("Signature calculations … chunked upload")."""

import pytest

from manciple.operations.own.object_errors import ObjectStoreError
from manciple.wire.aws_chunked import Decoder, Signatures, Signing
from manciple.wire.sigv4 import signing_key

KEY = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1", "s3")
SCOPE = "20130524/us-east-1/s3/aws4_request"
CONTENT = b"a" * (65536 + 1024)
SIGNED = (
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
)
TRAILED = (
    b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    + b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    + b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)
UNSIGNED = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"


def signed_decoder() -> Decoder:
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    return Decoder(Signatures(Signing(KEY, SCOPE, "20130524T000000Z", seed)))


def trailed_decoder() -> Decoder:
    seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    return Decoder(Signatures(Signing(KEY, SCOPE, "20130524T000000Z", seed)), has_signed_trailers=True)


def refusal_of(decoder: Decoder, body: bytes) -> str:
    with pytest.raises(ObjectStoreError) as caught:
        decode(decoder, body)
    return caught.value.code


def decode(decoder: Decoder, body: bytes) -> None:
    decoder.feed(body)
    decoder.finish()


def test_the_documented_signed_body_decodes() -> None:
    decoder = signed_decoder()

    content = decoder.feed(SIGNED)

    assert content == CONTENT
    assert decoder.finish() == {}


def test_the_documented_body_with_a_signed_trailer_decodes() -> None:
    decoder = trailed_decoder()

    content = decoder.feed(TRAILED)

    assert content == CONTENT
    assert decoder.finish() == {"x-amz-checksum-crc32c": "sOO8/Q=="}


def test_a_blank_line_before_the_trailers_as_some_sdks_send_it_is_accepted() -> None:
    decoder = trailed_decoder()
    decoder.feed(TRAILED.replace(b"\r\nx-amz-checksum", b"\r\n\r\nx-amz-checksum"))

    assert decoder.finish() == {"x-amz-checksum-crc32c": "sOO8/Q=="}


@pytest.mark.parametrize("cut", range(len(UNSIGNED) + 1))
def test_a_body_may_come_in_any_two_parts(cut: int) -> None:
    decoder = Decoder()

    content = decoder.feed(UNSIGNED[:cut]) + decoder.feed(UNSIGNED[cut:])

    assert content == b"hello world"
    assert decoder.finish() == {"x-amz-checksum-crc32": "DUoRhQ=="}


def test_an_altered_chunk_is_refused() -> None:
    assert refusal_of(signed_decoder(), SIGNED.replace(b"aaa\r\n400", b"aab\r\n400")) == "SignatureDoesNotMatch"


def test_a_chunk_without_its_signature_is_refused_where_chunks_are_signed() -> None:
    assert refusal_of(signed_decoder(), b"5\r\nhello\r\n0\r\n\r\n") == "SignatureDoesNotMatch"


def test_chunks_in_another_order_are_refused() -> None:
    first, second, end = SIGNED.partition(b"\r\n400;")
    swapped = b"400;" + end[: end.index(b"\r\n0;")] + b"\r\n" + first + b"\r\n0;" + SIGNED.partition(b"\r\n0;")[2]

    assert second
    assert refusal_of(signed_decoder(), swapped) == "SignatureDoesNotMatch"


def test_an_altered_trailer_is_refused() -> None:
    assert refusal_of(trailed_decoder(), TRAILED.replace(b"sOO8", b"sOO9")) == "SignatureDoesNotMatch"


def test_a_missing_trailer_signature_is_refused() -> None:
    unsigned = TRAILED[: TRAILED.index(b"x-amz-trailer-signature")] + b"\r\n"

    assert refusal_of(trailed_decoder(), unsigned) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5\r\nhel",
        b"5\r\nhello\r\n",
        b"5\r\nhello!!0\r\n\r\n",
        b"five\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"5;other=1\r\nhello\r\n0\r\n\r\n",
        b"1" * 5000,
        b"0\r\nno colon\r\n\r\n",
        b"0\r\n" + b"x:y\r\n" * 5000,
    ],
)
def test_what_is_no_chunked_body_is_refused(body: bytes) -> None:
    assert refusal_of(Decoder(), body) == "IncompleteBody"
