"""Checksums of bodies, against the check values that their catalogues publish."""

import pytest

from manciple.operations.own.object_checksums import ALGORITHMS

CHECKED = {
    "crc32": "cbf43926",
    "crc32c": "e3069283",
    "crc64nvme": "ae8b14860a799888",
    "sha1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
}


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("cut", range(10))
def test_the_check_value_comes_out_however_the_bytes_are_cut(name: str, cut: int) -> None:
    checksum = ALGORITHMS[name]()
    checksum.update(b"123456789"[:cut])
    checksum.update(b"123456789"[cut:])

    assert checksum.digest().hex() == CHECKED[name]
