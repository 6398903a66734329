"""Java's patterns in Python."""

import re
import sys
import unicodedata

import pytest

from manciple.api.model import full_match, text

TAG = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (r"^[a-zA-Z0-9_\-]*", "port-1_A"),
        (r"[a-zA-Z0-9][a-zA-Z0-9._-]*", "a.b"),
        (TAG, "équipe/中文 ٣:a@b_=+-"),
        (r"a.c", "a\u2027c"),
        (r"(^[0-9]{12}$)|(^o-[a-z0-9]{10,32}$)", "o-abcdefghij"),
        (r"\d{2}", "12"),
    ],
)
def test_a_value_that_the_whole_pattern_matches_is_found(pattern: str, value: str) -> None:
    assert re.search(full_match(pattern), value)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (r"^[a-zA-Z0-9_\-]*", "port 1"),
        (r"^[a-zA-Z0-9_\-]*", "port-1\n"),
        (r"^[0-9]{12}$", "123456789012\n"),
        (r"[a-zA-Z0-9][a-zA-Z0-9._-]*", ""),
        (r"a|bc", "abc"),
        (TAG, "a!b"),
        (TAG, "a\tb"),
        (r"a.c", "a\u2028c"),
        (r"\d{2}", "٣٣"),
    ],
)
def test_a_value_that_the_pattern_matches_in_part_or_not_at_all_is_not_found(pattern: str, value: str) -> None:
    assert not re.search(full_match(pattern), value)


def test_letters_numbers_and_separators_are_those_of_unicode() -> None:
    matches = re.compile(full_match(r"[\p{L}\p{Z}\p{N}_]")).search
    every = map(chr, range(sys.maxunicode + 1))

    wrong = [c for c in every if bool(matches(c)) != (unicodedata.category(c)[0] in "LZN" or c == "_")]

    assert wrong == []


def test_a_unicode_class_without_translation_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\\p\{M\}"):
        full_match(r"[\p{M}]")


def test_limits_keep_the_original_pattern_for_messages() -> None:
    limits = text(max_length=5, pattern=TAG)

    assert limits.extra == {"pattern": TAG, "sensitive": False}
