"""Times on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manciple.api.timestamps import Timestamp


@pytest.mark.parametrize(
    ("milliseconds", "spelled"),
    [
        (1_536_221_931_782, "1.536221931782E9"),
        (1_536_051_613_000, "1.536051613E9"),
        (1_600_000_000_000, "1.6E9"),
        (2_000_000_000_000, "2.0E9"),
        (1_536_221_931_700, "1.5362219317E9"),
        (10_000_000_000, "1.0E7"),
        (9_999_999_999, "9999999.999"),
        (1, "0.001"),
        (0, "0.0"),
        (-1_536_221_931_782, "-1.536221931782E9"),
    ],
)
def test_a_time_is_spelled_as_java_spells_a_double(milliseconds: int, spelled: str) -> None:
    assert Timestamp(milliseconds).as_java_double() == spelled


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_the_spelling_reads_back_as_the_same_moment(milliseconds: int) -> None:
    moment = Timestamp(milliseconds)

    assert Timestamp.of_seconds(float(moment.as_java_double())) == moment


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_datetime_is_the_same_moment(milliseconds: int) -> None:
    moment = Timestamp(milliseconds)

    assert round(moment.as_datetime().timestamp() * 1000) == milliseconds


def test_times_are_ordered_and_usable_as_keys() -> None:
    early, late = Timestamp(1), Timestamp(2)

    assert sorted([late, early]) == [early, late]
    assert {Timestamp(1): "x"}[early] == "x"
    assert early != 1
